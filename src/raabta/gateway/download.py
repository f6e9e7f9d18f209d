"""Downloads with a bound on everything: the seam that python-tuf's updater asks for files.

Each file's size is bounded by the updater (``max_length``), the header by h11 (16 KiB), each wait by ``IDLE_S``, and
all downloads of one pull together by a deadline, so that a server which drips bytes is given up. One connection per
file, no redirect, no compression, no proxy: a mirror is a plain folder on an HTTPS server, or on this machine.

TLS keeps others from reading the list on its way. That it is the right list does not rest on it: TUF says that.

Not done: the system's resolver has limits of its own (resolv.conf, ``timeout``), which no deadline here can shorten.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import h11
from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError
from tuf.ngclient.fetcher import FetcherInterface

IDLE_S: Final = 15.0
"""Longest wait for the next bytes. A live mirror answers in less; unvalidated."""
CONNECT_S: Final = 5.0
"""For one address, so that a dead one of several does not use up the pull. Unvalidated."""
_CHUNK_BYTES: Final = 65_536


class BoundedFetcher(FetcherInterface):
    """Reads ``https://`` and ``file://``. Made anew for each pull: its deadline runs from then on.

    Args:
        deadline_s: For all that it reads.
        ca_file: Authorities (PEM), "" for the system's.
        token: Bearer token for the server, "" for none.
        clock: Monotonic seconds.
    """

    def __init__(
        self, *, deadline_s: float, ca_file: str = "", token: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._ends_at = clock() + deadline_s
        self._token = token
        self._ca_file = ca_file

    def _fetch(self, url: str) -> Iterator[bytes]:  # type: ignore[explicit-override]  # Python 3.11 cannot say it
        parts = urlsplit(url)
        match parts.scheme:
            case "file":
                return self._file(Path(unquote(parts.path)))
            case "https":
                return self._https(parts)
            case _:
                message = f"{parts.scheme}:// is not read. Write https:// or file:// in front of the source."
                raise DownloadError(message)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file or None)

    def _file(self, path: Path) -> Iterator[bytes]:
        if not path.is_file():
            message = f"{path}: no such file"
            raise DownloadHTTPError(message, HTTPStatus.NOT_FOUND)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                self._left_s()
                yield chunk

    def _https(self, parts: SplitResult) -> Iterator[bytes]:
        host, port = parts.hostname or "", parts.port or 443
        try:
            with ExitStack() as lines:
                line = lines.enter_context(self._tls.wrap_socket(self._connect(host, port), server_hostname=host))
                request = self._request(parts)
                connection = h11.Connection(our_role=h11.CLIENT)
                self._wait(line)
                line.sendall((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
                yield from self._body(line, connection)
        except TimeoutError as error:
            message = f"{host} did not go on sending"
            raise SlowRetrievalError(message) from error
        except h11.ProtocolError as error:
            message = f"{host} does not speak HTTP/1.1: {error}"
            raise DownloadError(message) from error
        except ssl.SSLCertVerificationError as error:
            message = f"the certificate of {host} is not accepted: {error.verify_message}"
            raise DownloadError(message) from error
        except OSError as error:
            message = f"{host} port {port}: {error.strerror or error}"
            raise DownloadError(message) from error

    def _connect(self, host: str, port: int) -> socket.socket:
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            line = socket.socket(family, kind, protocol)
            line.settimeout(min(CONNECT_S, self._left_s()))
            try:
                line.connect(address)
            except OSError as error:
                line.close()
                failure = error
            else:
                self._wait(line)
                return line
        raise failure

    def _request(self, parts: SplitResult) -> h11.Request:
        headers = [("Host", parts.netloc.rpartition("@")[2]), ("Connection", "close"), ("User-Agent", "raabta-gateway")]
        if self._token:
            headers.append(("Authorization", f"Bearer {self._token}"))
        return h11.Request(method="GET", target=parts.path or "/", headers=headers)

    def _body(self, line: ssl.SSLSocket, connection: h11.Connection) -> Iterator[bytes]:
        while True:
            event = connection.next_event()
            match event:
                case h11.Response(status_code=status) if status != HTTPStatus.OK:
                    message = f"the server answered with status {status}"
                    raise DownloadHTTPError(message, status)
                case h11.Data(data=data):
                    yield bytes(data)
                case h11.EndOfMessage():
                    return
                case h11.NEED_DATA:
                    self._wait(line)
                    connection.receive_data(line.recv(_CHUNK_BYTES))
                case _:
                    pass  # the header of a good answer, or an interim one

    def _wait(self, line: socket.socket) -> None:
        line.settimeout(min(IDLE_S, self._left_s()))

    def _left_s(self) -> float:
        left_s = self._ends_at - self._clock()
        if left_s <= 0:
            message = "the deadline of the pull is over"
            raise SlowRetrievalError(message)
        return left_s
