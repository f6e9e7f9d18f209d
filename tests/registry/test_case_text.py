import datetime as dt

import pytest

from raabta.model.register import CaseStep, Document
from raabta.registry.case_text import read_documents, read_steps, row_of, without_hashes, write_documents, write_steps
from tests.cases.membership import NOW, case

STEPS = (
    CaseStep(status="draft", at=NOW),
    CaseStep(status="evidence", at=NOW + dt.timedelta(microseconds=7), by="officer by 1"),
    CaseStep(status="rejected", at=NOW + dt.timedelta(days=1), by="Ayesha; 50 % day", reason="papers_missing"),
)
PAPERS = (
    Document(kind="identity", seen_at=NOW, seen_by="officer because 1"),
    Document(kind="incorporation", waived="the tax office has it; see 100%3B"),
)


def test_steps_and_papers_come_back_as_they_were_written() -> None:
    assert read_steps(write_steps(STEPS)) == STEPS
    assert read_documents(write_documents(PAPERS)) == PAPERS
    assert (read_steps(""), read_documents(" ; ")) == ((), ())


def test_the_text_can_be_read_by_people() -> None:
    assert write_steps(STEPS[2:]) == ("2026-11-23T09:00:00Z rejected because papers_missing by Ayesha%3B 50 %25 day")
    assert write_documents(PAPERS[:1]) == "identity seen 2026-11-22T09:00:00Z by officer because 1"


@pytest.mark.parametrize(
    "text",
    [
        "draft",
        "2026-11-22T09:00:00Z",
        "2026-11-22T09:00:00Z thrown_away",
        "2026-11-22T09:00:00 draft",
        "35202-1234567-1 draft",
        "2026-11-22T09:00:00Z draft since officer-1",
    ],
)
def test_a_step_that_is_none_is_told_by_its_place_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^step 2: a time as") as told:
        read_steps(f"2026-11-22T09:00:00Z draft; {text}")
    assert "35202" not in str(told.value)


@pytest.mark.parametrize("text", ["identity", "identity seen", "identity seen today by x", "identity waived"])
def test_a_paper_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"^paper 1: a paper, then"):
        read_documents(text)


def test_hashes_of_papers_do_not_leave() -> None:
    seen = case(documents=(Document(kind="identity", seen_at=NOW, seen_by="x", fingerprint="0f0f"),))
    assert "0f0f" not in row_of(seen).documents
    assert without_hashes(seen).documents[0].fingerprint == ""
