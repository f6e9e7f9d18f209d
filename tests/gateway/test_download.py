"""Real TLS on the loopback: bounds on size and time, and what a server may not do."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError, SlowRetrievalError

from raabta.gateway.download import BoundedFetcher
from raabta.lab.servers.authority import Authority
from tests.cases.publisher import Gateway, Publisher, a_list

LIMIT_S = 20.0

Answer = Callable[[str, ssl.SSLSocket], None]
"""What a server does with a request for this path."""


class Server:
    """Serves each connection in a thread, as ``answer`` says, until it is closed."""

    def __init__(self, authority: Authority, answer: Answer) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.chain(["127.0.0.1"]))
        self._context = context
        self._answer = answer
        self._line = socket.create_server(("127.0.0.1", 0))
        self.requests: list[str] = []
        self.url = f"https://127.0.0.1:{self._line.getsockname()[1]}"
        self.closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self.closing.set()
        self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        for thread in self._threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                line, _ = self._line.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(line,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, line: socket.socket) -> None:
        try:
            with line, self._context.wrap_socket(line, server_side=True) as secure:
                request = secure.recv(4096).decode()
                self.requests.append(request)
                self._answer(request.split(" ")[1], secure)
        except OSError:
            return  # the client went away, as it may


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    made = Authority(folder, now_at=dt.datetime.now(dt.UTC))
    (folder / "trust.pem").write_text(made.trust_pem)
    return made


@pytest.fixture
def serve(authority: Authority) -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def start(answer: Answer) -> Server:
        servers.append(Server(authority, answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def fetcher(authority: Authority) -> BoundedFetcher:
    return BoundedFetcher(deadline_s=LIMIT_S, ca_file=str(authority.folder / "trust.pem"), token="s3cret")


def head(status: str = "200 OK", *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def files_of(folder: Path) -> Answer:
    def answer(path: str, line: ssl.SSLSocket) -> None:
        file = folder / path.lstrip("/")
        if not file.is_file():
            line.sendall(head("404 Not Found", "Content-Length: 0"))
            return
        raw = file.read_bytes()
        line.sendall(head("200 OK", f"Content-Length: {len(raw)}") + raw)

    return answer


def test_a_repository_is_pulled_over_https(
    tmp_path: Path, serve: Callable[[Answer], Server], authority: Authority
) -> None:
    publisher = Publisher(tmp_path / "repository")
    root = publisher.root()
    publisher.publish(a_list(1))
    server = serve(files_of(tmp_path / "repository"))
    gateway = Gateway(
        tmp_path / "state",
        publisher.folder,
        root,
        url=f"{server.url}/north",
        ca_file=str(authority.folder / "trust.pem"),
        token="s3cret",
    )
    assert gateway.pull().list == a_list(1)
    assert all("Authorization: Bearer s3cret" in request for request in server.requests)


def test_a_server_with_another_authoritys_certificate_is_not_asked(
    tmp_path: Path, serve: Callable[[Answer], Server]
) -> None:
    publisher = Publisher(tmp_path / "repository")
    root = publisher.root()
    server = serve(files_of(tmp_path / "repository"))
    gateway = Gateway(tmp_path / "state", publisher.folder, root, url=f"{server.url}/north")
    with pytest.raises(OSError, match=r"the certificate of 127\.0\.0\.1 is not accepted"):
        gateway.pull()
    assert server.requests == []


def test_endless_data_is_given_up_at_its_bound(serve: Callable[[Answer], Server], fetcher: BoundedFetcher) -> None:
    sent = []

    def answer(_path: str, line: ssl.SSLSocket) -> None:
        line.sendall(head("200 OK"))
        while True:
            line.sendall(b"x" * 65_536)
            sent.append(65_536)

    server = serve(answer)
    with pytest.raises(DownloadLengthMismatchError):
        fetcher.download_bytes(f"{server.url}/timestamp.json", 100_000)
    server.closing.wait(0)
    assert sum(sent) < 16_000_000


def test_endless_data_in_a_pull_refuses_it_and_keeps_the_last_good_list(
    tmp_path: Path, serve: Callable[[Answer], Server], authority: Authority
) -> None:
    publisher = Publisher(tmp_path / "repository")
    root = publisher.root()
    publisher.publish(a_list(1))
    gateway = Gateway(tmp_path / "state", publisher.folder, root, ca_file=str(authority.folder / "trust.pem"))
    gateway.pull()
    honest = files_of(tmp_path / "repository")

    def answer(path: str, line: ssl.SSLSocket) -> None:
        if "timestamp" not in path:
            honest(path, line)
            return
        line.sendall(head("200 OK"))
        while True:
            line.sendall(b"{" * 65_536)

    with pytest.raises(ValueError, match="a file is longer than it may be"):
        gateway.pull(url=f"{serve(answer).url}/north")
    assert gateway.serial == 1


def test_endless_headers_are_given_up(serve: Callable[[Answer], Server], fetcher: BoundedFetcher) -> None:
    def answer(_path: str, line: ssl.SSLSocket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            line.sendall(b"X-Filler: " + b"x" * 4_000 + b"\r\n")

    with pytest.raises(DownloadError, match="does not speak HTTP"):
        fetcher.download_bytes(f"{serve(answer).url}/timestamp.json", 100_000)


def test_slow_retrieval_ends_at_the_deadline_though_bytes_still_come(
    tmp_path: Path, serve: Callable[[Answer], Server], authority: Authority
) -> None:
    """The server sends a byte whenever the client waits; the deadline is of the whole pull."""
    publisher = Publisher(tmp_path / "repository")
    root = publisher.root()
    publisher.publish(a_list(1))
    gateway = Gateway(tmp_path / "state", publisher.folder, root, ca_file=str(authority.folder / "trust.pem"))
    gateway.pull()

    def drip(_path: str, line: ssl.SSLSocket) -> None:
        line.sendall(head("200 OK", "Content-Length: 16000"))
        while not server.closing.wait(0.02):
            line.sendall(b" ")

    server = serve(drip)
    gateway.source = msgspec.structs.replace(gateway.source, deadline_s=0.5)
    with pytest.raises(TimeoutError, match="it came too slowly"):
        gateway.pull(url=f"{server.url}/north")
    assert gateway.serial == 1


def test_a_silent_server_is_given_up(serve: Callable[[Answer], Server], authority: Authority) -> None:
    fetcher = BoundedFetcher(deadline_s=0.3, ca_file=str(authority.folder / "trust.pem"))

    def say_nothing(_path: str, _line: ssl.SSLSocket) -> None:
        server.closing.wait(LIMIT_S)

    server = serve(say_nothing)
    with pytest.raises(SlowRetrievalError):
        fetcher.download_bytes(f"{server.url}/timestamp.json", 100)


@pytest.mark.parametrize("status", ["301 Moved", "204 No Content", "403 Forbidden", "500 Oops"])
def test_only_a_plain_answer_counts_and_no_redirect_is_followed(
    serve: Callable[[Answer], Server], fetcher: BoundedFetcher, status: str
) -> None:
    server = serve(
        lambda _path, line: line.sendall(head(status, "Location: https://127.0.0.1:1/", "Content-Length: 0"))
    )
    with pytest.raises(DownloadHTTPError, match=status[:3]):
        fetcher.download_bytes(f"{server.url}/timestamp.json", 100)
    assert len(server.requests) == 1


def test_a_body_that_ends_early_is_a_failure(serve: Callable[[Answer], Server], fetcher: BoundedFetcher) -> None:
    server = serve(lambda _path, line: line.sendall(head("200 OK", "Content-Length: 100") + b"short"))
    with pytest.raises(DownloadError, match="does not speak HTTP"):
        fetcher.download_bytes(f"{server.url}/timestamp.json", 1000)


def test_nobody_there_is_a_failure_of_the_network(fetcher: BoundedFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    with pytest.raises(DownloadError, match=f"127.0.0.1 port {port}"):
        fetcher.download_bytes(f"https://127.0.0.1:{port}/timestamp.json", 1000)
