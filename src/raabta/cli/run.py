"""Documents through the pipeline to a writer, with a count of what was read and what was not."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import BinaryIO, Final

import msgspec
import typer
from msgspec import Struct

from raabta.cli.diagnose import Format, fail
from raabta.cli.output import open_output
from raabta.cli.progress import Progress
from raabta.cli.words import counted, plain
from raabta.cli.writers import Writer, make_writer
from raabta.diagnose import PRIORS, Diagnosis
from raabta.model import Measurement, Rejection, Verdict
from raabta.pipeline import (
    Outcome,
    Settings,
    diagnose_bulk,
    diagnose_document,
    diagnose_each,
    example_document,
    load_diagnosis,
)
from raabta.pipeline.bulk import gather_context

SOME_REJECTED: Final = 3
NOT_FINISHED: Final = 1
SHOWN_REJECTIONS: Final = 5
EXAMPLE: Final = "example"
"""The example's name in its verdict's ``source``."""


class Request(Struct, frozen=True, kw_only=True):
    """What was asked for, checked."""

    paths: tuple[str, ...]
    kind: Format
    output: str
    rejects: str | None
    jobs: int
    context: tuple[str, ...]
    explain: bool
    prior: str
    example: bool
    today: date

    @property
    def settings(self) -> Settings:
        """What the pipeline needs to know."""
        return Settings(today=self.today, prior=self.prior, context=self.context)


class Tally:
    """Counts what became of documents; keeps the first rejections and writes all of them where a file is given."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.n_read = self.n_rejected = self.n_with_losses = 0
        self._file = file
        self._first: list[Rejection] = []

    def reject(self, rejection: Rejection) -> None:
        """Count a document that could not be read."""
        self.n_rejected += 1
        if self._file is not None:
            self._file.write(msgspec.json.encode(rejection) + b"\n")
        elif len(self._first) < SHOWN_REJECTIONS:
            self._first.append(rejection)

    def say(self, rejects: str | None) -> None:
        """Say on standard error what was read and what was not."""
        words = f"Read {counted(self.n_read, 'document')}"
        if self.n_rejected:
            words += f", rejected {self.n_rejected:,}" + (f" (see {rejects})" if rejects is not None else "")
        typer.echo(f"{words}.", err=True)
        if self.n_with_losses:
            them = counted(self.n_with_losses, "document")
            typer.echo(f"In {them} some fields could not be read; the notes of the verdicts name them.", err=True)
        for it in self._first:
            typer.echo(f"  {plain(it.file)}:{it.line}  {plain(it.field)}: {plain(it.reason)}", err=True)
        if self._first:
            more = self.n_rejected - len(self._first)
            typer.echo(f"  {f'… and {more:,} more; ' if more else ''}use --rejects FILE to keep them all.", err=True)


def run(request: Request) -> None:
    """Diagnose what was asked for, write it, say the counts.

    Raises:
        typer.Exit: With the code that says how it went, where that is not 0.
    """
    if request.prior not in PRIORS:
        fail(f"--prior {request.prior}: there is no such prior. Try one of: {', '.join(PRIORS)}")
    try:
        tally = _diagnose(request)
    except BrokenPipeError:
        raise
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        fail(f"{about}{error.strerror or error}. Free some space or write elsewhere with --output.", code=NOT_FINISHED)
    if not request.example:
        tally.say(request.rejects)
    if tally.n_rejected:
        raise typer.Exit(SOME_REJECTED)


def _diagnose(request: Request) -> Tally:
    with ExitStack() as stack:
        rejects = None if request.rejects is None else stack.enter_context(open_output(request.rejects))
        output = stack.enter_context(open_output(request.output))
        tally = Tally(rejects)
        if request.explain:
            _explain(request, output, tally)
            return tally
        progress = stack.enter_context(Progress(request.paths, quiet=_scrolls(request)))
        _write(_outcomes(request), make_writer(request.kind, output), tally, progress)
    return tally


def _scrolls(request: Request) -> bool:
    """Say whether lines of output pass over the terminal, where a bar would be in their way."""
    return request.kind is not Format.TABLE and request.output == "-" and sys.stdout.isatty()


def _outcomes(request: Request) -> Iterator[Outcome]:
    if not request.example:
        return diagnose_bulk(request.paths, request.settings, jobs=request.jobs)
    return iter([_as_outcome(found) for found in _each(request)])


def _as_outcome(found: tuple[Measurement, Verdict] | Rejection) -> Outcome:
    if isinstance(found, Rejection):
        return Outcome(jsonl=b"", n_verdicts=0, rejections=[found], read_bytes=0)
    return Outcome(jsonl=msgspec.json.encode(found[1]) + b"\n", n_verdicts=1, rejections=[], read_bytes=0)


def _write(outcomes: Iterator[Outcome], writer: Writer, tally: Tally, progress: Progress) -> None:
    for outcome in outcomes:
        writer.write(outcome.jsonl)
        tally.n_read += outcome.n_verdicts
        # Quotes inside JSON strings are escaped, so these bytes can only be the verdict's own empty list.
        tally.n_with_losses += outcome.n_verdicts - outcome.jsonl.count(b'"notes":[]')
        for rejection in outcome.rejections:
            tally.reject(rejection)
        progress.update(outcome.read_bytes, tally.n_read)
    progress.close()
    writer.finish()


def _each(request: Request) -> Iterator[tuple[Measurement, Verdict] | Rejection]:
    diagnosis = _prepare(request)
    if request.example:
        return iter([diagnose_document(example_document(), diagnosis, file=EXAMPLE)])
    return diagnose_each(request.paths, diagnosis)


def _prepare(request: Request) -> Diagnosis:
    context = gather_context(request.settings) if request.context else None
    return load_diagnosis(request.settings, context=context)


def _explain(request: Request, output: BinaryIO, tally: Tally) -> None:
    ...
