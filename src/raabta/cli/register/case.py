"""``raabta case``: an application from draft to answer.

Here is ``new``; the others are in ``case_show``, ``case_steps``, ``case_tables`` and ``case_clocks``. Exit codes: 0
done, 1 the database failed, 2 wrong usage or data, 3 something is due (``due``) or some rows stayed out (``import``).
"""

from typing import Annotated

import typer

from raabta.cli.register import case_tables
from raabta.cli.register.case_clocks import due, types, waiting, way
from raabta.cli.register.case_show import show
from raabta.cli.register.case_steps import application, paper, step
from raabta.cli.register.opening import RegisterOption, opened

app = typer.Typer(name="case", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("list", short_help="List applications.")(case_tables.list_)
app.command("show", short_help="Show one application: its papers, steps, and what is missing.")(show)
app.command("paper", short_help="Note that a paper was seen, or why it is not needed.")(paper)
app.command("step", short_help="Take the next step: submitted, approved, ….")(step)
app.command("application", short_help="Write the application: a form (PDF), and data.")(application)
app.command("import", short_help="Take in a table (CSV).")(case_tables.import_)
app.command("export", short_help="Write a table (CSV).")(case_tables.export)
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
    """Begin an application as a draft; its id is printed once it is kept.

    Exit code: 0 begun, 2 wrong usage or refused, 1 the database failed.
    """
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
