"""``raabta incident pack``: a signed archive of evidence for the engineers of a CDN, an operator or the regulator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.incident.file.choosing import chosen
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, new_bytes, now

if TYPE_CHECKING:
    from raabta.registry import Records


def pack(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The archive (.zip).")],
    recipient: Annotated[
        str, typer.Option("--for", metavar="PARTY|NAME", help="A party of the incident gets what is its own too.")
    ] = "whom it concerns",
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write an evidence pack: summary, timeline, measurements, verdicts, how to reproduce, what is withheld and why.

    Signed with the site's key. Check it with `raabta pack verify`. Nothing in it is a contact or a member's name.

    Exit code: 0 written, 2 wrong usage or refused, 1 the database or a file failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.output import open_output  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.packing import PackOrder, make_pack  # noqa: PLC0415
        from raabta.pipeline.informing.site.key import find_site_key, make_site_key  # noqa: PLC0415
        from raabta.registry.incidents.texts import tidy_line  # noqa: PLC0415
        from raabta.remedy.keys import SEED_BYTES  # noqa: PLC0415

        key = find_site_key(desk.folder) or make_site_key(desk.folder, seed=new_bytes(SEED_BYTES))
        with desk.register.look() as records:
            meant = chosen(records, incident)
            whom = _recipient(records, meant.id, tidy_line("--for", recipient, n_most=200))
            order = PackOrder(meant.id, whom, desk.register.new_id("pk-"), now())
            raw = make_pack(records, order, site=desk.settings.site, folder=desk.folder, key=key)
        with open_output(str(output), private=True) as stream:
            stream.write(raw)
        typer.echo(str(output))
        typer.echo(f"Pack {order.id}, {len(raw):,} bytes. Check it: raabta pack verify {output}", err=True)


def _recipient(records: "Records", incident_id: str, text: str) -> str:
    """Give the id of the party that is meant, else the name as it is; say which."""
    from raabta.model.incident import Party  # noqa: PLC0415  as above

    there = list(records.find(Party, incident_id=incident_id))
    found = [one for one in there if one.id == text or one.name_en.lower() == text.lower()]
    found = found or [one for one in there if one.name_en.lower().startswith(text.lower())]
    if len(found) > 1:
        names = ", ".join(f"{one.id} {one.name_en}" for one in found)
        message = f"--for: {text!r} is several parties: {names}. Give an id."
        raise ValueError(message)
    if not found:
        typer.echo(f"For {text}, who is no party of this incident: with what is public.", err=True)
        return text
    typer.echo(f"For {found[0].name_en} ({found[0].id}): with what is between us and them.", err=True)
    return found[0].id
