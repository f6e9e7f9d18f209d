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
from raabta.cli.output import open_console, open_output
from raabta.cli.progress import Progress
from raabta.cli.tally import Tally
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
    return iter([_as_outcome(found) for found in _each(request, _prepare(request))])


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


def _each(request: Request, diagnosis: Diagnosis) -> Iterator[tuple[Measurement, Verdict] | Rejection]:
    if request.example:
        return iter([diagnose_document(example_document(), diagnosis, file=EXAMPLE)])
    return diagnose_each(request.paths, diagnosis)


def _prepare(request: Request) -> Diagnosis:
    context = gather_context(request.settings) if request.context else None
    return load_diagnosis(request.settings, context=context)


def _explain(request: Request, output: BinaryIO, tally: Tally) -> None:
    from raabta.cli.report.explain import explain, questions_of  # noqa: PLC0415  rich's tables, which files do not need

    diagnosis = _prepare(request)
    questions = questions_of(diagnosis)
    console = open_console(output)
    for found in _each(request, diagnosis):
        if isinstance(found, Rejection):
            tally.reject(found)
            continue
        measurement, verdict = found
        explain(console, measurement, verdict=verdict, questions=questions)
        tally.n_read += 1
        tally.n_with_losses += bool(verdict.notes)
