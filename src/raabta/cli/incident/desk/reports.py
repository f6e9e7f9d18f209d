"""``raabta incident report take|show|acknowledge``."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.incident.file.choosing import read_text, say_time
from raabta.cli.incident.wording import opened, opened_desk
from raabta.cli.prompting import ask_text, is_person
from raabta.cli.publish.opening import SettingsOption
from raabta.cli.register.opening import RegisterOption, new_bytes, new_id, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk
    from raabta.model.incident import MemberReport

IdsArgument = Annotated[
    list[str], typer.Argument(metavar="REPORT…", help="Ids or codes of reports, ids of groups or incidents.")
]
CODE_BYTES = 5
LABEL = 17


def take(
    *,
    target: Annotated[
        str | None, typer.Option(metavar="WHAT", help="A component's id, or a host; of a URL its host is kept.")
    ] = None,
    symptom: Annotated[str | None, typer.Option(metavar="WORD", help="Such as slow, vpn_fails, no_connection.")] = None,
    operator: Annotated[str, typer.Option(metavar="ID", help="The operator, as in the settings.")] = "",
    place: Annotated[str, typer.Option(metavar="TOWN", help="A town at most.")] = "",
    way: Annotated[str, typer.Option(metavar="WAY", help="How it came in: phone, email, desk or web.")] = "phone",
    language: Annotated[str, typer.Option(metavar="en|ur", help="In which the person is answered.")] = "en",
    began: Annotated[str, typer.Option(metavar="TIME", help="Since when: as 14:05, -2h or with a zone.")] = "",
    member: Annotated[str, typer.Option(metavar="ORG", help="The member's id, if the person speaks for one.")] = "",
    words_file: Annotated[
        Path | None, typer.Option("--words-file", metavar="FILE", help="What was said; - is standard input.")
    ] = None,
    contact_file: Annotated[
        Path | None,
        typer.Option("--contact-file", metavar="FILE", help="An e-mail address or phone number, in a file."),
    ] = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Take a report: "I cannot reach X". Prints its id, and the code that the person gets.

    Words and contact are stored encrypted, so they are read from files or asked for, never options. Words lose
    addresses, phone numbers and the paths of URLs.

    Exit code: 0 taken, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.reports import ReportGiven, take_report  # noqa: PLC0415  --help need not wait
    from raabta.registry.incidents.targets import make_code  # noqa: PLC0415

    if STANDARD == str(words_file) == str(contact_file):
        fail("--words-file, --contact-file: only one of them can be standard input.")
    with opened_desk(register, settings) as desk:
        given: dict[str, Any] = {
            "target": ask_text(target, "--target", "What cannot be reached? A component or a host"),
            "symptom": ask_text(symptom, "--symptom", "What happens?", choices=_symptoms(), default="other"),
            "words": _private(words_file, "--words-file", "What was said (one line; empty for nothing)"),
            "contact": _private(contact_file, "--contact-file", "E-mail or phone for the answer (empty for none)"),
            "way": way,
            "language": language,
            "operator_id": operator,
            "place": place,
            "member_id": member,
            "began_at": desk.read_moment(began, "--began") if began else None,
        }
        code = make_code(new_bytes(CODE_BYTES))
        with desk.register.change() as records:
            report = take_report(
                records, ReportGiven(**given), settings=desk.settings, now=now(), new_id=new_id, code=code
            )
    typer.echo(f"{report.id}\t{report.code}")
    typer.echo(f"Give the code to the person: it says what became of the report. Target: {report.target}", err=True)


def _symptoms() -> tuple[str, ...]:
    from typing import get_args  # noqa: PLC0415

    from raabta.model.incident import Symptom  # noqa: PLC0415

    return get_args(Symptom)


def _private(file: Path | None, option: str, words: str) -> str:
    if file is not None:
        return read_text(file, words, option=option)
    return str(typer.prompt(words, default="", show_default=False, err=True)) if is_person() else ""


def show(
    ids: IdsArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Show reports with words and contact, which are confidential: for the desk only.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.reports import chosen_reports  # noqa: PLC0415  --help need not wait for it

    with opened_desk(register, settings) as desk:
        with desk.register.look() as records:
            reports: list[MemberReport] = chosen_reports(records, ids)
        if as_lines(format_):
            write_lines(reports)
            return
        for report in reports:
            _write_report(desk, report)


def _write_report(desk: "Desk", report: "MemberReport") -> None:
    """Write a report as a sheet: one field a line, empty ones left out, times as the clock on the wall shows them."""
    from raabta.cli.incident.file.sheet import write_labelled  # noqa: PLC0415  --help need not wait for it

    typer.echo("Report")
    for name in report.__struct_fields__:
        value = getattr(report, name)
        text = say_time(value, desk) if isinstance(value, dt.datetime) else str(value or "")
        if text:
            write_labelled(name.removesuffix("_id").replace("_", " ") if name != "id" else name, text, wide=LABEL)


def acknowledge(ids: IdsArgument, *, register: RegisterOption = None) -> None:
    """Note that somebody of the desk looked at reports. Prints the ids of those that were new.

    Exit code: 0 noted, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.reports import acknowledge_reports  # noqa: PLC0415  --help need not wait

    with opened(register) as found, found.change() as records:
        seen = acknowledge_reports(records, ids, now=now())
    for report in seen:
        typer.echo(report.id)
