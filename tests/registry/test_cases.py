"""An application: what it needs, what stands in its way, and which step may follow which."""

import datetime as dt
from typing import Any, get_args

import pytest

from raabta.model.register import CASE_STEPS, Case, CaseStatus, CaseStep, Document
from raabta.registry.cases import advance, missing, open_case, see_document
from raabta.registry.country import load_country
from tests.cases.membership import NOW, case, company, endpoint, freelancer

PK = load_country("PK")


def step(status: Any, **fields: Any) -> CaseStep:
    return CaseStep(status=status, at=fields.pop("at", NOW + dt.timedelta(hours=1)), **fields)


def seen(*kinds: str) -> tuple[Document, ...]:
    return tuple(Document(kind=kind, seen_at=NOW, seen_by="officer-1") for kind in kinds)


def test_every_status_says_what_may_follow() -> None:
    assert set(CASE_STEPS) == set(get_args(CaseStatus))
    assert set().union(*CASE_STEPS.values()) <= set(CASE_STEPS)


def test_every_status_can_be_reached_from_draft() -> None:
    reached, edge = {"draft"}, ["draft"]
    while edge:
        following = CASE_STEPS[edge.pop()] - reached
        reached |= following
        edge += following
    assert reached == set(CASE_STEPS)


def test_a_case_begins_as_a_draft() -> None:
    opened = open_case("c-1", "pk.A", organisation=company(), endpoints=[endpoint()], country=PK, now=NOW)
    assert (opened.status, opened.endpoint_ids, [row.status for row in opened.steps]) == (
        "draft",
        ("e-lahore",),
        ["draft"],
    )


def test_a_freelancer_cannot_apply_as_a_company_and_hears_of_the_ways() -> None:
    with pytest.raises(ValueError, match=r"pk\.B, or forms a company first"):
        open_case("c-1", "pk.A", organisation=freelancer(), endpoints=[], country=PK, now=NOW)


def test_an_unknown_type_is_told_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"'pk\.X' is no type of application in Pakistan.*pk\.A \(VPN of a company\)"):
        open_case("c-1", "pk.X", organisation=company(), endpoints=[], country=PK, now=NOW)


def test_another_s_end_point_cannot_be_applied_for() -> None:
    with pytest.raises(ValueError, match="belongs to another organisation"):
        open_case("c-1", "pk.A", organisation=company(id="o-2"), endpoints=[endpoint()], country=PK, now=NOW)


@pytest.mark.parametrize("second", ["incorporation", "active_taxpayer"])
def test_either_of_two_papers_is_enough(second: str) -> None:
    assert missing(case(documents=seen("identity", second)), endpoints=[endpoint()], country=PK) == []


def test_each_missing_paper_is_told_with_what_would_do_in_its_place() -> None:
    gaps = missing(case(documents=seen("identity")), endpoints=[endpoint()], country=PK)
    assert gaps == [
        (
            "a paper was not seen: Certificate or letter of incorporation or registration"
            " or Proof of active taxpayer status (FBR)"
        )
    ]


def test_a_freelancer_s_client_letter_has_four_stand_ins() -> None:
    (group,) = [line for line in PK.application["B"].requires if "letter_of_authentication" in line]
    for paper in group:
        documents = seen("identity", paper)
        assert missing(case("pk.B", documents=documents), endpoints=[endpoint()], country=PK) == []


@pytest.mark.parametrize(("n_new", "n_earlier", "has_fee"), [(4, 0, False), (5, 0, True), (1, 4, True), (1, 3, False)])
def test_the_fee_begins_at_five_addresses_counting_earlier_ones(n_new: int, n_earlier: int, has_fee: bool) -> None:
    documents = seen("identity", "incorporation", "board_call_centre")
    places = [endpoint(id=f"e-{number}") for number in range(n_new)]
    gaps = missing(case("pk.C", documents=documents), endpoints=places, n_earlier=n_earlier, country=PK)
    assert gaps == (["a paper was not seen: Receipt of the fee"] if has_fee else [])


@pytest.mark.parametrize(
    ("fields", "gap"),
    [
        ({"prefix": ""}, "end point e-lahore has no address"),
        ({"operator": ""}, "end point e-lahore names no operator, who must confirm subscriber and address"),
        ({"remote": ""}, "end point e-lahore names no remote gateway"),
        ({"purpose": ""}, "end point e-lahore names no purpose"),
    ],
)
def test_an_end_point_that_is_not_complete_is_a_gap(fields: dict[str, str], gap: str) -> None:
    documents = seen("identity", "incorporation")
    assert missing(case(documents=documents), endpoints=[endpoint(**fields)], country=PK) == [gap]


def test_a_freelancer_on_a_mobile_line_needs_no_static_address() -> None:
    mobile = endpoint(prefix="", operator="", addressing="mobile")
    documents = seen("identity", "client_contract")
    assert missing(case("pk.B", documents=documents), endpoints=[mobile], country=PK) == []


def test_a_paper_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'passport_photo' is no paper of Pakistan"):
        see_document(case(), Document(kind="passport_photo", seen_at=NOW, seen_by="x"), country=PK, now=NOW)


def test_a_paper_nobody_saw_is_refused() -> None:
    with pytest.raises(ValueError, match="say who saw it, or why it is not needed"):
        see_document(case(), Document(kind="identity"), country=PK, now=NOW)


def test_a_paper_seen_again_replaces_the_line() -> None:
    once = see_document(case(), seen("identity")[0], country=PK, now=NOW)
    twice = see_document(once, Document(kind="identity", seen_at=NOW, seen_by="officer-2"), country=PK, now=NOW)
    assert [line.seen_by for line in twice.documents] == ["officer-2"]


def test_a_step_that_cannot_follow_is_refused_with_those_that_can() -> None:
    with pytest.raises(ValueError, match="is draft; from there it goes to: evidence, not to approved"):
        advance(case(), step("approved"), country=PK)


def test_nothing_is_handed_in_without_consent() -> None:
    with pytest.raises(ValueError, match="has not agreed that it goes to the regulator"):
        advance(case("pk.A", ("evidence", 0), ("verified", 0)), step("submitted"), country=PK)


def test_nothing_is_verified_with_a_gap() -> None:
    with pytest.raises(ValueError, match="cannot become verified: a paper was not seen"):
        advance(case("pk.A", ("evidence", 0)), step("verified"), country=PK, gaps=["a paper was not seen: x"])


def test_nothing_is_approved_without_the_regulator_s_reference() -> None:
    waiting = case("pk.A", ("evidence", 0), ("verified", 0), ("submitted", 0))
    with pytest.raises(ValueError, match="reference is not entered"):
        advance(waiting, step("approved"), country=PK)


def test_a_rejection_needs_a_reason_of_the_country() -> None:
    waiting = case("pk.A", ("evidence", 0), ("verified", 0), ("submitted", 0))
    with pytest.raises(ValueError, match="rejected needs a reason: one of"):
        advance(waiting, step("rejected"), country=PK)
    with pytest.raises(ValueError, match="'bad_mood' is no reason for rejected"):
        advance(waiting, step("rejected", reason="bad_mood"), country=PK)
    assert advance(waiting, step("rejected", reason="papers_missing"), country=PK).status == "rejected"


def test_a_step_cannot_lie_before_the_last_one() -> None:
    with pytest.raises(ValueError, match="a step cannot lie before that"):
        advance(case("pk.A", ("evidence", 5)), step("verified"), country=PK)


def test_the_way_through_keeps_every_step_with_its_time() -> None:
    found: Case = case(reference="PTA-1")
    for hours, status in enumerate(("evidence", "verified", "submitted", "operator_check", "approved"), start=1):
        found = advance(found, step(status, at=NOW + dt.timedelta(hours=hours)), country=PK, has_consent=True)
    assert [(row.status, row.at.hour - 9) for row in found.steps] == [
        ("draft", 0),
        ("evidence", 1),
        ("verified", 2),
        ("submitted", 3),
        ("operator_check", 4),
        ("approved", 5),
    ]
