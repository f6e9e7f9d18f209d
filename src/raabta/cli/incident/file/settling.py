"""``raabta incident promise settle|put-off``."""

from typing import Annotated, Any

import typer

from raabta.cli.incident.file.choosing import AtOption
from raabta.cli.incident.file.promises import DueOption, PromiseArgument
from raabta.cli.incident.wording import opened_desk
from raabta.cli.prompting import ask_text
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now


def settle(
    promise: PromiseArgument,
    state: Annotated[str | None, typer.Argument(metavar="STATE", help="kept, broken, withdrawn; open undoes.")] = None,
    *,
    at: AtOption = "now",
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Say that a promise was kept, broken or withdrawn: its clock stops.

    Exit code: 0 settled, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.incidents.promises import settle_promise  # noqa: PLC0415  as above

        became: Any = ask_text(state, "STATE", "What became of it", choices=("kept", "broken", "withdrawn", "open"))
        moment = desk.read_moment(at, "--at")
        with desk.register.change() as records:
            settled = settle_promise(records, promise, state=became, at=moment, now=now())
    typer.echo(settled.id)


def put_off(
    promise: PromiseArgument,
    *,
    due: DueOption = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; stands in the timeline.")] = "",
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Give a promise a later deadline. The one before stays to be seen.

    Exit code: 0 put off, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import TimelineNote  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.promises import put_off_promise  # noqa: PLC0415

        due_at = desk.read_moment(ask_text(due, "--due", "Until when now"), "--due")
        new = desk.register.new_id("nt-")
        note = TimelineNote(id=new, incident_id="", at=now(), text=reason, by=who(by))
        with desk.register.change() as records:
            later = put_off_promise(records, promise, due_at=due_at, note=note)
    typer.echo(later.id)
