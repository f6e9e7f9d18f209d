"""``raabta bulletin check|approve``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from raabta.cli.bulletin.options import BulletinArgument
from raabta.cli.diagnose import fail
from raabta.cli.prompting import confirm, is_person
from raabta.cli.publish.opening import ByOption, SettingsOption, opened_desk, who
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines, write_table

if TYPE_CHECKING:
    from raabta.model.bulletin import Bulletin
    from raabta.pipeline.informing.settings import Publishing
    from raabta.publish.bulletin.comparing import Difference
    from raabta.publish.bulletin.hashing import Beside
    from raabta.registry import Records

DIFFERENT: Final = 3

AcceptOption = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="NUMBER=REASON", help="A difference that is right, by its number in the check."),
]


def check(
    bulletin: BulletinArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Say which facts only one language says, which one lacks it, and what to try; and what else is worth a look.

    Exit code: 0 both say the same, 3 facts differ, 2 wrong usage, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins.checking import check_bulletin, contradictions, left_open  # noqa: PLC0415
        from raabta.pipeline.informing.bulletins.finding import require_bulletin  # noqa: PLC0415
        from raabta.publish.bulletin.remarks import remarks  # noqa: PLC0415  --help need not wait for it

        with desk.register.look() as records:
            found = require_bulletin(records, bulletin)
            differences = check_bulletin(records, found, settings=desk.settings)
            tell_beside(records, found, desk.settings)
        still_open = left_open(found, differences)
        if as_lines(format_):
            write_lines(_row(number, one, still_open) for number, one in enumerate(differences, start=1))
        elif differences:
            rows = [
                (number, one.lacks, one.key if one in still_open else f"(accepted) {one.key}")
                for number, one in enumerate(differences, start=1)
            ]
            write_table(("no.", "lacks", "fact"), rows, wrap=True)
        for words in remarks(found.texts, desk.settings.site, at=found.changed_at):
            typer.echo(f"Look at: {words}", err=True)
    questions = contradictions(still_open)
    for words in questions:
        typer.echo(words, err=True)
    if still_open:
        hint = "Mend the wrong one: raabta bulletin change." if questions else still_open[0].hint
        typer.echo(f"{hint} Accept what is right: raabta bulletin approve --accept 1=REASON", err=True)
        raise typer.Exit(DIFFERENT)
    typer.echo("English and Urdu say the same facts, as far as this check sees.", err=True)


def _row(number: int, one: "Difference", still_open: Sequence["Difference"]) -> dict[str, Any]:
    return {"number": number, **one._asdict(), "key": one.key, "accepted": one not in still_open}


def approve(
    bulletin: BulletinArgument,
    *,
    accept: AcceptOption = None,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Approve a bulletin that somebody else wrote and changed. Prints its id.

    Refused where the two languages say different facts, unless each difference is accepted with a reason. The approval
    holds for these very words, and for what goes public with them.

    Exit code: 0 approved, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins import approve_bulletin  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.bulletins.checking import goes_public  # noqa: PLC0415
        from raabta.pipeline.informing.bulletins.finding import require_bulletin  # noqa: PLC0415

        named = who(by)
        reasons = dict(_reason(one) for one in accept or ())
        with desk.register.look() as records:
            seen = require_bulletin(records, bulletin)
            around = tell_beside(records, seen, desk.settings)
        if is_person():
            from raabta.publish.bulletin.wording import plain  # noqa: PLC0415  as above

            for language in ("en", "ur"):
                typer.echo(plain(seen, desk.settings.site, language=language), err=True)
            if not confirm("Do you approve these words, and what goes public with them?"):
                fail("not approved. Change it: raabta bulletin change")
        with desk.register.change() as records:
            if require_bulletin(records, seen.id).changed_at != seen.changed_at:
                fail("somebody changed it while you read it. Read it again.")
            if goes_public(records, seen, settings=desk.settings) != around:
                fail("somebody changed what goes public with it while you read it. Read it again.")
            kept = approve_bulletin(records, seen.id, settings=desk.settings, by=named, now=now(), accept=reasons)
    typer.echo(kept.id)
    typer.echo(f"Publish it: raabta bulletin publish {kept.id}", err=True)


def tell_differences(records: "Records", bulletin: "Bulletin", settings: "Publishing") -> None:
    """Say on stderr which facts only one language says."""
    from raabta.pipeline.informing.bulletins.checking import (  # noqa: PLC0415  --help need not wait
        check_bulletin,
        contradictions,
        untold_cause,
    )

    differences = check_bulletin(records, bulletin, settings=settings)
    for one in differences:
        typer.echo(f"Only one language says: {one.key}. {one.hint}", err=True)
    for words in (*contradictions(differences), *untold_cause(records, bulletin)):
        typer.echo(words, err=True)


def tell_beside(records: "Records", bulletin: "Bulletin", settings: "Publishing") -> "tuple[Beside, ...]":
    """Say on stderr what goes public with a bulletin, and which cause nobody would read; give the first."""
    from raabta.pipeline.informing.bulletins.checking import goes_public, untold_cause  # noqa: PLC0415  as above

    around = goes_public(records, bulletin, settings=settings)
    for one in around:
        typer.echo(f"Goes public with it: {one.what}: {one.words}", err=True)
    for words in untold_cause(records, bulletin):
        typer.echo(f"Look at: {words}", err=True)
    return around


def _reason(text: str) -> tuple[str, str]:
    key, equals, reason = text.partition("=")
    if not equals or not reason.strip():
        fail(f"--accept {text!r}: write NUMBER=REASON, the number as `raabta bulletin check` gives it.")
    return key.strip(), reason
