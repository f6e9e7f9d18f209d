"""``raabta incident step|cause``."""

from typing import Annotated, Any

import typer

from raabta.cli.incident.file.choosing import AtOption, IncidentArgument, chosen, say_time
from raabta.cli.incident.wording import opened_desk
from raabta.cli.prompting import ask_text, is_person
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now


def step(
    id_: IncidentArgument,
    state: Annotated[str | None, typer.Argument(metavar="STATE", help="confirmed, monitoring, resolved, …")] = None,
    *,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; not public.")] = "",
    at: AtOption = "now",
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Take the next step. What may follow is said where it is refused; "confirmed" after the end is a relapse.

    Exit code: 0 taken, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        import datetime as dt  # noqa: PLC0415  --help need not wait for it
        from typing import get_args  # noqa: PLC0415

        from raabta.model.incident import INCIDENT_STEPS, IncidentState, IncidentStep  # noqa: PLC0415
        from raabta.pipeline.informing.incidents.stepping import take_step  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
        by = who(by)
        follow = [one for one in get_args(IncidentState) if one in INCIDENT_STEPS[incident.state]]
        choices = follow if state is None else get_args(IncidentState)
        taken: Any = ask_text(state, "STATE", f"It is {incident.state}. What now", choices=choices)
        moment = desk.read_moment(at, "--at")
        made = IncidentStep(state=taken, at=moment, by=by, note=note)
        with desk.register.change() as records:
            changed = take_step(records, incident.id, step=made, now=now())
    typer.echo(changed.id)
    if taken == "confirmed":
        due = say_time(moment + dt.timedelta(minutes=desk.settings.clocks.first_notice_min), desk)
        typer.echo(f"A notice is due by {due}.  Next: raabta bulletin write {changed.id}", err=True)
    elif taken == "resolved":
        typer.echo(f"Tell everybody that it is over: raabta bulletin write {changed.id}", err=True)
    elif taken == "reviewed":
        typer.echo(f"Tell what was learnt: raabta bulletin write {changed.id} --template report", err=True)
        typer.echo(f"If it comes back: raabta incident step {changed.id} confirmed", err=True)


def cause(
    id_: IncidentArgument,
    evidence_class: Annotated[
        str | None,
        typer.Argument(metavar="CLASS", help="none, reports, statement, measured, corroborated or reproduced."),
    ] = None,
    *,
    probability: Annotated[
        int | None, typer.Option("--probability", metavar="PERCENT", help="How sure: 0 to 100; none without a cause.")
    ] = None,
    words_en: Annotated[str | None, typer.Option("--words-en", metavar="TEXT", help="The cause, in English.")] = None,
    words_ur: Annotated[str, typer.Option("--words-ur", metavar="TEXT", help="The same in Urdu.")] = "",
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", metavar="ID", help="An attachment; may be repeated.")
    ] = None,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Say what caused it: never without the class of the evidence and a probability.

    Exit code: 0 said, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings, words_en="--words-en") as desk:
        from raabta.model.incident import EVIDENCE_CLASSES, Cause  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.stepping import set_cause  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
        by = who(by)
        if evidence_class is None and is_person():
            for name, words in EVIDENCE_CLASSES.items():
                typer.echo(f"  {name:<14}{words}", err=True)
        chose: Any = ask_text(evidence_class, "CLASS", "Class of the evidence", choices=tuple(EVIDENCE_CLASSES))
        if chose != "none":
            words_en = ask_text(words_en, "--words-en", "The cause, in English")
            if probability is None:
                probability = _percent(ask_text(None, "--probability", "How sure, in percent"))
        given = {"probability_percent": probability, "words_en": words_en or "", "words_ur": words_ur}
        made = Cause(at=now(), by=by, evidence_class=chose, evidence_ids=tuple(evidence or ()), **given)  # type: ignore[arg-type]
        with desk.register.change() as records:
            changed = set_cause(records, incident.id, cause=made, now=made.at)
    typer.echo(changed.id)
    if chose in {"measured", "corroborated", "reproduced"} and not evidence:
        typer.echo("No evidence is named: raabta incident attach, then --evidence at-….", err=True)


def _percent(text: str) -> int:
    from raabta.cli.diagnose import fail  # noqa: PLC0415  seldom needed

    if not text.isdecimal():
        fail("--probability: a whole number from 0 to 100.")
    return int(text)
