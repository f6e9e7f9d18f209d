"""A case's steps and papers as one line of text each, for tables: written, and read back the same.

    steps       2026-11-22T09:00:00Z draft; 2026-11-23T10:30:00Z rejected because papers_missing by officer-1
    documents   identity seen 2026-11-22T09:00:00Z by officer-1; incorporation waived the tax office has it

Parts are separated by semicolons; one inside a text is written %3B, and a per cent sign %25. The hash of a paper is not
written: it stays in the register, and without its key it says nothing.
"""

import re
from typing import Any, Final

from msgspec import Struct, structs

from raabta.model.register import Case, CaseStep, Document
from raabta.registry.tabular import read_field, write_field

_STEP: Final = re.compile(r"(?P<at>\S+) (?P<status>\S+)(?: because (?P<reason>\S+))?(?: by (?P<by>.+))?")
_PAPER: Final = re.compile(r"(?P<kind>\S+) (?:seen (?P<seen_at>\S+) by (?P<seen_by>.+)|waived (?P<waived>.+))")
_STEP_FORM: Final = (
    "a time as 2026-11-23T10:00:00Z, a status, `because` and a reason code where it has one, `by` and who"
)
_PAPER_FORM: Final = "a paper, then `seen 2026-11-23T10:00:00Z by` and who saw it, or `waived` and why; not both"


class CaseRow(Struct, frozen=True, kw_only=True):
    """A case as a row of a table."""

    id: str
    organisation_id: str
    kind: str
    status: str
    reference: str
    valid_until: str
    endpoint_ids: str
    steps: str
    documents: str


CASE_COLUMNS: Final = CaseRow.__struct_fields__


def row_of(case: Case) -> CaseRow:
    """Write a case as a row."""
    texts = {name: write_field(getattr(case, name)) for name in CASE_COLUMNS if name not in ("steps", "documents")}
    return CaseRow(**texts, steps=write_steps(case.steps), documents=write_documents(case.documents))


def without_hashes(case: Case) -> Case:
    """Give a case as it may leave the register: without the hashes of papers."""
    return structs.replace(case, documents=tuple(structs.replace(paper, fingerprint="") for paper in case.documents))


def write_steps(steps: tuple[CaseStep, ...]) -> str:
    """Write steps, in their order."""
    return "; ".join(map(_write_step, steps))


def write_documents(papers: tuple[Document, ...]) -> str:
    """Write papers, in their order."""
    return "; ".join(map(_write_paper, papers))


def read_steps(text: str) -> tuple[CaseStep, ...]:
    """Read what ``write_steps`` wrote.

    Raises:
        ValueError: It is none of it. The words say which part, and repeat nothing.
    """
    return tuple(_read_part(CaseStep, _STEP, part, f"step {place}: {_STEP_FORM}.") for place, part in _parts(text))


def read_documents(text: str) -> tuple[Document, ...]:
    """Read what ``write_documents`` wrote.

    Raises:
        ValueError: It is none of it. The words say which part, and repeat nothing.
    """
    return tuple(_read_part(Document, _PAPER, part, f"paper {place}: {_PAPER_FORM}.") for place, part in _parts(text))


def _write_step(step: CaseStep) -> str:
    because = f" because {_escaped(step.reason)}" if step.reason else ""
    by = f" by {_escaped(step.by)}" if step.by else ""
    return f"{write_field(step.at)} {step.status}{because}{by}"


def _write_paper(paper: Document) -> str:
    if paper.seen_at is None:
        return f"{paper.kind} waived {_escaped(paper.waived)}"
    return f"{paper.kind} seen {write_field(paper.seen_at)} by {_escaped(paper.seen_by)}"


def _parts(text: str) -> "enumerate[str]":
    return enumerate(filter(None, (part.strip() for part in text.split(";"))), start=1)


def _read_part(kind: Any, form: re.Pattern[str], part: str, words: str) -> Any:
    found = form.fullmatch(part)
    if found is None:
        raise ValueError(words)
    try:
        return kind(**{name: _value(kind, name, text) for name, text in found.groupdict().items() if text})
    except ValueError:
        raise ValueError(words) from None  # the reader's own words may repeat the text


def _value(kind: Any, name: str, text: str) -> Any:
    return read_field(kind, name, text=_plain(text))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(";", "%3B")


def _plain(text: str) -> str:
    return text.replace("%3B", ";").replace("%25", "%")
