"""``raabta bulletin change|withdraw``."""

from typing import Any

import typer

from raabta.cli.bulletin.approving import tell_differences
from raabta.cli.bulletin.drafting import advisory_of, fields_of, meeting_of
from raabta.cli.bulletin.options import (
    FIELDS,
    BulletinArgument,
    ComponentOption,
    FinalOption,
    FromOption,
    IdentifierOption,
    OperatorOption,
    ProductOption,
    TextOption,
    Typed,
)
from raabta.cli.bulletin.texts import read_file, typed_texts
from raabta.cli.diagnose import fail
from raabta.cli.publish.opening import ByOption, SettingsOption, opened_desk, who
from raabta.cli.register.fields import with_fields
from raabta.cli.register.opening import RegisterOption, now


@with_fields(FIELDS)
def change(
    bulletin: BulletinArgument,
    *,
    file: FromOption = None,
    parts: TextOption = None,
    component: ComponentOption = None,
    operator: OperatorOption = None,
    product: ProductOption = None,
    identifier: IdentifierOption = None,
    final: FinalOption = False,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
    **texts: str,
) -> None:
    """Change a bulletin that is not published: only what is named. An approval is void then. Prints its id.

    Exit code: 0 changed, 2 wrong usage or refused, 1 the database failed.
    """
    typed = Typed.of(locals())
    if typed == Typed(texts={}):
        fail(
            f"say what to change. Words: raabta bulletin show {bulletin} --toml > b.toml, edit b.toml, then "
            f"raabta bulletin change {bulletin} --from b.toml. One part: --text known_en=… --text known_ur=…. "
            "A field: --next +1h, --severity minor; see --help."
        )
    with opened_desk(register, settings) as desk:
        from msgspec import structs  # noqa: PLC0415  --help need not wait for it

        from raabta.pipeline.informing.bulletins import change_bulletin  # noqa: PLC0415  as above
        from raabta.pipeline.informing.bulletins.finding import require_bulletin  # noqa: PLC0415

        named = who(by)
        fields: dict[str, Any] = fields_of(desk, typed)
        with desk.register.change() as records:
            earlier = require_bulletin(records, bulletin)
            meeting = meeting_of(desk, typed, earlier=next(iter(earlier.meeting), None))
            advisory = advisory_of(typed, earlier=next(iter(earlier.advisory), None))
            changed = structs.replace(
                earlier,
                texts=typed_texts(typed, earlier.texts if file is None else read_file(typed)),
                meeting=(meeting,) if meeting else (),
                advisory=(advisory,) if advisory else (),
                **fields,
            )
            kept = change_bulletin(records, changed, settings=desk.settings, by=named, now=now())
            tell_differences(records, kept, desk.settings)
    typer.echo(kept.id)
    if earlier.state == "approved":
        typer.echo(f"Its approval is void. Somebody else approves it: raabta bulletin approve {kept.id}", err=True)


def withdraw(
    bulletin: BulletinArgument,
    *,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Withdraw a bulletin that is not published: it is kept, and never published. Prints its id.

    Exit code: 0 withdrawn, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins import withdraw_bulletin  # noqa: PLC0415  --help need not wait for it

        named = who(by)
        with desk.register.change() as records:
            kept = withdraw_bulletin(records, bulletin, by=named, now=now())
    typer.echo(kept.id)
