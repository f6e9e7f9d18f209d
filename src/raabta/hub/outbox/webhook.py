"""Calls of webhooks: to the address that was judged, once, with an end.

A URL is somebody else's text, and its name may lead anywhere: to this machine, into this house's network, to a cloud's
metadata service. So the name is resolved once, its addresses are judged (``reference.guard``), and the connection goes
to one that passed: no second lookup can put another in its place. TLS checks the certificate for the name. Redirects
are not followed. https only; URLs with a bare address in one of the settings' ``allow_networks`` may use http and any
port, and a *name* never leads there, since strangers choose names.

What the receiver says beyond its status is not read. Its name server is asked by the system's resolver, whose own
deadline holds.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import urllib3.connection
import urllib3.exceptions

from raabta.hub.outbox.deadline import Watch
from raabta.pipeline.informing.settings import Webhooks
from raabta.publish.message import Call
from raabta.reference.guard import Guard, Refusal
from raabta.reference.special import SpecialRanges
from raabta.registry.outbox.outcome import SENT, Outcome

PORTS: Final = frozenset({443, 8443})
GONE: Final = 410
"""Standard Webhooks: the receiver wants no more calls."""

Resolve = Callable[[str, int], list[str]]


class _Target(NamedTuple):
    """Where a call goes: the very address, and the name that TLS checks and the Host field says."""

    address: str
    port: int
    host: str
    is_tls: bool
    path: str
    field: str


def resolve_by_system(host: str, port: int) -> list[str]:
    """Give a name's addresses, as the system resolves it.

    Raises:
        OSError: It cannot be resolved.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class WebhookCarrier:
    """Calls webhooks; threads may share it."""

    def __init__(
        self, settings: Webhooks, *, ca_file: Path | None = None, resolve: Resolve = resolve_by_system
    ) -> None:
        self._deadline_s = settings.deadline_s
        self._ours = [ipaddress.ip_network(network) for network in settings.allow_networks]
        self._guard = Guard(SpecialRanges(), ports=PORTS)
        self._resolve = resolve
        self._context = ssl.create_default_context(cafile=ca_file)
        self._watch = Watch()

    def send(self, call: Call) -> Outcome:
        """Make one call, and say what came of it."""
        try:
            target = self._judge(call.url)
        except OSError:
            return Outcome(kind="later", failure="the receiver's name cannot be resolved", place_down=True)
        if isinstance(target, Outcome):
            return target
        return self._call(target, call)

    def close(self) -> None:
        """Let go of what watches the calls."""
        self._watch.close()

    def _judge(self, url: str) -> _Target | Outcome:
        """Say where a URL leads, or why it is not called."""
        split = urlsplit(url)
        path = (split.path or "/") + (f"?{split.query}" if split.query else "")
        if self._is_ours(split.hostname or "") and split.scheme in ("http", "https") and "@" not in split.netloc:
            is_tls = split.scheme == "https"
            port = split.port or (443 if is_tls else 80)
            return _Target(split.hostname or "", port, split.hostname or "", is_tls, path, split.netloc)
        place = self._guard.read_url(url)
        if isinstance(place, Refusal) or place.scheme != "https":
            return _refused(place.reason if isinstance(place, Refusal) else "scheme")
        addresses = [place.host] if place.is_address else self._resolve(place.host, place.port)
        reasons = {address: self._guard.refuse_address(address) for address in addresses}
        passed = [address for address, reason in reasons.items() if reason is None]
        if not passed:
            return _refused(next(filter(None, reasons.values()), "no address"))
        split = urlsplit(place.url)
        path = (split.path or "/") + (f"?{split.query}" if split.query else "")
        return _Target(passed[0], place.port, place.host, is_tls=True, path=path, field=split.netloc)

    def _is_ours(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._ours)

    def _call(self, target: _Target, call: Call) -> Outcome:
        connection = self._connection(target)
        with self._watch.cut_after(self._deadline_s, lambda: connection.sock):
            try:
                connection.connect()
            except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
                connection.close()
                return Outcome(kind="later", failure=f"no connection ({_why(error)})", place_down=True)
            try:
                headers = {**call.headers, "Host": target.field}
                connection.request("POST", target.path, body=call.body, headers=headers, preload_content=False)
                response = connection.getresponse()
                return _of_status(response.status, response.headers.get("Retry-After", ""))
            except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
                failure = f"no whole answer ({_why(error)})"
                return Outcome(kind="later", failure=failure, uncertain=True, place_down=True)
            finally:
                connection.close()

    def _connection(self, target: _Target) -> urllib3.connection.HTTPConnection:
        if not target.is_tls:
            return urllib3.connection.HTTPConnection(target.address, target.port, timeout=self._deadline_s)
        return urllib3.connection.HTTPSConnection(
            target.address,
            target.port,
            timeout=self._deadline_s,
            ssl_context=self._context,
            server_hostname=target.host,
        )


def _of_status(status: int, retry_after: str) -> Outcome:
    failure = f"the receiver answered {status}"
    if 200 <= status < 300:
        return SENT
    if status == GONE:
        return Outcome(kind="never", failure=failure, bounce="hard")
    if 300 <= status < 400:
        failure += ": redirects are not followed"
    # What answers 5xx may have taken the message, or stands before somebody who did.
    wait_s = int(retry_after) if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 8 else 0
    return Outcome(kind="later", failure=failure, uncertain=status >= 500, retry_after_s=wait_s, bounce="soft")


def _refused(reason: str) -> Outcome:
    """Say that a URL is not called. Later, not never: its name may lead elsewhere tomorrow."""
    return Outcome(kind="later", failure=f"not called: its address is refused ({reason})", bounce="soft")


def _why(error: Exception) -> str:
    inner = error.__cause__ or error.__context__
    shown = inner if isinstance(error, urllib3.exceptions.HTTPError) and inner is not None else error
    return type(shown).__name__
