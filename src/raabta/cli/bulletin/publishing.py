"""``raabta bulletin publish``."""

import typer

from raabta.cli.bulletin.options import BulletinArgument
from raabta.cli.publish.opening import ByOption, SettingsOption, opened_desk, who
from raabta.cli.register.opening import RegisterOption, now


def publish(
    bulletin: BulletinArgument,
    *,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Publish an approved bulletin: it gets its number, its thread becomes public, and it is queued for sending.

    Prints its id and number. Pages change with the next `raabta publish --site DIR`, messages go with
    `raabta publish send`. What is published is never changed: correct it by a further bulletin.

    Exit code: 0 published, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins import publish_bulletin  # noqa: PLC0415  --help need not wait for it

        named = who(by)
        with desk.register.change() as records:
            told = publish_bulletin(
                records, bulletin, settings=desk.settings, by=named, now=now(), new_id=desk.register.new_id
            )
        if told.next_update_at is not None:
            from raabta.publish.moments import say_moment  # noqa: PLC0415  as above

            due = say_moment(told.next_update_at, desk.settings.site, language="en")
            watched = told.kind == "incident" and told.audience == "public"
            alarm = (
                "An alarm is raised when it is missed."
                if watched
                else "No alarm watches over it (only over public bulletins on incidents): note it yourself."
            )
            typer.echo(f"The next update is promised for {due}. {alarm}", err=True)
    typer.echo(f"{told.id}\t{told.sequence}")
