from pathlib import Path
from typing import Any

import pytest

from raabta.pipeline.importing import ENDPOINT_COLUMNS, IDENTITY_COLUMNS, ORGANISATION_COLUMNS, PERSON_COLUMNS
from tests.docs.test_pages import DOCS, fenced, tables, text_of

PAGE = text_of(DOCS / "guides" / "register.md")


def test_the_table_of_columns_is_the_code_s() -> None:
    ((_, _, rows),) = [found for found in tables(PAGE) if found[1] == ["table", "columns"]]
    assert [tuple(row[1].split(", ")) for row in rows] == [
        ORGANISATION_COLUMNS,
        (*PERSON_COLUMNS, *IDENTITY_COLUMNS),
        ENDPOINT_COLUMNS,
    ]


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page"}
    (example,) = fenced(PAGE, "python")
    exec(compile(example, "register.md", "exec"), names)
    assert capsys.readouterr().out == "['39.40.1.1/32']\n1 17557\n"
