"""The guide to applications says which step may follow which, as the code has it."""

from raabta.model import CASE_STEPS
from raabta.registry.case_text import CASE_COLUMNS
from tests.docs.test_pages import DOCS, table

PAGE = DOCS / "guides" / "applications.md"


def test_the_table_of_steps_is_the_code_s() -> None:
    rows = {row[0]: set(row[1].split(", ")) for row in table(PAGE, "from", "may become")}
    assert rows == {status: set(following) for status, following in CASE_STEPS.items()}


def test_the_table_of_columns_is_the_code_s() -> None:
    assert [tuple(row[1].split(", ")) for row in table(PAGE, "table", "columns")] == [CASE_COLUMNS]
