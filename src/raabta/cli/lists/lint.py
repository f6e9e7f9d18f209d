"""``raabta list lint``: what is wrong with a list, or with a list of host names."""

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.collecting import without_collecting
from raabta.cli.diagnose import fail
from raabta.cli.lists.options import TablesOption, in_words, tables_from
from raabta.cli.register.opening import now
from raabta.cli.register.table import FormatOption, as_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raabta.model.exemption import LintFinding
    from raabta.reference.tables import Tables

BROKEN: Final = 1
WIDTH: Final = 80
_ROWS_MAX: Final = 200
"""Findings that people are shown; programs get all."""


def lint(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A list (canonical JSON).")] = None,
    *,
    names: Annotated[
        Path | None, typer.Option("--names", metavar="FILE", help="Host names instead, one a line; # begins a remark.")
    ] = None,
    measure: Annotated[bool, typer.Option("--measure", help="Look at each name and at what its page needs.")] = False,
    resolver: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Whom to ask for names when measuring. Default: 8.8.8.8.")
    ] = "",
    closure: Annotated[
        Path | None, typer.Option("--closure", metavar="FILE", help="Keep what was measured here; read if it is there.")
    ] = None,
    missing: Annotated[bool, typer.Option("--missing", help="Print the hosts to add, in place of findings.")] = False,
    recipient: Annotated[str, typer.Option(metavar="ID", help="Whom the list must be for.")] = "",
    asn: Annotated[
        list[int] | None, typer.Option(metavar="N", help="A network of the recipient; may be repeated.")
    ] = None,
    tables: TablesOption = None,
    format_: FormatOption = None,
) -> None:
    """Say what is wrong with a list, by which rule, and what to try. Rules: docs/lint-rules.md.

    Exit code: 0 nothing hard, 1 a rule is broken or a file cannot be read, 2 wrong usage.
    """
    given = file if names is None else names
    if given is None or None not in (file, names):
        fail("give a list, or --names FILE with host names. Try: raabta list lint exemptions.json")
    if names is None and (measure or missing or closure or resolver):
        fail("--measure, --missing, --closure and --resolver go with --names FILE.")
    if (missing or resolver) and not (measure or closure):
        fail("nothing is measured. Add --measure, or --closure FILE with what was measured before.")
    if names is not None and (recipient or asn):
        fail("--recipient and --asn go with a list, not with --names.")
    with in_words(), without_collecting():
        own = tables_from(tables)
        if names is None:
            findings, summary = _lint_file(given, recipient, asn or [], own)
        else:
            findings, summary = _lint_names(given, resolver if measure else None, closure, own, missing=missing)
    _print(findings, as_json=as_lines(format_), quiet=missing)
    typer.echo(summary, err=True)
    if any(finding.hard for finding in findings):
        raise typer.Exit(BROKEN)


def _lint_file(file: Path, recipient: str, asns: list[int], tables: "Tables") -> "tuple[Sequence[LintFinding], str]":
    from raabta.model.exemption import ExemptionList, Recipient  # noqa: PLC0415  --help need not wait for it
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415
    from raabta.remedy.lint import bench_of, lint_list  # noqa: PLC0415

    listed = read_canonical(file.read_bytes(), ExemptionList, name=str(file))
    whom = Recipient(id=recipient or listed.recipient, name="", asns=tuple(asns)) if recipient or asns else None
    findings = lint_list(listed, bench=bench_of(tables, whom), now=now())
    n_hard = sum(finding.hard for finding in findings)
    words = f"{len(listed.entries)} entries, {len(listed.grants)} grants, {len(listed.restrictions)} restrictions"
    return findings, f"{words}: {n_hard} hard findings, {len(findings) - n_hard} soft."


def _lint_names(
    file: Path, resolver: str | None, kept: Path | None, tables: "Tables", *, missing: bool
) -> "tuple[Sequence[LintFinding], str]":
    from raabta.cli.lists.names import closure_of  # noqa: PLC0415  as above
    from raabta.pipeline.closing import judge_names  # noqa: PLC0415

    text = file.read_text("utf-8", errors="replace")
    judged = judge_names(text, closure_of(text, resolver, kept), tables=tables)
    if missing:
        for host in judged.missing:
            typer.echo(host)
    basis = "as listed" if judged.closure is not None else "by their form; --measure tells whether they work"
    return judged.findings, f"{len(judged.usable)} of {len(judged.names)} names are usable {basis}."


def _print(findings: "Sequence[LintFinding]", *, as_json: bool, quiet: bool) -> None:
    if quiet:
        return
    if as_json:
        import msgspec  # noqa: PLC0415  as above

        for finding in findings:
            typer.echo(msgspec.json.encode(finding).decode())
        return
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)
    for finding in findings[:_ROWS_MAX]:
        head = f"{'refused' if finding.hard else 'told'}  {finding.subject}  {finding.place}  [{finding.rule}]"
        typer.echo(head)
        for text in (f"{finding.words}.", finding.advice):
            typer.echo(textwrap.fill(text, width, initial_indent="    ", subsequent_indent="    "))
    if len(findings) > _ROWS_MAX:
        typer.echo(f"{len(findings) - _ROWS_MAX} more are not shown. Add --format jsonl for all.", err=True)
