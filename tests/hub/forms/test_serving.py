"""The real server, on loopback."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from raabta.hub.forms import serving
from raabta.hub.forms.serving import make_server, open_place
from tests.cases.subscribing import Visitor

DEADLINE_S = 10.0


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(serving, "HEAD_S", 0.1)
    visitor = Visitor(tmp_path)
    server = make_server(visitor.app)
    place = open_place("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    yield place.getsockname()[1]
    server.should_exit = True
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
    visitor.register.close()


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    assert answer.headers["Connection"] == "close"
    assert answer.headers["Server"] is None
    connection.close()
    return found


def test_forms_are_served_to_a_plain_client(port: int) -> None:
    status, page = ask(port, "GET", "/subscribe?l=ur")
    assert (status, 'dir="rtl"' in page) == (200, True)
    assert ask(port, "POST", "/subscribe", "address=a%40example.pk&l=en")[0] == 200
    assert ask(port, "HEAD", "/subscribe")[0] == 200


def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as held:
        held.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert held.recv(1000) == b""


def test_a_head_without_end_is_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as held:
        held.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
        assert held.recv(1000).startswith(b"HTTP/1.1 4")


def test_a_place_that_is_taken_is_an_error_of_the_system() -> None:
    with open_place("127.0.0.1", 0) as first, pytest.raises(OSError, match="use"):
        open_place("127.0.0.1", first.getsockname()[1])
