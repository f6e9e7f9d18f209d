"""``raabta list restriction``: protective blocks, each with basis, owner and end."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.lists.options import TablesOption, in_words, tables_from
from raabta.cli.register.opening import RegisterOption, now, open_from_options

if TYPE_CHECKING:
    from raabta.model.exemption import Restriction

DAYS: Final = 30
DAYS_MAX: Final = 365

restriction = typer.Typer(
    help="Protective blocks: malware and attacks only, with basis, owner and end. Each is a leaf of the public log.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Reason(StrEnum):
    """Why something is blocked; there are no others."""

    MALWARE = "malware"
    BOTNET_CONTROL = "botnet_control"
    PHISHING = "phishing"
    ATTACK_SOURCE = "attack_source"
    AMPLIFIER = "amplifier"


@restriction.command(short_help="Enter a protective block.")
def add(
    target: Annotated[str, typer.Argument(metavar="PREFIX|NAME", help="A narrow network or a host name.")],
    *,
    reason: Annotated[Reason, typer.Option(help="Why.")],
    basis: Annotated[str, typer.Option(metavar="TEXT", help="On what it rests, such as 'CERT notice 7'.")],
    owner: Annotated[str, typer.Option(metavar="TEXT", help="Who answers for it: an office, no person.")],
    days: Annotated[int, typer.Option(metavar="N", min=1, max=DAYS_MAX, help="How long it lasts.")] = DAYS,
    shared: Annotated[str, typer.Option(metavar="TEXT", help="What else is known to live there.")] = "",
    review: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="A rule that is let pass; with --by and --because.")
    ] = None,
    by: Annotated[str, typer.Option(metavar="TEXT", help="Who lets it pass.")] = "",
    because: Annotated[str, typer.Option(metavar="TEXT", help="Why it is let pass.")] = "",
    tables: TablesOption = None,
    register: RegisterOption = None,
) -> None:
    """Enter a protective block, after lint; what it would hit besides is told. Its id is printed.

    It reaches gateways, and the public log, with the next list that is compiled and signed.
    Exit code: 0 entered, 2 refused by a rule or wrong usage, 1 a file or the register failed.
    """
    if bool(review) != bool(by) or bool(review) != bool(because):
        fail("--review, --by and --because belong together: which rule, who let it pass, and why.")
    from raabta.model.exemption import Restriction, Review  # noqa: PLC0415  --help need not wait for it

    at = now()
    with in_words(), open_from_options(register) as found:
        row = Restriction(
            id=found.new_id("r-"),
            target=target,
            reason=reason.value,
            basis=basis,
            owner=owner,
            not_before=at,
            not_after=at + timedelta(days=days),
            shared=shared,
            reviewed=" ".join(sorted(review or ())),
        )
        _judge(row, review or [], tables)
        with found.change() as records:
            records.add(row)
            if review:
                id_ = found.new_id("v-")
                records.add(Review(id=id_, subject=row.id, rules=tuple(review), by=by, reason=because, at=at))
    typer.echo(row.id)


@restriction.command("list", short_help="Show protective blocks.")
def list_(*, register: RegisterOption = None) -> None:
    """Print protective blocks: id, target, reason, basis, owner, end (UTC), separated by tabs.

    Exit code: 0 printed, 1 the register failed.
    """
    from raabta.model.exemption import Restriction  # noqa: PLC0415  as above

    with in_words(), open_from_options(register) as found, found.look() as records:
        rows = list(records.find(Restriction))
    for row in rows:
        end = f"{row.not_after:%Y-%m-%dT%H:%MZ}"
        typer.echo("\t".join((row.id, row.target, row.reason, row.basis, row.owner, end)))


@restriction.command(short_help="End a protective block.")
def end(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The block's id, as r-….")],
    *,
    register: RegisterOption = None,
) -> None:
    """End a protective block now. It leaves the gateways with the next list; the log keeps that it was. Prints its id.

    Exit code: 0 ended, 2 there is none, 1 the register failed.
    """
    from msgspec import structs  # noqa: PLC0415  as above

    from raabta.model.exemption import Restriction  # noqa: PLC0415
    from raabta.pipeline.registering import require  # noqa: PLC0415

    with in_words(), open_from_options(register) as found, found.change() as records:
        row = require(records, Restriction, id_=id_)
        records.put(structs.replace(row, not_after=min(row.not_after, now())))
    typer.echo(id_)


def _judge(row: "Restriction", reviewed: list[str], tables: Path | None) -> None:
    from raabta.pipeline.signing import refuse  # noqa: PLC0415  as above
    from raabta.remedy.lint import bench_of, lint_restriction  # noqa: PLC0415

    findings = lint_restriction(row, bench=bench_of(tables_from(tables)), now=now(), reviewed=reviewed)
    refuse(findings, what="the restriction")
    for finding in findings:
        typer.echo(f"{finding.place}: {finding.words}. {finding.advice} [{finding.rule}]", err=True)
