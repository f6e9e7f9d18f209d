"""``raabta incident impact add|list|remove|sum``."""

from datetime import datetime
from typing import Annotated, Any, get_args

import typer

from raabta.cli.incident.file.choosing import IncidentArgument, chosen
from raabta.cli.incident.wording import opened
from raabta.cli.prompting import ask_text
from raabta.cli.publish.opening import ByOption, who
from raabta.cli.register.opening import RegisterOption, new_id, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines, write_table

_DAY = ["%Y-%m-%d"]


def add(
    incident: IncidentArgument,
    member: Annotated[str, typer.Argument(metavar="ORG", help="The member's id, as o-….")],
    *,
    kind: Annotated[
        str | None, typer.Option(metavar="WORD", help="Such as clients_lost, penalty, hours_lost, relocation.")
    ] = None,
    number: Annotated[int, typer.Option(metavar="N", min=0, help="How many: clients, orders, hours.")] = 0,
    amount: Annotated[int, typer.Option(metavar="N", min=0, help="How much, in whole units of --currency.")] = 0,
    currency: Annotated[str, typer.Option(metavar="CODE", help="As PKR or USD.")] = "",
    from_: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First day of it.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=_DAY, help="Last day of it.")] = None,
    words: Annotated[str, typer.Option(metavar="TEXT", help="For the desk only.")] = "",
    by: ByOption = None,
    register: RegisterOption = None,
) -> None:
    """Note what an incident cost a member that agreed to sums (org consent give … statistics public). Prints its id.

    Exit code: 0 noted, 2 wrong usage, or no consent, 1 the database failed.
    """
    from raabta.model.incident import ImpactKind  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.informing.desk.impact import ImpactGiven, add_impact  # noqa: PLC0415

    with opened(register) as found, found.look() as records:
        id_ = chosen(records, incident).id
    kinds = get_args(ImpactKind)
    given: dict[str, Any] = {
        "organisation_id": member,
        "kind": ask_text(kind, "--kind", "What was lost?", choices=kinds),
        "number": number,
        "amount": amount,
        "currency": currency.strip().upper(),
        "from_on": from_.date() if from_ else None,
        "until_on": until.date() if until else None,
        "words": words,
    }
    author = who(by)
    with opened(register) as found, found.change() as records:
        whole = ImpactGiven(incident_id=id_, **given)
        note = add_impact(records, whole, by=author, now=now(), new_id=new_id)
    typer.echo(note.id)


def list_(incident: IncidentArgument, *, format_: FormatOption = None, register: RegisterOption = None) -> None:
    """List an incident's notes, member by member. Confidential: what leaves the house is `impact sum`.

    Exit code: 0 listed, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.impact import list_impact  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found, found.look() as records:
        notes = list_impact(records, chosen(records, incident).id)
    if as_lines(format_):
        write_lines(notes)
        return
    rows = [
        (one.id, one.organisation_id, one.kind, one.number or "", f"{one.amount:,} {one.currency}") for one in notes
    ]
    write_table(["id", "member", "kind", "number", "amount"], rows)


def remove(
    id_: Annotated[str, typer.Argument(metavar="NOTE", help="Its id, as im-….")], *, register: RegisterOption = None
) -> None:
    """Remove a note that was wrong; it leaves every sum. Prints its id.

    Exit code: 0 removed, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.impact import remove_impact  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found, found.change() as records:
        remove_impact(records, id_)
    typer.echo(id_)


def sum_(
    incidents: Annotated[list[str], typer.Argument(metavar="INCIDENT…", help="One, or several for a total.")],
    *,
    recipient: Annotated[str, typer.Option("--for", metavar="WHO", help="public, or a recipient's id.")] = "public",
    format_: FormatOption = None,
    register: RegisterOption = None,
) -> None:
    """Give sums that tell nothing of a single member; what would tell too much is not shown.

    Each sum that is shown is remembered, and judged beside all later ones. A total is the sum of what is shown.

    Exit code: 0 given, 2 wrong usage, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.impact import sum_impact, total_impact  # noqa: PLC0415  --help need not wait

    with opened(register) as found, found.change() as records:
        ids = list(dict.fromkeys(chosen(records, one).id for one in incidents))
        at = now()
        if len(ids) == 1:
            sums = sum_impact(records, ids[0], recipient=recipient, now=at, new_id=new_id)
        else:
            sums = total_impact(records, ids, recipient=recipient, now=at, new_id=new_id)
    if as_lines(format_):
        write_lines(sums)
        return
    rows = [
        (
            one.kind,
            one.n_members or "",
            "not shown" if one.total is None else f"{one.total:,} {one.currency}".strip(),
        )
        for one in sums
    ]
    write_table(["kind", "members", "sum"], rows)
    if any(one.total is None for one in sums):
        typer.echo("Not shown: too few members, or it would tell of one of them. More notes may change that.", err=True)
