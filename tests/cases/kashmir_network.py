"""The world of ``kashmir`` on the scripted network: a resolver, and a web server for each name."""

from collections.abc import Mapping
from typing import Final

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.cases.kashmir import WORLD, Site
from tests.cases.scripted import REFUSED, Said, ScriptedNetwork, TcpPeer, UdpPeer
from tests.cases.scripted_web import PLAIN, clear_site, page, redirect, site

HOSTS: Final = {name: f"198.18.{number // 250}.{number % 250 + 1}" for number, name in enumerate(sorted(WORLD))}


def kashmir_network() -> ScriptedNetwork:
    """Give the network, new for each test."""
    tcp: dict[tuple[str, int], TcpPeer | list[TcpPeer]] = {}
    for name, one in WORLD.items():
        address = HOSTS[name]
        served = one.status != 0
        if served and one.is_secure:
            tcp[address, 443] = site(respond, name)
        else:
            tcp[address, 443] = TcpPeer(opens=Said(REFUSED))
        tcp[address, 80] = clear_site(respond) if served else TcpPeer(opens=Said(REFUSED))
    return ScriptedNetwork(tcp=tcp, udp={(PLAIN, 53): UdpPeer(answer=lambda query: [Said(resolve(query))])})


def resolve(query: bytes) -> bytes:
    """Answer one DNS query, chains included."""
    return resolve_at(query, HOSTS)


def resolve_at(query: bytes, hosts: Mapping[str, str]) -> bytes:
    """Answer one DNS query with the addresses that these hosts have here."""
    asked = dns.message.from_wire(query)
    question = asked.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    reply = dns.message.make_response(asked)
    if name not in WORLD:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    while name in WORLD:
        chain = WORLD[name].chain
        kind = "CNAME" if chain else "A"
        if chain or question.rdtype == dns.rdatatype.A:
            value = f"{chain}." if chain else hosts[name]
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, value))
        name = chain
    return reply.to_wire()


def respond(host: str, path: str) -> bytes:
    """Answer one request."""
    one = WORLD.get(host, Site(status=404))
    if one.redirect:
        return redirect(f"http://{one.redirect}/")
    head = "".join(f'<script src="https://{part}/app.js"></script>' for part in one.essential)
    body = "".join(f'<img src="https://{part}/count.gif">' for part in one.shown)
    words = {200: "200 OK", 403: "403 Forbidden", 404: "404 Not Found", 503: "503 Service Unavailable"}
    return page(body=f"<html><head>{head}</head><body>news {body}{path}</body></html>", status=words[one.status])
