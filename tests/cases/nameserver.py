"""A name server on loopback, over UDP and TCP, that says what a case tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from raabta.probe.settings import Resolver
from tests.cases.loopback import LOCAL, Reader, Writer, listening

Zone = dict[tuple[str, str], list[str]]
"""(name, type) to records in zone file form."""
ALIAS = "CNAME "
"""A record that begins so is given whatever type was asked for."""
Saying = Callable[[str, str], "list[str] | None"]
"""Name and type to records, [] for none; None stays silent."""

MOST_UDP_BYTES = 1_232
MOST_TCP_BYTES = 65_535


def from_zone(zone: Zone) -> Saying:
    def say(name: str, kind: str) -> list[str]:
        return zone.get((name, kind), [])

    return say


def text(value: str) -> str:
    return f'"{value}"'


class _Datagrams:
    def __init__(self, say: Saying) -> None:
        self.say = say
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None

    def error_received(self, error: Exception) -> None:
        """Whoever asked has gone."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = _answer(data, self.say)
        if answer is None or self.transport is None:
            return
        raw = answer.to_wire(max_size=MOST_TCP_BYTES)
        if len(raw) > MOST_UDP_BYTES:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
            raw = answer.to_wire(max_size=MOST_TCP_BYTES)
        self.transport.sendto(raw, addr)


def _answer(data: bytes, say: Saying) -> dns.message.Message | None:
    query = dns.message.from_wire(data)
    question = query.question[0]
    name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
    said = say(name, kind)
    if said is None:
        return None
    answer = dns.message.make_response(query)
    if said:
        if said[0].startswith(ALIAS):
            kind, said = "CNAME", [said[0].removeprefix(ALIAS)]
        found = dns.rrset.from_text_list(question.name, 60, "IN", kind, said)
        answer.answer.append(found)
    else:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer


@asynccontextmanager
async def name_server(say: Saying) -> AsyncIterator[Resolver]:
    """Gives how to ask it."""

    async def stream(reader: Reader, writer: Writer) -> None:
        while True:
            data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            answer = _answer(data, say)
            if answer is not None:
                raw = answer.to_wire(max_size=MOST_TCP_BYTES)
                writer.write(len(raw).to_bytes(2, "big") + raw)

    loop = asyncio.get_running_loop()
    async with listening(stream) as port:
        made = cast(asyncio.DatagramProtocol, _Datagrams(say))
        transport, _ = await loop.create_datagram_endpoint(lambda: made, local_addr=(LOCAL, port))
        try:
            yield Resolver(engine="udp", address=LOCAL, port=port)
        finally:
            transport.close()
