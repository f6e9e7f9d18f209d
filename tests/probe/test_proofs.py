"""Single looks, with real servers on loopback: what shows a challenge, and what only seems to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.message
import dns.rrset
import msgspec
import pytest

from raabta.probe import proofs
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.proofs import Place
from raabta.probe.settings import Resolver
from raabta.wire.challenge import token_of, txt_name, txt_value, web_path
from tests.cases.authority import NOW, Issued, issue, self_signed
from tests.cases.loopback import (
    LOCAL,
    Conduct,
    Reader,
    Writer,
    a_trace,
    free_port,
    is_silent,
    listening,
    page,
    resets,
    says,
    settings,
)
from tests.cases.nameserver import Saying, name_server, text
from tests.cases.proving import DOMAIN, acme_certificate, pending, proving

CHALLENGE = pending("web_file").challenge
OTHER_MEMBERS = pending("web_file", organisation_id="o-other").challenge
HTTP1 = ("http/1.1",)


@asynccontextmanager
async def a_place(deadline_s: float = 1.0) -> AsyncIterator[Place]:
    steps = msgspec.structs.replace(settings(), timeouts=proving(deadline_s=deadline_s).timeouts)
    trace = a_trace()
    async with DnsSessions(trace.network, settings=steps) as sessions:
        yield Place(trace=trace, settings=steps, sessions=sessions, verify_at=NOW)


async def _here(_host: str) -> list[str]:
    return [LOCAL]


def look_for_file(conduct: Conduct, *, server: ssl.SSLContext | None = None, deadline_s: float = 3.0) -> str:
    async def look() -> str:
        context = server or issue(DOMAIN, "www." + DOMAIN).context(alpn=HTTP1)
        async with listening(conduct, tls=context) as port, a_place(deadline_s) as place:
            return await proofs.look_for_file(place, DOMAIN, challenge=CHALLENGE, addresses_of=_here, port=port)

    return asyncio.run(look())


def look_for_page(conduct: Conduct, *, deadline_s: float = 3.0) -> str:
    async def look() -> str:
        async with listening(conduct) as port, a_place(deadline_s) as place:
            return await proofs.look_for_acme_page(place, LOCAL, challenge=CHALLENGE, port=port)

    return asyncio.run(look())


def look_for_certificate(
    conduct: Conduct = is_silent, *, server: ssl.SSLContext | None, deadline_s: float = 3.0
) -> str:
    async def look() -> str:
        async with listening(conduct, tls=server) as port, a_place(deadline_s) as place:
            return await proofs.look_for_acme_certificate(place, LOCAL, challenge=CHALLENGE, port=port)

    return asyncio.run(look())


def look_for_text(say: Saying) -> str:
    async def look() -> str:
        async with name_server(say) as resolver, a_place() as place:
            name = txt_name(DOMAIN)
            return await proofs.look_for_text(place, name, challenge=CHALLENGE, resolver=resolver)

    return asyncio.run(look())


# --- texts ------------------------------------------------------------------------------------------------------------


def test_a_text_among_others_shows_it() -> None:
    assert look_for_text(lambda _name, _kind: [text("v=spf1 -all"), text(txt_value(CHALLENGE))]) == ""


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ([], "it has no text"),
        ([text("v=spf1 -all")], "it has other texts, but not this one"),
        ([text(txt_value(OTHER_MEMBERS))], "it shows another challenge"),
        ([text(CHALLENGE)], "it has other texts, but not this one"),
        ([text(txt_value(CHALLENGE) + "x")], "it shows another challenge"),
        ([text(txt_value(token_of(CHALLENGE)))], "it shows another challenge"),
    ],
)
def test_another_text_does_not(said: list[str], fault: str) -> None:
    assert look_for_text(lambda _name, _kind: said) == fault


def test_a_server_that_echoes_the_question_shows_nothing() -> None:
    assert look_for_text(lambda name, _kind: [text(name)]) == "it has other texts, but not this one"


def test_a_huge_answer_is_read_over_tcp_and_still_finds_it() -> None:
    many = [text(f"filler {number:03} " + "x" * 150) for number in range(300)]
    assert look_for_text(lambda _name, _kind: [*many, text(txt_value(CHALLENGE))]) == ""
    assert look_for_text(lambda _name, _kind: many) == "it has other texts, but not this one"


def test_a_silent_resolver_says_neither_yes_nor_no() -> None:
    assert look_for_text(lambda _name, _kind: None) == "no answer: generic_timeout_error"


def test_two_different_answers_to_one_question_show_nothing() -> None:
    """Somebody on the way answers faster than the resolver that was asked."""

    async def look() -> str:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
            there.bind((LOCAL, 0))
            there.setblocking(False)

            async def answers_twice() -> None:
                query, sender = await loop.sock_recvfrom(there, 4_096)
                for value in (txt_value(CHALLENGE), "v=spf1 -all"):
                    await loop.sock_sendto(there, answer_with(query, value), sender)

            resolver = Resolver(engine="udp", address=LOCAL, port=there.getsockname()[1])
            async with asyncio.TaskGroup() as group, a_place() as place:
                group.create_task(answers_twice())
                return await proofs.look_for_text(place, txt_name(DOMAIN), challenge=CHALLENGE, resolver=resolver)

    assert asyncio.run(look()) == "two different answers came to one question"


def answer_with(query: bytes, value: str) -> bytes:
    answer = dns.message.make_response(dns.message.from_wire(query))
    answer.answer.append(dns.rrset.from_text(answer.question[0].name, 60, "IN", "TXT", text(value)))
    return answer.to_wire()


# --- a file of a web server -------------------------------------------------------------------------------------------


def routes(answers: dict[str, bytes]) -> Conduct:
    """Answer by path, one request a connection."""

    async def conduct(reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        writer.write(answers.get(path, page(b"none", status="404 Not Found")))
        await writer.drain()

    return conduct


def redirect(to: str) -> bytes:
    return page(b"", status="302 Found", headers=f"Location: {to}\r\n")


FILE = web_path(CHALLENGE)
GOOD = page(CHALLENGE.encode() + b"\r\n")


def test_the_file_over_https_shows_it_with_blanks_at_its_end() -> None:
    assert look_for_file(routes({FILE: GOOD})) == ""


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (page(b"hello"), "the file holds something else"),
        (page(OTHER_MEMBERS.encode()), "the file holds something else"),
        (page(token_of(CHALLENGE).encode()), "the file holds something else"),
        (page(b"<p>" + CHALLENGE.encode()), "the file holds something else"),
        (page(CHALLENGE.encode(), status="404 Not Found"), "it answers with status 404"),
        (page(CHALLENGE.encode() + b" " * 2_000), "the file is longer than 1024 bytes"),
        (b"nonsense\r\n\r\n", "no answer: "),
    ],
)
def test_another_answer_does_not(answer: bytes, fault: str) -> None:
    assert look_for_file(says(answer)).startswith(fault)


def test_a_server_that_echoes_the_path_shows_nothing() -> None:
    async def echoes(reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(page(head.split(b" ")[1]))
        await writer.drain()

    assert look_for_file(echoes) == "the file holds something else"


def test_an_endless_file_is_cut() -> None:
    async def pours(reader: Reader, writer: Writer) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    assert look_for_file(pours) == "the file is longer than 1024 bytes"


def test_endless_headers_are_cut() -> None:
    async def pours(reader: Reader, writer: Writer) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: " + b"x" * 1_000 + b"\r\n")
            await writer.drain()

    assert look_for_file(pours).startswith("no answer: ")


def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    async def drips(reader: Reader, writer: Writer) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert look_for_file(drips, deadline_s=0.3) == "no answer: generic_timeout_error"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "https://evilcompany.example/",
        f"https://{DOMAIN}.evil.example/",
        f"https://{DOMAIN}@evil.example/",
        f"http://{DOMAIN}/",
        f"https://{DOMAIN}:8443/",
        "https://127.0.0.1/",
        "//evil.example/",
        "https://[",
        f"https://..{DOMAIN}/",
        f"https://a b.{DOMAIN}/",
        f"https://\\evil.{DOMAIN}/",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_that_leads_elsewhere_is_not_followed(target: str) -> None:
    assert look_for_file(routes({FILE: redirect(target)})) == "it redirects away from the domain's own HTTPS"


def test_a_redirect_inside_the_domain_is_followed() -> None:
    async def look() -> str:
        answers = {FILE: b"", "/proof": GOOD}
        async with listening(routes(answers), tls=issue(DOMAIN, "www." + DOMAIN).context(alpn=HTTP1)) as port:
            answers[FILE] = redirect(f"https://www.{DOMAIN}:{port}/proof")
            async with a_place() as place:
                return await proofs.look_for_file(place, DOMAIN, challenge=CHALLENGE, addresses_of=_here, port=port)

    assert asyncio.run(look()) == ""


def test_a_redirect_in_circles_ends() -> None:
    assert look_for_file(routes({FILE: redirect(FILE)})) == "it redirects more than 3 times"


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(self_signed(DOMAIN), id="self-signed"),
        pytest.param(issue("evil.example"), id="another-name"),
        pytest.param(issue(DOMAIN, days=(-60, -1)), id="expired"),
    ],
)
def test_a_certificate_that_is_not_good_for_the_domain_shows_nothing(server: Issued) -> None:
    assert look_for_file(routes({FILE: GOOD}), server=server.context(alpn=HTTP1)).startswith("no good handshake: ssl_")


def test_a_host_without_an_address_that_one_may_connect_to_shows_nothing() -> None:
    async def nowhere(_host: str) -> list[str]:
        return []

    async def look() -> str:
        async with a_place() as place:
            return await proofs.look_for_file(place, DOMAIN, challenge=CHALLENGE, addresses_of=nowhere, port=443)

    assert asyncio.run(look()) == f"{DOMAIN} has no address that one may connect to"


# --- http-01 ----------------------------------------------------------------------------------------------------------


def test_the_page_at_an_address_shows_it_and_the_host_is_the_address() -> None:
    asked: list[bytes] = []

    async def conduct(reader: Reader, writer: Writer) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(GOOD)
        await writer.drain()

    assert look_for_page(conduct) == ""
    assert asked[0].startswith(b"GET /.well-known/acme-challenge/" + token_of(CHALLENGE).encode() + b" HTTP/1.1\r\n")
    assert b"\r\nHost: 127.0.0.1:" in asked[0]


@pytest.mark.parametrize(
    ("conduct", "fault"),
    [
        pytest.param(says(page(b"nginx")), "the file holds something else", id="another-page"),
        pytest.param(says(page(OTHER_MEMBERS.encode())), "the file holds something else", id="another-members"),
        pytest.param(says(redirect("http://127.0.0.1/")), "it answers with status 302", id="redirect"),
        pytest.param(says(page(b"x" * 5_000)), "the file is longer than 1024 bytes", id="huge"),
        pytest.param(resets, "no answer: connection_reset", id="reset"),
        pytest.param(is_silent, "no answer: generic_timeout_error", id="silence"),
    ],
)
def test_another_page_at_the_address_does_not(conduct: Conduct, fault: str) -> None:
    assert look_for_page(conduct, deadline_s=0.4) == fault


def test_nobody_at_the_address_shows_nothing() -> None:
    async def look() -> str:
        async with a_place() as place:
            return await proofs.look_for_acme_page(place, LOCAL, challenge=CHALLENGE, port=free_port())

    assert asyncio.run(look()) == "no connection: connection_refused"


# --- tls-alpn-01 ------------------------------------------------------------------------------------------------------

ACME = ("acme-tls/1",)


def test_the_certificate_at_an_address_shows_it_and_the_name_asked_for_is_the_reverse_one() -> None:
    names: list[str] = []
    server = acme_certificate(CHALLENGE).context(alpn=ACME)
    server.sni_callback = lambda _tls, name, _context: names.append(name)
    assert look_for_certificate(server=server) == ""
    assert names == ["1.0.0.127.in-addr.arpa"]


def test_tls_1_2_is_enough() -> None:
    assert look_for_certificate(server=acme_certificate(CHALLENGE).context(alpn=ACME, only_1_2=True)) == ""


def test_another_challenge_in_the_certificate_does_not() -> None:
    server = acme_certificate(OTHER_MEMBERS).context(alpn=ACME)
    assert look_for_certificate(server=server) == "the acmeIdentifier is another challenge's"


def test_a_good_certificate_of_the_web_proves_nothing_here() -> None:
    server = issue(LOCAL).context(alpn=ACME)
    assert look_for_certificate(server=server) == "the certificate has no acmeIdentifier"


def test_the_right_certificate_without_the_protocol_does_not_count() -> None:
    """RFC 8737, 3: a shared server that shows customers' certificates does not speak it by accident."""
    for server in (acme_certificate(CHALLENGE).context(alpn=()), acme_certificate(CHALLENGE).context()):
        assert look_for_certificate(server=server) == "it does not speak acme-tls/1"


def test_silence_and_resets_show_nothing() -> None:
    assert look_for_certificate(is_silent, server=None, deadline_s=0.3) == "no handshake: generic_timeout_error"
    assert look_for_certificate(resets, server=None) == "no handshake: connection_reset"


# --- servers of a zone ------------------------------------------------------------------------------------------------


def look_up_servers(say: Saying) -> list[str]:
    async def look() -> list[str]:
        async with name_server(say) as resolver, a_place() as place:
            return await proofs.look_up_servers(place, txt_name(DOMAIN), resolver=resolver)

    return asyncio.run(look())


def test_the_servers_are_those_of_the_nearest_name_above_that_has_some() -> None:
    zone = {DOMAIN: ["ns2.host.example.", "ns1.host.example."], "example": ["wrong.example."]}
    found = look_up_servers(lambda name, kind: zone.get(name, []) if kind == "NS" else [])
    assert found == ["ns1.host.example", "ns2.host.example"]


def test_a_name_without_servers_above_has_none() -> None:
    assert look_up_servers(lambda _name, _kind: []) == []
