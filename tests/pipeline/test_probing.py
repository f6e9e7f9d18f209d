import json
import socket

import pytest

from raabta.pipeline import Settings, diagnose_document, load_diagnosis
from raabta.pipeline.identity import Identity
from raabta.pipeline.probing import Probed
from raabta.probe.network import Surroundings
from raabta.probe.runner import BUDGET
from raabta.probe.trace import Budget
from tests.cases.authority import NOW
from tests.cases.rounds import ADDRESS, HOST, ZONE, Control, diagnosis, gazette, good_answer, news, probe, world
from tests.cases.scripted import RESET, Said, TcpPeer
from tests.cases.scripted_web import clear_site, page, site

URL = f"https://{HOST}/"
OTHER = "courier.example"
OTHER_ADDRESS = "203.0.113.20"


def only(found: list[Probed]) -> Probed:
    assert len(found) == 1
    assert found[0].error == ""
    return found[0]


def keys_of(found: Probed) -> dict[str, object]:
    return json.loads(found.document)["test_keys"]  # type: ignore[no-any-return]


def state_of(found: Probed) -> str:
    assert found.verdict is not None
    return found.verdict.state


def test_a_site_that_works_is_ok_and_needs_no_follow_up() -> None:
    found = only(probe(URL, on=world(gazette()), control=Control(good_answer())))
    assert state_of(found) == "ok"
    assert keys_of(found)["x_contrasts"] == []


def test_the_line_that_is_written_gives_the_same_verdict_to_anybody_who_reads_it() -> None:
    found = only(probe(URL, on=world(gazette()), control=Control(good_answer())))
    again = diagnose_document(found.document, diagnosis(), file="probe")
    assert isinstance(again, tuple)
    assert again[1] == found.verdict


def test_a_reset_by_name_is_followed_up_and_named() -> None:
    def cut(data: bytes) -> list[Said] | None:
        return [Said(RESET)] if HOST.encode() in data else None

    peer = site(news, HOST, "neutral.example")
    peer.box = (0, cut)
    found = only(probe(URL, on=world({(ADDRESS, 443): peer}), control=Control(good_answer())))
    kinds = {contrast["kind"] for contrast in keys_of(found)["x_contrasts"]}  # type: ignore[attr-defined]
    assert {"tls.repeat", "tls.other_name"} <= kinds
    assert found.verdict is not None
    assert found.verdict.mechanisms == ["tls.reset.sni"]


def test_a_site_that_nobody_reaches_is_down_and_not_blocked() -> None:
    failed = {"status": False, "failure": "generic_timeout_error"}
    answer = good_answer() | {
        "tcp_connect": {f"{ADDRESS}:443": failed},
        "tls_handshake": {},
        "http_request": {"failure": "generic_timeout_error", "body_length": -1, "status_code": -1, "headers": {}},
    }
    found = only(probe(URL, on=world({}), control=Control(answer)))
    assert state_of(found) == "down"


def test_without_any_network_no_target_is_asked_and_that_is_the_verdict() -> None:
    on = world(gazette(), around=Surroundings(), names={})
    control = Control(good_answer())
    found = only(probe(URL, f"https://{OTHER}/", on=on, control=control))
    assert found.verdict is not None
    assert (found.verdict.locus, found.verdict.mechanisms) == ("vantage", ["local.no_network"])
    assert [target.url for target in found.targets] == [URL, f"https://{OTHER}/"]
    assert json.loads(found.document)["input"] == URL
    assert control.asked == []


def test_behind_a_sign_in_page_no_target_is_asked_and_that_is_the_verdict() -> None:
    sign_in = clear_site(lambda *_: page("Sign in to the hotel"))
    found = only(probe(URL, on=world(gazette() | {("203.0.113.73", 80): sign_in})))
    assert found.verdict is not None
    assert found.verdict.mechanisms == ["local.captive_portal"]
    assert keys_of(found)["requests"] == []


def test_a_fault_of_ours_in_one_target_is_told_as_one_and_loses_no_other() -> None:
    def breaks(_data: bytes) -> list[Said]:
        raise ZeroDivisionError

    zone = ZONE | {OTHER: [OTHER_ADDRESS]}
    on = world(gazette() | {(OTHER_ADDRESS, 443): TcpPeer(talk=breaks)}, zone=zone)
    found = {one.targets[0].url: one for one in probe(URL, f"https://{OTHER}/", on=on)}
    assert found[URL].verdict is not None
    broken = found[f"https://{OTHER}/"]
    assert (broken.document, broken.verdict) == (b"", None)
    assert broken.error.startswith("ZeroDivisionError in breaks")


def test_a_url_that_cannot_be_probed_is_refused_before_anything_is_sent() -> None:
    on = world({})
    with pytest.raises(ValueError, match="cannot be probed"):
        probe(URL, "ftp://x.example/", on=on)
    assert on.sent == []


def test_country_and_network_come_from_the_user_and_else_from_the_control() -> None:
    control = Control(good_answer())
    told = json.loads(only(probe(URL, on=world(gazette()), control=control)).document)
    assert (told["probe_cc"], told["probe_asn"]) == ("PK", "AS64500")
    learnt = json.loads(only(probe(URL, on=world(gazette()), control=control, identity=Identity())).document)
    assert (learnt["probe_cc"], learnt["probe_asn"]) == ("PK", "AS64500")
    unknown = json.loads(only(probe(URL, on=world(gazette()), identity=Identity())).document)
    assert (unknown["probe_cc"], unknown["probe_asn"]) == ("ZZ", "AS0")


def test_the_control_is_asked_about_every_address_that_was_found() -> None:
    control = Control(good_answer())
    probe(URL, on=world(gazette()), control=control)
    assert control.asked == [(URL, (f"{ADDRESS}:443",))]


def test_a_control_that_fails_is_said_and_blames_nobody() -> None:
    control = Control(None, "generic_timeout_error")
    found = only(probe(URL, on=world(gazette()), control=control))
    assert keys_of(found)["control_failure"] == "generic_timeout_error"
    assert state_of(found) == "ok"


def test_the_rounds_budget_stops_targets_and_says_so() -> None:
    zone = {f"s{index}.example": [ADDRESS] for index in range(40)} | ZONE
    urls = [f"http://s{index}.example/" for index in range(40)]
    total = Budget(max_s=600, max_packets=200, max_bytes=10_000_000)
    found = probe(*urls, on=world(gazette(), zone=zone), total=total)
    skipped = [one for one in found if {"what": "target", "reason": BUDGET} in keys_of(one)["x_skipped"]]  # type: ignore[operator]
    assert len(found) == 40
    assert skipped
    assert {state_of(one) for one in skipped} == {"insufficient"}


def test_what_is_left_open_is_closed() -> None:
    on = world(gazette())
    probe(URL, on=on, control=Control(good_answer()))
    assert on.n_open == 0


def test_a_resolver_that_fails_for_one_name_is_repeated_before_it_is_believed() -> None:
    on = world(gazette(), names={**ZONE, HOST: socket.EAI_AGAIN})
    found = only(probe(URL, on=on, control=Control(good_answer())))
    kinds = [contrast["kind"] for contrast in keys_of(found)["x_contrasts"]]  # type: ignore[attr-defined]
    assert "dns.repeat" in kinds


def test_follow_ups_compare_with_the_control_where_the_settings_name_no_place_elsewhere() -> None:
    on = world(
        {(ADDRESS, 443): TcpPeer(talk=lambda _: [Said(RESET)])}, zone={**ZONE, "control.example": ["203.0.113.90"]}
    )
    probe(URL, on=on, control=Control(good_answer()), control_place=("control.example", 8443))
    assert any(where == "203.0.113.90:8443" for what, where, *_ in on.sent if what == "syn")


def test_packets_and_bytes_of_each_target_are_counted() -> None:
    found = only(probe(URL, on=world(gazette()), control=Control(good_answer())))
    assert found.n_packets > 10
    assert found.n_bytes > 2_000


def test_the_date_of_the_package_does_not_change_what_is_read() -> None:
    found = only(probe(URL, on=world(gazette()), control=Control(good_answer())))
    assert isinstance(diagnose_document(found.document, load_diagnosis(Settings(today=NOW.date()))), tuple)
