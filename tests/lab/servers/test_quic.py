"""QUIC servers on loopback, met by aioquic's client."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import dns.message
import pytest
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent

from raabta.lab.scenario.types import Condition, Target
from raabta.lab.world.country import Country
from raabta.wire.quic import build_version_probe, read_version_negotiation
from tests.lab.servers.ground import SILENCE_S, WAIT_S, Ground, country_of

Serve = Callable[[Country], Ground]
SHOP = "198.19.0.10"
RESOLVER = "198.19.251.53"


class Http3Client(QuicConnectionProtocol):
    """Asks for one page."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._h3 = H3Connection(self._quic)
        self.fields: dict[str, str] = {}
        self.body = b""
        self.is_done = asyncio.Event()

    def quic_event_received(self, event: QuicEvent) -> None:  # type: ignore[explicit-override]
        for answered in self._h3.handle_event(event):
            if isinstance(answered, HeadersReceived):
                self.fields = {name.decode(): value.decode() for name, value in answered.headers}
            if isinstance(answered, DataReceived):
                self.body += answered.data
            if isinstance(answered, HeadersReceived | DataReceived) and answered.stream_ended:
                self.is_done.set()

    async def get(self, host: str) -> None:
        stream_id = self._quic.get_next_available_stream_id()
        fields = {":method": "GET", ":scheme": "https", ":authority": host, ":path": "/"}
        self._h3.send_headers(stream_id, [(k.encode(), v.encode()) for k, v in fields.items()], end_stream=True)
        self.transmit()
        await self.is_done.wait()


def configuration(ground: Ground, *, name: str, alpn: str) -> QuicConfiguration:
    made = QuicConfiguration(is_client=True, alpn_protocols=[alpn], server_name=name)
    made.load_verify_locations(ground.trust_file)
    return made


def get(ground: Ground, address: str, host: str) -> tuple[dict[str, str], bytes]:
    async def run() -> tuple[dict[str, str], bytes]:
        at, port = ground.end(address, 443, udp=True)
        how = configuration(ground, name=host, alpn="h3")
        async with asyncio.timeout(WAIT_S), connect(at, port, configuration=how, create_protocol=Http3Client) as client:
            assert isinstance(client, Http3Client)
            await client.get(host)
            return client.fields, client.body

    return asyncio.run(run())


def test_a_page_comes_over_http3_and_is_the_same_as_over_tcp(serve: Serve) -> None:
    ground = serve(country_of(Target(name="shop", quic=True, page_bytes=128_000)))
    fields, body = get(ground, SHOP, "shop.example")
    assert fields[":status"] == "200"
    assert body == ground.get(SHOP, "shop.example", port=443)[2]


def test_the_neutral_name_is_served_over_quic_too(serve: Serve) -> None:
    ground = serve(country_of(Target(name="shop", quic=True)))
    assert b"<title>Neutral</title>" in get(ground, SHOP, "neutral.example")[1]


def test_the_controls_anchor_serves_every_target_over_quic(serve: Serve) -> None:
    ground = serve(country_of(Target(name="shop", quic=True), Target(name="bank")))
    for host in ("shop.example", "bank.example"):
        assert get(ground, "198.19.250.11", host)[0][":status"] == "200"


def test_a_bad_certificate_fails_over_quic(serve: Serve) -> None:
    ground = serve(country_of(Target(name="shop", quic=True), condition=[Condition(kind="expired_certificate")]))
    with pytest.raises(ConnectionError):
        get(ground, SHOP, "shop.example")


@pytest.mark.parametrize("kind", ["quic_down", "server_silent"])
def test_quic_that_is_down_is_silent_while_its_offer_stays(serve: Serve, kind: str) -> None:
    ground = serve(country_of(Target(name="shop", quic=True), condition=[Condition(kind=kind)]))
    assert negotiate(ground) is None
    if kind == "quic_down":
        assert "h3" in ground.get(SHOP, "shop.example", port=443)[1]["alt-svc"]


def test_an_unknown_version_is_answered_with_those_that_are_spoken(serve: Serve) -> None:
    answer = negotiate(serve(country_of(Target(name="shop", quic=True))))
    assert answer is not None
    assert 1 in answer


def test_dns_over_quic_answers(serve: Serve) -> None:
    ground = serve(country_of())
    query = dns.message.make_query("shop.example", "A", id=0)

    async def run() -> bytes:
        at, port = ground.end(RESOLVER, 853, udp=True)
        how = configuration(ground, name="dns.resolver.example", alpn="doq")
        async with asyncio.timeout(WAIT_S), connect(at, port, configuration=how) as client:
            reader, writer = await client.create_stream()
            writer.write(query.to_wire(prepend_length=True))
            writer.write_eof()
            return await reader.read()

    answer = dns.message.from_wire(asyncio.run(run())[2:])
    assert str(answer.answer[0][0]) == SHOP


def negotiate(ground: Ground) -> tuple[int, ...] | None:
    """Send a version that nobody speaks; the versions of the answer, None for silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SILENCE_S)
        sock.connect(ground.end(SHOP, 443, udp=True))
        sock.send(build_version_probe(destination_id=bytes(8), source_id=bytes(8)))
        try:
            answer = read_version_negotiation(sock.recv(2048))
        except TimeoutError:
            return None
    assert answer is not None
    return answer.versions
