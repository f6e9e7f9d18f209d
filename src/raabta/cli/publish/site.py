"""``raabta publish --site DIR --mirror …``: build the site, and bring it to its mirrors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.prompting import ask_text
from raabta.cli.publish.opening import Desk, SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, new_bytes, now

if TYPE_CHECKING:
    from raabta.hub.mirrors.planning import Brought
    from raabta.pipeline.informing.settings import Mirror
    from raabta.pipeline.informing.site.building import Built
    from raabta.remedy.keys import SigningKey

MIRROR_FAILED: Final = 3


def publish(
    context: typer.Context,
    *,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="DIR", help="Where builds stand; a web server serves DIR/current.")
    ] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            "--mirror", metavar="NAME|TARGET", help="Bring it there; may be repeated. Default: all of the settings."
        ),
    ] = None,
    no_mirrors: Annotated[bool, typer.Option("--no-mirrors", help="Build only.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Make and bring every file anew.")] = False,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Build the site, bring it to its mirrors, check them; send what is due.

    Without a command: build what is published into DIR and bring it to the mirrors. Prints the release's folder.
    Only what changed is made and brought. A target is /folder, user@host:/folder or s3://bucket/prefix.

    Exit code: 0 built and brought, 3 built but a mirror failed (it is named), 2 wrong usage or refused, 1 the database
    or the disk failed.
    """
    if context.invoked_subcommand is not None:
        if site or mirror or no_mirrors or full or settings or register:
            fail(f"these options belong to publish alone. Write them after {context.invoked_subcommand}.")
        return
    folder = Path(ask_text(str(site) if site else None, "--site", "Folder for the site"))
    if mirror and no_mirrors:
        fail("--mirror and --no-mirrors contradict each other. Leave one out.")

    from raabta.hub.mirrors.planning import choose_mirrors  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.informing.site.building import build_site  # noqa: PLC0415

    with opened_desk(register, settings) as desk:
        mirrors = [] if no_mirrors else choose_mirrors(desk.settings.mirrors, mirror or ())
        key = open_site_key(desk)
        with desk.register.look() as records:
            built = build_site(records, desk.settings, folder=folder, key=key, now=now(), full=full)
        _tell(built)
        n_failed = _bring(built, key, desk=desk, mirrors=mirrors, full=full, site=folder) if mirrors else 0
    typer.echo(built.release)
    if n_failed:
        fail(f"{n_failed} of {len(mirrors)} mirrors failed. Run this again: it goes on.", code=MIRROR_FAILED)


def open_site_key(desk: Desk) -> "SigningKey":
    """Read the site's key; make it on first use."""
    from raabta.pipeline.informing.site.key import SITE_KEY_FILE, find_site_key, make_site_key  # noqa: PLC0415
    from raabta.remedy.keys import SEED_BYTES  # noqa: PLC0415

    found = find_site_key(desk.folder)
    if found is not None:
        return found
    made = make_site_key(desk.folder, seed=new_bytes(SEED_BYTES))
    words = "Made the site's key: {}. Copy it to a safe place, and tell its public part: raabta publish key"
    typer.echo(words.format(desk.folder / SITE_KEY_FILE), err=True)
    return made


def _tell(built: "Built") -> None:
    made = f"{built.n_written:,} files made, {built.n_kept:,} kept, {built.n_removed:,} gone"
    why = f"; all anew: {built.whole_because}" if built.whole_because else ""
    typer.echo(f"Built serial {built.manifest.serial}: {made}{why}.", err=True)


def _bring(built: "Built", key: "SigningKey", *, desk: Desk, mirrors: "list[Mirror]", full: bool, site: Path) -> int:
    """Bring a build to mirrors; count those that failed."""
    from raabta.hub.mirrors.bringing import bring  # noqa: PLC0415  --help need not wait for it
    from raabta.hub.mirrors.planning import Load  # noqa: PLC0415

    load = Load(
        release=built.release.resolve(),
        manifest=built.manifest,
        key=key.public,
        base=desk.settings_file.parent.resolve(),
        full=full,
    )
    return sum(bool(one.failure) for one in bring(load, mirrors, site=site, tell=_tell_mirror))


def _tell_mirror(one: "Brought") -> None:
    if one.failure:
        words = f"FAILED. {one.failure}"
    elif one.newer:
        words = f"shows serial {one.newer} already, which is newer: left alone"
    else:
        words = f"{one.n_sent:,} files sent, {one.n_removed:,} removed, {one.took_s:.1f} s"
    typer.echo(f"Mirror {one.name}: {words}.", err=True)
