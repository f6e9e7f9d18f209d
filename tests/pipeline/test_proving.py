"""Looks from several places: what they must agree on, and who cannot fool them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from raabta.model.register import Proof
from raabta.pipeline.proving import Look, ProvingSettings, Sight, agree, default_resolvers, look_at
from raabta.probe.host import HostNetwork
from raabta.reference.special import IANA_RANGES
from raabta.wire.challenge import reverse_names, txt_name, txt_value, web_path
from tests.cases.authority import NOW, issue
from tests.cases.loopback import LOCAL, is_silent, listening, page, says
from tests.cases.nameserver import Saying, Zone, from_zone, name_server, text
from tests.cases.proving import DOMAIN, acme_certificate, pending, proving

PROOF = pending("dns_txt")
OTHER_MEMBERS = pending("dns_txt", organisation_id="o-other")
CHANCE = b"\1" * 8
SERVER = "ns.host.example"


def zone_with(*texts: str, name: str = txt_name(DOMAIN)) -> Zone:
    return {(name, "TXT"): [text(one) for one in texts]} if texts else {}


def texts_only(say: Callable[[str], str]) -> Saying:
    return lambda name, kind: [text(say(name))] if kind == "TXT" else []


EVERYWHERE = texts_only(lambda _name: txt_value(PROOF.challenge))
SHOWS: Saying = from_zone(zone_with(txt_value(PROOF.challenge)))
EMPTY: Saying = from_zone({})


def silent(_name: str, _kind: str) -> None:
    return None


def look(proof: Proof, sayings: Sequence[Saying], **changed: Any) -> Look:
    async def all_of_it() -> Look:
        async with AsyncExitStack() as stack:
            resolvers = [await stack.enter_async_context(name_server(say)) for say in sayings]
            return await ask(proof, proving(*resolvers, **changed))

    return asyncio.run(all_of_it())


async def ask(proof: Proof, settings: ProvingSettings) -> Look:
    return await look_at(proof, network=HostNetwork(), settings=settings, now=NOW, chance=CHANCE)


# --- how many must agree ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_seen", "n", "agreed"),
    [
        (0, 0, False),
        (1, 1, False),
        (1, 2, False),
        (2, 2, True),
        (1, 3, False),
        (2, 3, True),
        (3, 5, False),
        (4, 5, True),
        (4, 6, True),
        (3, 6, False),
        (8, 10, True),
        (7, 10, False),
    ],
)
def test_all_but_one_of_three_and_all_but_two_of_six_agree(n_seen: int, n: int, agreed: bool) -> None:
    sights = [Sight(witness=str(number), fault="" if number < n_seen else "no") for number in range(n)]
    assert agree(sights, at_least=2) is agreed


def test_the_default_resolvers_are_of_different_operators() -> None:
    names = [resolver.name for resolver in default_resolvers()]
    assert names == ["cloudflare-dns.com", "dns.quad9.net", "dns.adguard-dns.com"]


# --- DNS --------------------------------------------------------------------------------------------------------------


def test_two_resolvers_that_see_it_prove_it_and_are_named() -> None:
    found = look(PROOF, [SHOWS, SHOWS])
    assert found.is_shown
    assert len(set(found.witnesses)) == 2
    assert found.evidence == "seen from 2 of 2 places"


@pytest.mark.parametrize("others", [[EMPTY], [EMPTY, EMPTY], [silent, EMPTY], [silent]])
def test_one_resolver_that_lies_proves_nothing(others: list[Saying]) -> None:
    assert not look(PROOF, [SHOWS, *others]).is_shown


def test_one_resolver_of_three_may_be_silent() -> None:
    found = look(PROOF, [SHOWS, silent, SHOWS])
    assert found.is_shown
    assert found.evidence.startswith("seen from 2 of 3 places. 127.0.0.1:")


@pytest.mark.parametrize(
    "saying",
    [
        pytest.param(EMPTY, id="nothing"),
        pytest.param(from_zone(zone_with(txt_value(OTHER_MEMBERS.challenge))), id="another-members"),
        pytest.param(from_zone(zone_with("raabta-proof=guess")), id="a-guess"),
        pytest.param(texts_only(lambda name: "raabta-proof=" + name), id="echo"),
        pytest.param(EVERYWHERE, id="wildcard"),
    ],
)
def test_what_all_see_alike_but_is_not_the_challenge_there_proves_nothing(saying: Saying) -> None:
    found = look(PROOF, [saying, saying, saying])
    assert not found.is_shown
    assert found.witnesses == ()


def test_the_wildcard_is_named_as_such() -> None:
    found = look(PROOF, [EVERYWHERE] * 2)
    assert found.sights[0].fault == "it shows the challenge at every name (a wildcard or an echo)"


def test_one_resolver_is_not_several_places_also_if_it_is_named_twice() -> None:
    async def once() -> Look:
        async with name_server(SHOWS) as resolver:
            over_tcp = msgspec.structs.replace(resolver, engine="tcp")
            return await ask(PROOF, proving(resolver, over_tcp))

    with pytest.raises(ValueError, match="2 different resolvers are needed, 1 given"):
        asyncio.run(once())


def test_evidence_stays_short_whatever_servers_say() -> None:
    many = texts_only(lambda _name: "x" * 200)
    assert len(look(PROOF, [many, many]).evidence) < 400


# --- the servers of the zone ------------------------------------------------------------------------------------------


def resolver_of(zone: Zone, *, server_at: str = LOCAL) -> Saying:
    return from_zone({(DOMAIN, "NS"): [SERVER + "."], (SERVER, "A"): [server_at], **zone})


def look_with_zone(resolvers: Sequence[Saying], server: Saying, **changed: Any) -> tuple[Look, int]:
    """The look, and how often the server of the zone was asked."""
    asked: list[str] = []

    def counts(name: str, kind: str) -> list[str] | None:
        asked.append(name)
        return server(name, kind)

    async def all_of_it() -> Look:
        async with AsyncExitStack() as stack:
            made = [await stack.enter_async_context(name_server(say)) for say in resolvers]
            there = await stack.enter_async_context(name_server(counts))
            return await ask(PROOF, proving(*made, dns_port=there.port, **changed))

    return asyncio.run(all_of_it()), len(asked)


SEES = zone_with(txt_value(PROOF.challenge))


def test_the_servers_of_the_zone_are_one_more_place() -> None:
    found, _ = look_with_zone([resolver_of(SEES), resolver_of(SEES)], SHOWS)
    assert found.witnesses[-1] == "servers of the zone"
    assert (found.is_shown, len(found.sights)) == (True, 3)


def test_one_lying_resolver_and_an_honest_zone_prove_nothing() -> None:
    found, _ = look_with_zone([resolver_of(SEES), resolver_of({})], EMPTY)
    assert (found.is_shown, len(found.witnesses)) == (False, 1)


def test_a_server_that_only_one_resolver_names_is_not_asked() -> None:
    found, n_asked = look_with_zone([resolver_of(SEES), SHOWS], SHOWS)
    assert (len(found.sights), n_asked) == (2, 0)


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "0.0.0.0"])
def test_a_server_at_an_address_that_is_nobodys_is_not_asked(address: str) -> None:
    resolver = resolver_of(SEES, server_at=address)
    assert look_with_zone([resolver, resolver], SHOWS)[1] == 0


def test_a_zone_whose_servers_are_silent_counts_as_not_seeing() -> None:
    found, n_asked = look_with_zone([resolver_of(SEES), resolver_of(SEES)], silent)
    assert (found.is_shown, len(found.witnesses), n_asked > 0) == (True, 2, True)


def test_a_name_that_leads_into_another_zone_leaves_the_servers_out() -> None:
    def as_alias(_name: str, _kind: str) -> list[str]:
        return ["CNAME proof.other.example."]

    found, _ = look_with_zone([resolver_of(SEES), resolver_of(SEES)], as_alias)
    assert (found.is_shown, len(found.sights)) == (True, 2)


# --- reverse DNS ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("names_shown", "is_shown"), [(2, True), (1, False)])
def test_every_name_of_a_prefix_must_show_it(names_shown: int, is_shown: bool) -> None:
    proof = pending("reverse_dns", "9.1.2.4/31", endpoint_id="e-office")
    names = reverse_names(proof.subject)[:names_shown]
    zone = {(name, "TXT"): [text(txt_value(proof.challenge))] for name in names}
    assert look(proof, [from_zone(zone), from_zone(zone)]).is_shown is is_shown


# --- web file ---------------------------------------------------------------------------------------------------------

FILE = pending("web_file")


def look_at_file(sayings: Sequence[Saying], *, answer: bytes, name: str = DOMAIN, **changed: Any) -> Look:
    async def all_of_it() -> Look:
        context = issue(name).context(alpn=("http/1.1",))
        async with listening(says(answer), tls=context) as port, AsyncExitStack() as stack:
            resolvers = [await stack.enter_async_context(name_server(say)) for say in sayings]
            return await ask(FILE, proving(*resolvers, tls_port=port, **changed))

    return asyncio.run(all_of_it())


def at(address: str) -> Saying:
    return from_zone({(DOMAIN, "A"): [address]})


GOOD = page(FILE.challenge.encode())


def test_the_file_is_fetched_where_each_resolver_says() -> None:
    assert look_at_file([at(LOCAL), at(LOCAL)], answer=GOOD).is_shown
    assert not look_at_file([at(LOCAL), EMPTY], answer=GOOD).is_shown


def test_a_resolver_that_sends_us_to_a_server_without_the_domains_certificate_proves_nothing() -> None:
    found = look_at_file([at(LOCAL), at(LOCAL)], answer=GOOD, name="evil.example")
    assert not found.is_shown
    assert "ssl_invalid_hostname" in found.evidence


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "192.168.1.1", "0.0.0.0"]
)
def test_addresses_that_are_nobodys_are_not_connected_to(address: str) -> None:
    found = look_at_file([at(address), at(address)], answer=GOOD, special=IANA_RANGES)
    assert {sight.fault for sight in found.sights} == {f"{DOMAIN} has no address that one may connect to"}


def test_a_slow_server_is_left_at_the_deadline_of_the_whole_look() -> None:
    async def all_of_it() -> Look:
        async with listening(is_silent) as port, name_server(at(LOCAL)) as one, name_server(at(LOCAL)) as other:
            return await ask(FILE, msgspec.structs.replace(proving(one, other), tls_port=port, deadline_s=0.3))

    assert [sight.fault for sight in asyncio.run(all_of_it()).sights] == ["it took too long"] * 2


def test_the_path_holds_only_the_part_that_is_asked_for() -> None:
    assert FILE.challenge.partition(".")[2] not in web_path(FILE.challenge)


# --- addresses --------------------------------------------------------------------------------------------------------


def look_at_address(kind: str, **changed: Any) -> Look:
    proof = pending(kind, LOCAL, endpoint_id="e-office")

    async def all_of_it() -> Look:
        context = acme_certificate(proof.challenge).context(alpn=("acme-tls/1",))
        conduct = says(page(proof.challenge.encode()))
        async with listening(conduct) as http, listening(is_silent, tls=context) as tls:
            return await ask(proof, proving(http_port=http, tls_port=tls, **changed))

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("kind", ["acme_http", "acme_tls_alpn"])
def test_an_address_shows_it_to_this_machine(kind: str) -> None:
    found = look_at_address(kind)
    assert (found.is_shown, found.witnesses) == (True, ("this machine",))


@pytest.mark.parametrize("kind", ["acme_http", "acme_tls_alpn"])
def test_an_address_that_is_nobodys_is_not_connected_to(kind: str) -> None:
    found = look_at_address(kind, special=IANA_RANGES)
    assert not found.is_shown
    assert found.evidence.endswith("127.0.0.1 is a loopback address, which nobody serves from")


@pytest.mark.parametrize("kind", ["call_back", "operator_attestation"])
def test_what_is_handed_in_is_not_looked_for(kind: str) -> None:
    with pytest.raises(ValueError, match="handed in"):
        asyncio.run(ask(pending(kind, "9.1.2.3"), proving()))
