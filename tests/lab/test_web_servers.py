"""The probe's steps with real web servers: nginx (HTTP/1.1, HTTP/2) and caddy (HTTP/3 too), on the loopback."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from raabta.lab.needs import tool_environment
from raabta.probe import http, http3, quic, tcp, tls
from raabta.probe.recording import Peer
from raabta.wire.ooni.writing import Exchange, Handshake
from tests.cases.authority import NOW, issue
from tests.cases.loopback import HOST, LOCAL, a_trace, free_port, settings

PAGE = b"<title>Gazette</title>" + b"news " * 1_000
READY_S = 10.0

Require = Callable[..., None]


def write_site(folder: Path) -> None:
    """A page, and a certificate with its key."""
    made = issue(HOST)
    folder.chmod(0o755)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "chain.pem").write_bytes(
        b"".join(item.public_bytes(serialization.Encoding.PEM) for item in (made.certificate, *made.above))
    )
    (folder / "key.pem").write_bytes(
        made.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def nginx(folder: Path, port: int, *, h2: bool) -> list[str]:
    file = folder / "nginx.conf"
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;"
        "events {} http { access_log off; " + places + " server {"
        f"listen {LOCAL}:{port} ssl{' http2' if h2 else ''}; root {folder};"
        f"ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem; }} }}"
    )
    return ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(file)]


def caddy(folder: Path, port: int) -> list[str]:
    file = folder / "caddy.json"
    tls_part = {"certificates": {"load_files": [{"certificate": f"{folder}/chain.pem", "key": f"{folder}/key.pem"}]}}
    server = {
        "listen": [f"{LOCAL}:{port}"],
        "protocols": ["h1", "h2", "h3"],
        "automatic_https": {"disable": True},
        "tls_connection_policies": [{}],
        "routes": [{"handle": [{"handler": "file_server", "root": str(folder)}]}],
    }
    parts = {"http": {"servers": {"site": server}}, "tls": tls_part}
    file.write_text(json.dumps({"admin": {"disabled": True}, "apps": parts}))
    return ["caddy", "run", "--config", str(file)]


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    environment = tool_environment() | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
    }
    words = folder / "words"
    with words.open("wb") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    try:
        if not asyncio.run(is_listening(process, port)):
            pytest.fail(f"no server: {words.read_text(errors='replace')[-2_000:]}")
        yield
    finally:
        process.kill()
        process.wait()


async def is_listening(process: "subprocess.Popen[bytes]", port: int) -> bool:
    end = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < end:
        _, stream = await tcp.connect(a_trace(), LOCAL, port=port, settings=settings())
        if stream is not None:
            stream.close()
            return True
        await asyncio.sleep(0.01)
    return False


async def visit(port: int, *, alpn: tuple[str, ...] = tls.WEB_PROTOCOLS) -> tuple[Handshake, Exchange, bytes]:
    trace, told = a_trace(), settings()
    connect, stream = await tcp.connect(trace, LOCAL, port=port, settings=told)
    assert stream is not None
    peer = Peer(address=LOCAL, port=port, name=HOST, transaction_id=connect.transaction_id)
    try:
        hello = tls.Hello(alpn=alpn)
        step, line = await tls.handshake(trace, stream, peer=peer, settings=told, verify_at=NOW, hello=hello)
        assert line is not None, step.failure
        return step, *(await http.get(trace, line, url=f"https://{HOST}/", peer=peer, settings=told))
    finally:
        stream.close()


@pytest.mark.parametrize(
    ("h2", "alpn", "spoken"),
    [
        (False, tls.WEB_PROTOCOLS, "http/1.1"),
        (True, tls.WEB_PROTOCOLS, "h2"),
        (True, ("http/1.1",), "http/1.1"),
    ],
)
def test_a_page_from_nginx(tmp_path: Path, require: Require, h2: bool, alpn: tuple[str, ...], spoken: str) -> None:
    require("nginx")
    port = free_port()
    write_site(tmp_path)
    with running(nginx(tmp_path, port, h2=h2), port, tmp_path):
        step, exchange, body = asyncio.run(visit(port, alpn=alpn))
    assert (step.failure, step.negotiated_protocol, exchange.failure, exchange.alpn) == (None, spoken, None, spoken)
    assert body == PAGE


def test_a_page_from_caddy_by_http_2_and_by_http_3_and_its_versions(tmp_path: Path, require: Require) -> None:
    require("caddy")
    port = free_port()
    write_site(tmp_path)
    with running(caddy(tmp_path, port), port, tmp_path):
        _, by_tcp, tcp_body = asyncio.run(visit(port))
        step, by_quic, quic_body = asyncio.run(visit_by_quic(port))
        versions = asyncio.run(
            quic.ask_versions(a_trace(), peer=Peer(address=LOCAL, port=port, name=HOST), settings=settings())
        )
    assert (by_tcp.failure, by_tcp.alpn, tcp_body) == (None, "h2", PAGE)
    assert by_tcp.response is not None
    assert "h3" in by_tcp.response.headers["Alt-Svc"]
    assert (step.failure, by_quic.failure, by_quic.alpn, quic_body) == (None, None, "h3", PAGE)
    assert versions[0] is None
    assert 1 in versions[1]


async def visit_by_quic(port: int) -> tuple[Handshake, Exchange, bytes]:
    trace, told = a_trace(), settings()
    peer = Peer(address=LOCAL, port=port, name=HOST)
    step, line = await quic.handshake(trace, peer=peer, settings=told, verify_at=NOW)
    assert line is not None, step.failure
    try:
        return step, *(await http3.get(trace, line, url=f"https://{HOST}/", peer=peer, settings=told))
    finally:
        line.close()
