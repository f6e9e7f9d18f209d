"""``raabta incident pack``: a signed archive of evidence for the engineers of a CDN, an operator or the regulator."""

from pathlib import Path
from typing import Annotated

import typer

from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, new_bytes, now


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

        order = PackOrder(incident, tidy_line("--for", recipient, n_most=200), desk.register.new_id("pk-"), now())
        key = find_site_key(desk.folder) or make_site_key(desk.folder, seed=new_bytes(SEED_BYTES))
        with desk.register.look() as records:
            raw = make_pack(records, order, site=desk.settings.site, folder=desk.folder, key=key)
        with open_output(str(output), private=True) as stream:
            stream.write(raw)
        typer.echo(str(output))
        typer.echo(f"Pack {order.id}, {len(raw):,} bytes. Check it: raabta pack verify {output}", err=True)
