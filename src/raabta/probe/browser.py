"""A TLS handshake opened with a browser's ClientHello, made by curl with that browser's library (curl_cffi).

curl has sockets of its own, so that this step alone does not go through the ``Network`` seam, and its bytes are not in
hand: only the outcome is known. It runs in a thread, which curl's own deadline ends.
"""

import asyncio
from typing import Final

from curl_cffi import Curl, CurlError, CurlInfo, CurlOpt
from curl_cffi.requests.impersonate import DEFAULT_CHROME

from raabta.probe.failures import EOF, TIMEOUT, TLS_ALERT, failure_of

_CONNECT_FAILED: Final = 7
_TIMED_OUT: Final = 28
_HANDSHAKE_FAILED: Final = 35
"""libcurl-errors(3)."""
_GRACE_S: Final = 1.0
"""How much later than curl itself we give up."""


async def shake(address: str, port: int, *, name: str, timeout_s: float) -> str | None:
    """Connect and shake hands as a browser does; nothing is asked, and the certificate is not judged.

    Returns:
        A df-007 string, None where the handshake was completed.
    """
    try:
        async with asyncio.timeout(timeout_s + _GRACE_S):
            return await asyncio.to_thread(_shake, address, port, name, timeout_s)
    except TimeoutError:
        return TIMEOUT


def _shake(address: str, port: int, name: str, timeout_s: float) -> str | None:
    curl = Curl()
    target = f"[{address}]" if ":" in address else address
    try:
        if curl.impersonate(DEFAULT_CHROME, default_headers=False):
            # It would go on with a hello of its own, and nobody would notice.
            raise RuntimeError(f"curl_cffi does not know its own browser {DEFAULT_CHROME}")
        curl.setopt(CurlOpt.URL, f"https://{name}:{port}/".encode())
        curl.setopt(CurlOpt.RESOLVE, [f"{name}:{port}:{target}"])
        curl.setopt(CurlOpt.CONNECT_ONLY, 1)
        curl.setopt(CurlOpt.PROXY, b"")  # none, whatever the environment says
        curl.setopt(CurlOpt.SSL_VERIFYPEER, 0)
        curl.setopt(CurlOpt.SSL_VERIFYHOST, 0)
        curl.setopt(CurlOpt.TIMEOUT_MS, int(timeout_s * 1000))
        curl.setopt(CurlOpt.NOSIGNAL, 1)
        curl.perform()
    except CurlError as error:
        return _failure(error.code, str(error), errno=_errno(curl))
    finally:
        curl.close()
    return None


def _failure(code: int, words: str, *, errno: int) -> str:
    if code == _TIMED_OUT:
        return TIMEOUT
    if code in {_CONNECT_FAILED, _HANDSHAKE_FAILED} and errno:
        return failure_of(OSError(errno, "browser"), operation="tls_handshake")
    if code == _HANDSHAKE_FAILED:
        # curl has one code for all ends of a handshake: these are its words for an end without an alert.
        return EOF if "closed abruptly" in words or "SYSCALL" in words else TLS_ALERT
    return f"unknown_failure: tls_handshake: curl error {code}"


def _errno(curl: Curl) -> int:
    number = curl.getinfo(CurlInfo.OS_ERRNO)
    return number if isinstance(number, int) else 0
