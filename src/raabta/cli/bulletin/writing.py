"""``raabta bulletin write|correct``."""

from typing import TYPE_CHECKING, Annotated, Any

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
    SetOption,
    TemplateOption,
    TextOption,
    Typed,
)
from raabta.cli.bulletin.texts import texts_of
from raabta.cli.bulletin.unfinished import ask_next, check_next, keeping, resumed
from raabta.cli.publish.opening import ByOption, SettingsOption, opened_desk, who
from raabta.cli.register.fields import with_fields
from raabta.cli.register.opening import RegisterOption, now

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk
    from raabta.pipeline.informing.bulletins.starting import Start


@with_fields(FIELDS)
def write(
    about: Annotated[
        str, typer.Argument(metavar="[INCIDENT]", help="An incident (its id, or: last), or the thread to go on with.")
    ] = "",
    *,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="notice, meeting or advisory; else incident.")
    ] = "",
    template: TemplateOption = None,
    values: SetOption = None,
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
    """Write a bulletin, as a draft. Prints its id, and on stderr the facts that only one language says.

    The texts come from --template with --set, from --from FILE, from --text, or are asked for. What the incident says
    (state, severity, components, operators, cause) is taken from there. Every bulletin promises the --next update,
    or says that it is --final.

    Exit code: 0 written, 2 wrong usage or refused, 1 the database failed.
    """
    typed = Typed.of(locals())
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins.starting import start  # noqa: PLC0415  --help need not wait for it

        with desk.register.look() as records:
            begun = start(records, about, kind=kind, template=template or "")
        _keep(desk, typed, begun, by=who(by))


@with_fields(FIELDS)
def correct(
    bulletin: BulletinArgument,
    *,
    template: TemplateOption = None,
    values: SetOption = None,
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
    """Write a bulletin that corrects a published one: a draft like any other. Prints its id.

    The wrong one stays where it is, and is marked. Both texts say in "correction" what was wrong:
    --template correction --set wrong_en=… --set wrong_ur=… --set right_en=… --set right_ur=…

    Exit code: 0 written, 2 wrong usage or refused, 1 the database failed.
    """
    typed = Typed.of(locals())
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins.starting import start_correction  # noqa: PLC0415  as above

        with desk.register.look() as records:
            begun = start_correction(records, bulletin)
        _keep(desk, typed, begun, by=who(by))


def _keep(desk: "Desk", typed: Typed, begun: "Start", *, by: str) -> None:
    from msgspec import structs  # noqa: PLC0415  as above

    from raabta.pipeline.informing.bulletins import correct_bulletin, write_bulletin  # noqa: PLC0415
    from raabta.pipeline.informing.bulletins.starting import draft_of  # noqa: PLC0415

    typed = resumed(typed)
    typed = typed if begun.defaults.get("final") else ask_next(desk, typed)
    fields: dict[str, Any] = fields_of(desk, typed)
    check_next(desk, fields)
    meeting, advisory = meeting_of(desk, typed), advisory_of(typed)
    known = structs.replace(
        begun.known, meeting=meeting or begun.known.meeting, advisory=advisory or begun.known.advisory
    )
    with keeping(desk, typed) as asked:
        written = texts_of(desk, typed, known, asked=asked)
        draft = draft_of(begun, written, fields=fields, known=known)
        keep = correct_bulletin if draft.corrects_id else write_bulletin
        with desk.register.change() as records:
            kept = keep(records, draft, settings=desk.settings, by=by, now=now(), new_id=desk.register.new_id)
            tell_differences(records, kept, desk.settings)
    typer.echo(kept.id)
    typer.echo(f"Somebody else approves it: raabta bulletin approve {kept.id}", err=True)
