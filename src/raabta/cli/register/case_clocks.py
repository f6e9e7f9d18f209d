"""``raabta case due|waiting|way|types``: the clocks, a freelancer's way, and what a country asks for."""

from typing import Annotated, Final

import typer

from raabta.cli.register.opening import RegisterOption, opened
from raabta.cli.register.table import (
    PAGE,
    FormatOption,
    LimitOption,
    as_lines,
    write_lines,
    write_table,
    write_text,
)

SOMETHING_DUE: Final = 3
"""Exit code of ``due``, so that a nightly job can tell."""

_Country = Annotated[str, typer.Option("--country", metavar="CC", help="Two letters.")]


def due(
    *,
    country: _Country = "PK",
    limit: LimitOption = PAGE,
    format_: FormatOption = None,
    register: RegisterOption = None,
) -> None:
    """Say what ends soon and who waits too long, the most urgent first.

    Exit code: 0 nothing is due, 3 something is, 1 the database failed, 2 wrong usage.
    """
    with opened(register) as found:
        from raabta.pipeline.remarks import legal_names  # noqa: PLC0415  --help need not wait for it
        from raabta.registry.country import load_country  # noqa: PLC0415
        from raabta.registry.reminder_search import find_due_in  # noqa: PLC0415

        with found.look() as records:
            reminders = find_due_in(records, country=load_country(country), now=found.now())
            whose = () if as_lines(format_) else (row.organisation_id for row in reminders[:limit])
            names = legal_names(records, whose)
    if not reminders:
        typer.echo("Nothing is due.", err=True)
        return
    if as_lines(format_):
        write_lines(reminders[:limit])
    else:
        rows = [
            (row.on, row.subject, _whose(names.get(row.organisation_id, ""), row.words)) for row in reminders[:limit]
        ]
        write_table(["on", "what", "why"], rows, wrap=True)
    if limit < len(reminders):
        typer.echo(f"The {limit:,} most urgent of {len(reminders):,} are shown. More: --limit N", err=True)
    raise typer.Exit(SOMETHING_DUE)


def waiting(*, format_: FormatOption = None, register: RegisterOption = None) -> None:
    """Say how long applications wait for an answer, in hours; open ones count for as long as they have waited.

    Exit code: 0 said, 2 wrong usage, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.model.register import Case  # noqa: PLC0415
        from raabta.registry.waiting import waiting_times  # noqa: PLC0415

        with found.look() as records:
            rows = waiting_times(records.find(Case), now=found.now())
    if as_lines(format_):
        write_lines(rows)
    elif rows:
        table = [
            (
                row.kind,
                row.n_answered,
                row.n_approved,
                row.n_open,
                *map(_hours, (row.median_h, row.p90_h, row.longest_open_h)),
            )
            for row in rows
        ]
        write_table(["type", "answered", "approved", "open", "median h", "90 % h", "longest open h"], table)
    if not rows:
        typer.echo("No application was handed in yet.", err=True)


def way(
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its id.")],
    *,
    register: RegisterOption = None,
) -> None:
    """Show a freelancer's way: form a small company, and apply through it. What was done has a tick.

    Exit code: 0 shown, 2 there is no such organisation, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.model.register import Case, Organisation  # noqa: PLC0415
        from raabta.registry.country import load_country  # noqa: PLC0415
        from raabta.registry.way import show_way  # noqa: PLC0415

        with found.look() as records:
            owner = records.get(Organisation, organisation)
            if owner is None:
                raise LookupError(f"there is no organisation {organisation}. Try: raabta org list")
            cases = list(records.find(Case, organisation_id=owner.id))
        steps = show_way(owner, cases=cases, country=load_country(owner.country))
    open_steps = [step for step in steps if not step.is_done]
    for step in steps:
        mark = "✓ done" if step.is_done else "→ next" if step is open_steps[0] else "· later"
        typer.echo(f"{mark:<8}{step.title}")
        write_text(step.words, " " * 8)
    if owner.legal_form == "individual":
        typer.echo()
        write_text("Or apply now as a freelancer (pk.B), with a client's letter or what stands in: raabta case types")


def types(*, country: _Country = "PK") -> None:
    """Show the types of application, the papers of each, and the reasons that a step may carry.

    Exit code: 0 shown, 2 there are no data for this country.
    """
    from raabta.cli.diagnose import fail  # noqa: PLC0415
    from raabta.registry.country import load_country  # noqa: PLC0415

    try:
        data = load_country(country)
    except ValueError as error:
        fail(str(error))
    for name, row in data.application.items():
        write_text(f"{data.code.lower()}.{name}  {row.title}: for {row.applicants}")
        for line in row.requires:
            write_text(" | ".join(line), " " * 6)
        if row.fee_from_addresses:
            write_text(f"fee_receipt, from {row.fee_from_addresses} addresses on, earlier ones counted", " " * 6)
    typer.echo()
    write_table(["paper", "what it is"], [(name, paper.title) for name, paper in data.document.items()], wrap=True)
    typer.echo()
    reasons = [(name, f"{row.words} ({', '.join(row.steps)})") for name, row in data.reason.items()]
    write_table(["reason", "what it says, and of which steps"], reasons, wrap=True)


def _whose(name: str, words: str) -> str:
    return f"{name} · {words}" if name else words


def _hours(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.1f}"
