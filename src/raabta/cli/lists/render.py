"""``raabta list render``: a list as the files that firewalls, name servers and routers load."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import STANDARD, fail, require_folder
from raabta.cli.lists.options import TablesOption, in_words, tables_from
from raabta.cli.output import open_output
from raabta.cli.register.opening import now

if TYPE_CHECKING:
    from raabta.model.exemption import ExemptionEntry, ExemptionList
    from raabta.reference.tables import Tables

FORMATS_HELP: Final = (
    "nftables, ipset, mikrotik, rpz, rpz-names, rpz-pass, rpz-networks, bird, exabgp, exabgp-flow, misp, json, "
    "geofeed, csv, csv-block, cidr, cidr-block."
)
FINDINGS_MAX: Final = 20
"""Shown of a list that is refused; ``raabta list lint`` shows all."""


def render(
    file: Annotated[Path, typer.Argument(metavar="LIST", help="A list (canonical JSON) that was verified.")],
    *,
    format_: Annotated[str, typer.Option("--format", "-f", metavar="KIND", help=FORMATS_HELP)] = "",
    every: Annotated[
        Path | None, typer.Option("--all", metavar="FOLDER", help="Write every format into this folder instead.")
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write here.")] = STANDARD,
    leases: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leases: those that the list's grants bear out are added.")
    ] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Also where the list has expired: 7 days of grace.")
    ] = False,
    tables: TablesOption = None,
) -> None:
    """Write a list in the words of the program that loads it, after lint. What is lost is said in the file's head.

    Timeouts in a file count from now: load it when it is made. What each format holds: docs/guides/lists.md.
    Exit code: 0 written, 2 refused (the findings are told) or wrong usage, 1 a file could not be read or written.
    """
    if bool(format_) == bool(every):
        fail(f"give one of --format KIND and --all FOLDER. Kinds: {FORMATS_HELP}")
    require_folder("--output", output)
    at = now()
    with in_words():
        own = tables_from(tables)
        listed = _read_list(file, at, tables=own, expired=expired)
        verified = _read_leases(leases, listed, at, tables=own) if leases else []
        _write(listed, verified, at, kind=format_, every=every, output=output)


def _read_list(file: Path, at: datetime, *, tables: "Tables", expired: bool) -> "ExemptionList":
    from raabta.model.exemption import ExemptionList  # noqa: PLC0415  --help need not wait for it
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415
    from raabta.remedy.lint import bench_of, lint_list  # noqa: PLC0415

    listed = read_canonical(file.read_bytes(), ExemptionList, name=str(file))
    if listed.expires_at <= at and not expired:
        message = (
            f"{file}: this list expired at {listed.expires_at:%Y-%m-%d %H:%M} UTC. Fetch a newer one, or --expired."
        )
        raise ValueError(message)
    hard = [finding for finding in lint_list(listed, bench=bench_of(tables), now=at) if finding.hard]
    for finding in hard[:FINDINGS_MAX]:
        typer.echo(f"{finding.subject}: {finding.words} [{finding.rule}]", err=True)
    if hard:
        message = f"{file}: {len(hard)} findings keep this list from being loaded. All of them: raabta list lint {file}"
        raise ValueError(message)
    return listed


def _read_leases(file: Path, listed: "ExemptionList", at: datetime, *, tables: "Tables") -> "list[ExemptionEntry]":
    """Take the leases that their grants bear out; say which were left out, and why."""
    from raabta.model.exemption import LeaseList  # noqa: PLC0415  as above
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415
    from raabta.remedy.flows import entries_of_leases  # noqa: PLC0415
    from raabta.remedy.leases import verify_lease  # noqa: PLC0415

    grants = {grant.id: grant for grant in listed.grants}
    borne_out = []
    for lease in read_canonical(file.read_bytes(), LeaseList, name=str(file)).leases:
        grant = grants.get(lease.grant_id)
        findings = [] if grant is None else verify_lease(lease, grant, now=at, tables=tables)
        hard = [finding.words for finding in findings if finding.hard]
        if grant is None or hard:
            typer.echo(f"Left out: {lease.id}: {'; '.join(hard) or 'the list has no such grant'}", err=True)
        else:
            borne_out.append(lease)
    return entries_of_leases(borne_out, listed)


def _write(
    listed: "ExemptionList",
    verified: "list[ExemptionEntry]",
    at: datetime,
    *,
    kind: str,
    every: Path | None,
    output: str,
) -> None:
    from raabta.remedy.render.formats import FORMATS  # noqa: PLC0415  as above
    from raabta.remedy.render.formats import render as write  # noqa: PLC0415

    if every is None:
        raw = write(listed, kind=kind, now=at, verified=verified)
        with open_output(output) as stream:
            stream.write(raw)
        typer.echo(f"Left out: {FORMATS[kind].loses}", err=True)
        return
    every.mkdir(parents=True, exist_ok=True)
    for name, form in FORMATS.items():
        place = every / f"raabta-{name}.{form.suffix}"
        raw = write(listed, kind=name, now=at, verified=verified)
        with open_output(str(place)) as stream:
            stream.write(raw)
        typer.echo(str(place))
