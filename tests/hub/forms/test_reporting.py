import datetime as dt
from html import unescape
from pathlib import Path

import pytest
from msgspec import structs

from raabta.hub.forms.incoming.limits import PER_NETWORK_MAX
from raabta.model.incident import MemberReport
from raabta.pipeline.informing.subscribing.inviting import make_invitation
from tests.cases.subscribing import Visitor
from tests.registry.specimens import NOW, organisation

REPORT = {
    "component": "cloudflare",
    "operator": "ptcl",
    "symptom": "slow",
    "place": "Lahore",
    "words": "since noon",
    "contact": "someone@example.pk",
    "began": "2026-11-23T14:00",
    "l": "ur",
}


def reports(visitor: Visitor) -> list[MemberReport]:
    with visitor.register.look() as records:
        return list(records.find(MemberReport))


def test_a_report_comes_in_and_its_code_tells_what_became_of_it(visitor: Visitor) -> None:
    told = visitor.post("/report", REPORT)
    (report,) = reports(visitor)
    assert (report.way, report.target, report.operator_id, report.symptom) == ("web", "cloudflare", "ptcl", "slow")
    assert (report.place, report.words, report.contact, report.language) == (
        "Lahore",
        "since noon",
        "someone@example.pk",
        "ur",
    )
    assert report.began_at == dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
    assert f"{report.code[:4]} {report.code[4:]}" in told.text
    for path in (f"/report/{report.code}", f"/report/{report.code.lower()}", f"/report/state?code={report.code}&l=ur"):
        state = visitor.get(path)
        assert state.status == 200
        assert "someone@example.pk" not in state.text
        assert "since noon" not in state.text


def test_what_became_of_a_report_is_shown_as_text(visitor: Visitor) -> None:
    visitor.post("/report", REPORT)
    (report,) = reports(visitor)
    with visitor.register.change() as records:
        records.put(structs.replace(report, state="closed", closed_because="<b>solved</b>"))
    shown = visitor.get(f"/report/{report.code}?l=en").text
    assert "<b>solved" not in shown
    assert "<b>solved</b>" in unescape(shown)


def test_nothing_of_the_visitors_machine_is_in_the_register(visitor: Visitor, tmp_path: Path) -> None:
    agent = "Agent-of-a-visitor/1"
    visitor.post("/report", REPORT, client="203.0.113.77", **{"user-agent": agent})
    visitor.post("/subscribe", {"address": "a@example.pk"}, client="203.0.113.77", **{"user-agent": agent})
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"203.0.113" not in kept
    assert agent.encode() not in kept


def test_a_report_names_a_component_or_a_host_and_paths_are_cut_off(visitor: Visitor) -> None:
    visitor.post("/report", {"target": "https://mail.example.com/inbox/secret?user=x", "component": ""})
    assert [report.target for report in reports(visitor)] == ["mail.example.com"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"component": "", "target": ""}, "target"),
        ({"component": "nothing such"}, "target"),
        ({"operator": "x"}, "operator"),
        ({"place": "12 Mall Road"}, "place"),
        ({"began": "soon"}, "began"),
        ({"began": "2030-01-01T00:00"}, "began"),
        ({"words": "x" * 1001}, "words"),
        ({"contact": "a@example.pk,b@example.pk"}, "contact"),
        ({"invitation": "x"}, "invitation"),
    ],
)
def test_a_wrong_field_is_told_and_what_was_typed_stays(visitor: Visitor, wrong: dict[str, str], field: str) -> None:
    told = visitor.post("/report", REPORT | wrong | {"l": "en"})
    assert (told.status, reports(visitor)) == (400, [])
    assert 'class="complaint"' in told.text
    if field in ("target", "place", "began", "contact", "invitation"):
        assert f'id="{field}"' in told.text.partition('aria-invalid="true"')[0].rpartition("<input")[2]
    assert "since noon" in told.text or "words" in wrong


def test_markup_in_any_field_is_shown_as_text(visitor: Visitor) -> None:
    markup = '"></textarea><script>alert(1)</script>{{7*7}}'
    told = visitor.post("/report", dict.fromkeys(REPORT, markup))
    assert told.status == 400
    assert "<script" not in told.text
    assert "</textarea>&" not in told.text.replace("\n", "")


def test_a_member_may_say_so_with_their_code(visitor: Visitor) -> None:
    with visitor.register.change() as records:
        records.add(organisation())
        code = make_invitation(records, "o-a", now=NOW, days=30)
    visitor.post("/report", REPORT | {"invitation": code})
    assert [report.member_id for report in reports(visitor)] == ["o-a"]


@pytest.mark.parametrize("code", ["AAAAAAAA", "x", "<script>", "0" * 8, "state"])
def test_a_code_that_nobody_got_tells_nothing(visitor: Visitor, code: str) -> None:
    told = visitor.get(f"/report/{code}")
    assert told.status == 404
    assert "<script>" not in told.text


def test_codes_cannot_be_tried_without_end(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PER_NETWORK_MAX, "look", 3)
    statuses = [visitor.get(f"/report/{n:08}").status for n in range(5)]
    assert statuses == [404, 404, 404, 429, 429]


def test_one_network_may_report_so_often_in_an_hour(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PER_NETWORK_MAX, "report", 2)
    assert [visitor.post("/report", b"").status for _ in range(3)] == [400, 400, 429]
