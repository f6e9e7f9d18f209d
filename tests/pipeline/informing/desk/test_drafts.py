from collections.abc import Iterator

import pytest

from raabta.model.incident import ConsultationDraft
from raabta.pipeline.informing.desk.drafts import (
    STEPS,
    DraftGiven,
    add_version,
    compare_versions,
    new_draft,
    require_draft,
    set_draft_state,
    version_of,
)
from raabta.registry import Records
from tests.cases.desk_records import new_id, register_with
from tests.cases.incident_file import NOW, at


@pytest.fixture
def records() -> Iterator[Records]:
    with register_with() as register, register.change() as found:
        yield found


def begun(records: Records, text: str = "One.\n\nTwo.") -> ConsultationDraft:
    given = DraftGiven(title="On filters", text=text, consultation="Regulator 12/2024", respond_by=at(600))
    return new_draft(records, given, by="Sana", now=NOW, new_id=new_id)


def test_versions_follow_each_other_and_none_is_lost(records: Records) -> None:
    draft = begun(records)
    changed = add_version(records, draft.id, text="One.\n\nThree.", by="Omar", note="shorter", now=at(5))
    assert require_draft(records, draft.id) == changed
    assert [(one.number, one.by, one.text) for one in changed.versions] == [
        (1, "Sana", "One.\n\nTwo."),
        (2, "Omar", "One.\n\nThree."),
    ]
    assert version_of(changed, None).number == 2
    assert version_of(changed, 1).text == "One.\n\nTwo."


def test_the_difference_of_two_versions_is_shown_line_by_line(records: Records) -> None:
    draft = begun(records)
    changed = add_version(records, draft.id, text="One.\n\nThree.", by="Omar", now=at(5))
    assert compare_versions(changed, 1) == [
        f"--- {draft.id} version 1, 2024-11-10 09:30 UTC, Sana",
        f"+++ {draft.id} version 2, 2024-11-10 09:35 UTC, Omar",
        "@@ -1,3 +1,3 @@",
        " One.",
        " ",
        "-Two.",
        "+Three.",
    ]
    assert compare_versions(changed, 1, newer=1) == []


def test_the_same_text_is_no_new_version(records: Records) -> None:
    draft = begun(records)
    with pytest.raises(ValueError, match="the same as that of version 1"):
        add_version(records, draft.id, text="One.\r\n\r\nTwo.  \n", by="Omar", now=NOW)


@pytest.mark.parametrize("state", ["submitted", "withdrawn"])
def test_what_was_submitted_or_withdrawn_stays_as_it_is(records: Records, state: str) -> None:
    draft = begun(records)
    set_draft_state(records, draft.id, state="submitted" if state == "submitted" else "withdrawn", now=at(1))
    with pytest.raises(ValueError, match="stays as it is"):
        add_version(records, draft.id, text="New.", by="Omar", now=at(2))
    with pytest.raises(ValueError, match="what may follow is nothing"):
        set_draft_state(records, draft.id, state="circulated", now=at(2))


def test_every_state_that_may_follow_is_one() -> None:
    assert {one for some in STEPS.values() for one in some} <= set(STEPS)


def test_what_is_not_there_is_said(records: Records) -> None:
    with pytest.raises(LookupError, match="no draft"):
        require_draft(records, "dr-x")
    with pytest.raises(LookupError, match="it has no version 2"):
        version_of(begun(records), 2)
    with pytest.raises(ValueError, match="text: it is empty"):
        begun(records, text=" \n ")
