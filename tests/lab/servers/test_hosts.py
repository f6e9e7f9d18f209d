"""What a server answers depends on the scenario's conditions and on who asks. No sockets."""

import pytest

from raabta.lab.scenario.types import Condition, Network, Target
from raabta.lab.servers.hosts import TargetHost, target_host
from raabta.lab.servers.notices import blocking_notice
from raabta.lab.servers.operator import PortalHost
from raabta.lab.servers.pages import Request, Response
from raabta.lab.servers.sites import Who, places_of, sites_of, who_is
from raabta.reference.fingerprints import load_fingerprints
from raabta.reference.refusals import looks_like_refusal
from tests.lab.servers.ground import country_of

CLIENT = Who(network=0)
OTHER_CLIENT = Who(network=1)
CONTROL = Who(is_control=True)
NETWORKS = [Network(name="home"), Network(name="abroad", country="DE")]


def host_of(*conditions: Condition, targets: tuple[Target, ...] = (Target(name="shop"),)) -> TargetHost:
    country = country_of(*targets, condition=list(conditions), network=NETWORKS)
    return target_host(country, places_of(country, sites_of(country))[0])


def ask(
    host: TargetHost, *, who: Who = CLIENT, name: str = "shop.example", path: str = "/", secure: bool = True
) -> Response:
    return host.respond(Request(method="GET", host=name, path=path, secure=secure), who)


def title_of(response: Response) -> str:
    return response.body.decode().partition("<title>")[2].partition("</title>")[0]


def known_as(response: Response) -> str | None:
    """Which kind of page the fingerprints take it for."""
    row = load_fingerprints().page(
        title=title_of(response), body=response.body.decode(), headers=dict(response.headers), status=response.status
    )
    return row.kind if row is not None else None


def field(response: Response, name: str) -> str:
    return dict(response.headers)[name]


def test_who_asks_is_read_from_the_address() -> None:
    assert who_is("198.18.11.2") == Who(network=1)
    assert who_is("2001:db8:11::2") == Who(network=1)
    assert who_is("198.18.11.1") == Who(network=1), "a proxy in the operator's router"
    assert who_is("198.18.6.5") == Who()
    assert who_is("198.19.250.10") == CONTROL
    assert who_is("2001:db8:a250::10") == CONTROL
    assert who_is("198.19.252.1") == Who()
    assert who_is("198.18.4.1") == Who()


def test_a_page_has_the_size_and_title_that_were_asked_for() -> None:
    host = host_of(targets=(Target(name="shop", page_bytes=128_000, title="A & B"),))
    answer = ask(host)
    assert (answer.status, len(answer.body)) == (200, 128_000)
    assert b"<title>A &amp; B</title>" in answer.body
    assert ask(host).body == answer.body


def test_another_name_gets_a_neutral_page_of_the_same_size_and_a_neutral_certificate() -> None:
    host = host_of(targets=(Target(name="shop", page_bytes=9_000),))
    answer = ask(host, name="neutral.example")
    assert len(answer.body) == 9_000
    assert b"<title>Neutral</title>" in answer.body
    assert host.credentials("unknown.example", CLIENT).names == ("neutral.example",)
    assert host.credentials("shop.example", CLIENT).names[0] == "shop.example"


@pytest.mark.parametrize(
    ("kind", "certificate"),
    [
        ("expired_certificate", "expired"),
        ("future_certificate", "future"),
        ("wrong_certificate", "wrong_name"),
        ("self_signed_certificate", "self_signed"),
        ("unknown_authority", "other_authority"),
    ],
)
def test_certificate_conditions_leave_the_neutral_name_valid(kind: str, certificate: str) -> None:
    host = host_of(Condition(kind=kind))
    assert host.credentials("shop.example", CLIENT).kind == certificate
    assert host.credentials("neutral.example", CLIENT).kind == "valid"
    assert host.quic_credentials().kind == certificate


@pytest.mark.parametrize(("kind", "fate"), [("silent", "silent"), ("resets", "reset"), ("closes", "close")])
def test_a_server_that_fails_does_so_under_every_name(kind: str, fate: str) -> None:
    host = host_of(Condition(kind=f"server_{kind}"))
    for is_request in (False, True):
        assert host.fate("shop.example", CLIENT, is_request=is_request) == fate
        assert host.fate("neutral.example", CONTROL, is_request=is_request) == fate


def test_on_a_shared_address_only_the_failing_site_fails() -> None:
    targets = (Target(name="shop", address_group="cdn"), Target(name="bank", address_group="cdn"))
    host = host_of(Condition(kind="server_resets", targets=["shop"]), targets=targets)
    assert host.fate("shop.example", CLIENT, is_request=False) == "reset"
    assert host.fate("bank.example", CLIENT, is_request=False) == "serve"
    assert host.fate("neutral.example", CLIENT, is_request=False) == "serve"


def test_an_alert_is_for_tls_only() -> None:
    host = host_of(Condition(kind="server_alert"))
    assert host.fate("shop.example", CLIENT, is_request=False) == "alert"
    assert host.fate("shop.example", CLIENT, is_request=True) == "serve"


def test_a_challenge_is_known_as_one() -> None:
    answer = ask(host_of(Condition(kind="challenge_page")))
    assert (answer.status, field(answer, "cf-mitigated")) == (403, "challenge")
    assert b"<title>Just a moment...</title>" in answer.body
    assert known_as(answer) == "challenge"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_country_page_is_for_clients_only_and_known_as_one(number: int) -> None:
    targets = tuple(Target(name=f"shop{index}", address_group="one") for index in range(3))
    host = host_of(Condition(kind="geo_page"), targets=targets)
    refused = ask(host, name=f"shop{number}.example")
    assert refused.status == 403
    assert known_as(refused) == "geo"
    assert ask(host, name=f"shop{number}.example", who=CONTROL).status == 200


def test_conditions_of_one_network_leave_the_others_alone() -> None:
    host = host_of(Condition(kind="geo_451", networks=["abroad"]))
    assert ask(host, who=OTHER_CLIENT).status == 451
    assert ask(host, who=CLIENT).status == 200
    assert ask(host, who=CONTROL).status == 200


def test_redirects_of_every_kind() -> None:
    loop = host_of(Condition(kind="redirect_loop"))
    first = field(ask(loop), "location")
    assert first == "https://shop.example/loop/a"
    assert field(ask(loop, path="/loop/a"), "location") == "https://shop.example/loop/b"
    assert field(ask(loop, path="/loop/b"), "location") == first
    bad = host_of(Condition(kind="bad_redirect"))
    assert field(ask(bad), "location") == "https://missing.shop.example/welcome"
    other = host_of(Condition(kind="redirect_other_host"))
    assert field(ask(other), "location") == "https://www.shop.example/"
    assert ask(other, name="www.shop.example").status == 200
    upgrade = host_of(Condition(kind="http_to_https"))
    assert field(ask(upgrade, secure=False), "location") == "https://shop.example/"
    assert ask(upgrade).status == 200


def test_a_status_comes_as_it_was_asked_for() -> None:
    answer = ask(host_of(Condition(kind="status", status=503)))
    assert answer.status == 503
    assert b"503 Service Unavailable" in answer.body


def test_a_dynamic_page_is_never_twice_the_same() -> None:
    host = host_of(Condition(kind="dynamic_page"))
    bodies = {ask(host).body for _ in range(5)}
    assert len({len(body) for body in bodies}) == 5


def test_a_language_page_differs_by_country_in_its_title_only() -> None:
    host = host_of(Condition(kind="language_page"))
    here, there, control = (ask(host, who=who).body for who in (CLIENT, OTHER_CLIENT, CONTROL))
    assert len({here, there, control}) == 3
    assert {len(here), len(there), len(control)} == {6_000}
    assert b"<title>Shop</title>" in control


def test_the_control_alone_is_refused() -> None:
    reset = host_of(Condition(kind="control_refused"))
    assert reset.fate("shop.example", CONTROL, is_request=False) == "reset"
    assert reset.fate("neutral.example", CONTROL, is_request=False) == "serve"
    assert reset.fate("shop.example", CLIENT, is_request=False) == "serve"
    page = host_of(Condition(kind="control_refused", status=403))
    assert (ask(page, who=CONTROL).status, ask(page).status) == (403, 200)


def test_slow_truncated_and_quic_offering_answers_say_so() -> None:
    host = host_of(
        Condition(kind="slow_server", seconds=3),
        Condition(kind="truncated_page"),
        targets=(Target(name="shop", quic=True),),
    )
    answer = ask(host)
    assert (answer.wait_s, answer.cut_at) == (3, 3_000)
    assert field(answer, "alt-svc").startswith('h3=":443"')


def test_targets_of_one_host_are_told_apart_by_their_urls() -> None:
    targets = (
        Target(name="front", host="shop.example"),
        Target(name="old", host="shop.example", url="https://shop.example/old"),
    )
    host = host_of(Condition(kind="status", status=404, targets=["old"]), targets=targets)
    assert ask(host).status == 200
    assert ask(host, path="/old/page").status == 404


def test_a_healthy_page_refuses_nobody() -> None:
    answer = ask(host_of())
    assert known_as(answer) is None
    assert not looks_like_refusal(title_of(answer), answer.body.decode())


def test_notices_of_blocking_are_known_but_for_one() -> None:
    notices = [blocking_notice("shop.example", variant=variant) for variant in range(4)]
    refusals = [looks_like_refusal(title_of(notice), notice.body.decode()) for notice in notices]
    assert refusals == [True, True, True, False]
    assert known_as(notices[0]) == "blockpage"


def test_a_portal_leads_everything_to_its_sign_in_page() -> None:
    portal = PortalHost(network=country_of().networks[0])
    request = Request(method="GET", host="portal.check.example", path="/generate_204")
    answer = portal.respond(request, CLIENT)
    assert answer.status == 302
    assert field(answer, "location").startswith("http://198.18.10.1:8081/login")
    page = portal.respond(Request(method="GET", host="198.18.10.1", path="/login"), CLIENT)
    assert known_as(page) == "captive"
