"""``raabta case``: an application from draft to answer.

Here are ``new``, ``list`` and ``show``; the other commands are in ``case_steps`` and ``case_clocks``. Exit codes: 0
done, 1 the database failed, 2 wrong usage or data, 3 something is due (``due``).
"""

from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.register.case_clocks import due, types, waiting, way
from raabta.cli.register.case_steps import application, paper, step
from raabta.cli.register.opening import RegisterOption, opened

if TYPE_CHECKING:
    from raabta.model import Case

app = typer.Typer(name="case", no_args_is_help=True, rich_markup_mode=None)
app.command("paper", short_help="Note that a paper was seen, or why it is not needed.")(paper)
app.command("step", short_help="Take the next step: submitted, approved, ….")(step)
app.command("application", short_help="Write the application: a form (PDF), and data.")(application)
app.command("due", short_help="Say what ends soon, and who waits too long.")(due)
app.command("waiting", short_help="Say how long applications wait for an answer.")(waiting)
app.command("way", short_help="Show a freelancer's way to an application.")(way)
app.command("types", short_help="Show the types of application, and what each needs.")(types)


@app.command(short_help="Begin an application.")
def new(
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its id.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Such as pk.A; see `raabta case types`.")],
    *,
    endpoint: Annotated[list[str] | None, typer.Option(metavar="ID", help="May be repeated.")] = None,
    register: RegisterOption = None,
) -> None:
    """Begin an application as a draft; its id is printed once it is kept."""
    with opened(register) as found:
        from raabta.model.register import MemberEndpoint, Organisation  # noqa: PLC0415  --help need not wait for it
        from raabta.registry.cases import open_case  # noqa: PLC0415
        from raabta.registry.country import load_country  # noqa: PLC0415

        with found.change() as records:
            owner = records.get(Organisation, organisation)
            if owner is None:
                raise LookupError(f"there is no organisation {organisation}. Try: raabta org list")
            places = [(id_, records.get(MemberEndpoint, id_)) for id_ in endpoint or ()]
            unknown = [id_ for id_, place in places if place is None]
            if unknown:
                raise LookupError(f"there is no end point {unknown[0]}. Try: raabta endpoint list")
            case = open_case(
                found.new_id("c"),
                kind,
                organisation=owner,
                endpoints=[place for _, place in places if place is not None],
                country=load_country(owner.country),
                now=found.now(),
            )
            records.add(case)
        typer.echo(case.id)


@app.command("list", short_help="List applications.")
def list_(
    *,
    status: Annotated[str | None, typer.Option(help="Only these, such as submitted.")] = None,
    organisation: Annotated[str | None, typer.Option(metavar="ID", help="Only this one's.")] = None,
    register: RegisterOption = None,
) -> None:
    """List applications: id, type, status, since when, reference, organisation. One a line, parted by tabs."""
    wanted = {"status": status, "organisation_id": organisation}
    with opened(register) as found:
        from raabta.model.register import CASE_STEPS, Case  # noqa: PLC0415

        if status is not None and status not in CASE_STEPS:
            raise ValueError(f"--status {status}: there are {', '.join(CASE_STEPS)}.")
        with found.look() as records:
            for case in records.find(Case, **{name: value for name, value in wanted.items() if value is not None}):
                row = (case.id, case.kind, case.status, f"{case.changed_at:%Y-%m-%d}", case.reference or "-")
                typer.echo("\t".join((*row, case.organisation_id)))


@app.command(short_help="Show one application: its papers, steps, and what is missing.")
def show(case: Annotated[str, typer.Argument(metavar="CASE")], *, register: RegisterOption = None) -> None:
    """Show one application."""
    with opened(register) as found:
        from raabta.pipeline.applying import country_of, gaps_of, required  # noqa: PLC0415

        with found.look() as records:
            record = required(records, case)
            gaps = gaps_of(records, record, country=country_of(records, record))
        _print_case(record, gaps)


def _print_case(case: "Case", gaps: list[str]) -> None:
    typer.echo(f"{case.id}  {case.kind}  {case.status}  {case.reference}".rstrip())
    typer.echo(f"organisation {case.organisation_id}")
    for id_ in case.endpoint_ids:
        typer.echo(f"end point {id_}")
    typer.echo("\nSteps")
    for row in case.steps:
        typer.echo("  ".join(filter(None, (f"  {row.at:%Y-%m-%d %H:%M}", row.status, row.by, row.reason))))
    typer.echo("\nPapers")
    for line in case.documents:
        seen = f"seen {line.seen_at:%Y-%m-%d} by {line.seen_by}" if line.seen_at else f"not needed: {line.waived}"
        typer.echo(f"  {line.kind}  {seen}")
    typer.echo("\nMissing" if gaps else "\nNothing is missing.")
    for gap in gaps:
        typer.echo(f"  {gap}")
