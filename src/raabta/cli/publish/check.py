"""``raabta publish check URL|DIR…``: look at mirrors as a stranger does."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, new_bytes, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines, write_table, write_text

if TYPE_CHECKING:
    from raabta.hub.mirrors.checking import Checked
    from raabta.remedy.keys import PublicKey

FAULTY: Final = 3
SAMPLE: Final = 100
"""Files of a URL: a mirror in which one file of a hundred is wrong is found with two chances of three, in seconds."""
FAULTS_SHOWN: Final = 10
DRAW_BYTES: Final = 16
SPOILT: Final = frozenset({"missing", "truncated", "changed"})
"""What a mirror's own manifest does not tell: only all of it brought anew is sure to mend it."""


def check(
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="URL|DIR...", help="Default: all addresses that the settings name."),
    ] = None,
    *,
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE|KEY", help="raabta.pub, or its second line. Default: ours.")
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", min=1, help="Files to fetch of a URL; of a folder all are read.")
    ] = SAMPLE,
    all_: Annotated[bool, typer.Option("--all", help="Fetch every file.")] = False,
    ca: Annotated[Path | None, typer.Option("--ca", metavar="FILE", help="Whom to trust for https (PEM).")] = None,
    format_: FormatOption = None,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Check mirrors: is what they serve signed, fresh, the newest, and whole?

    With PLACE and --key it needs no register: anybody can check. Get the key by another way than from the mirror.

    Exit code: 0 all are right, 3 a mirror has a fault, 2 wrong usage, 1 the database failed.
    """
    from raabta.hub.mirrors.checking import Request, check_mirrors  # noqa: PLC0415  --help need not wait for it

    if ca is not None and not ca.is_file():
        fail(f"--ca {ca}: there is no such file.")
    known, sequence, site = list(places or ()), 0, ""
    if key is not None and known:
        public = _read_key(key)
    else:
        known, public, sequence, site = _from_desk(known, key, settings=settings, register=register)
    request = Request(
        key=public,
        draw=new_bytes(DRAW_BYTES),
        n_most=None if all_ else sample,
        site=site,
        sequence=sequence,
        ca_file=str(ca or ""),
    )
    checked = check_mirrors(known, request, now=now())
    _write(checked, lines=as_lines(format_))
    n_faulty = sum(bool(one.faults) for one in checked)
    if n_faulty:
        is_are = "is" if n_faulty == 1 else "are"
        again = " --full" if any(fault.kind in SPOILT for one in checked for fault in one.faults) else ""
        advice = f"The desk can bring them up to date: raabta publish --site DIR{again}"
        fail(f"{n_faulty} of {len(checked)} mirrors {is_are} not right, or not to be reached. {advice}", code=FAULTY)


def _read_key(given: str) -> "PublicKey":
    from raabta.pipeline.informing.site.key import read_public_line  # noqa: PLC0415  --help need not wait for it

    try:
        return read_public_line(Path(given).read_text(encoding="utf-8") if Path(given).is_file() else given)
    except ValueError as error:
        fail(f"--key: {error}")


def _from_desk(
    places: list[str], key: str | None, *, settings: Path | None, register: str | None
) -> "tuple[list[str], PublicKey, int, str]":
    """Take from the desk what was not given: places, key; and which bulletin is the newest, and the site's URL."""
    from raabta.pipeline.informing.site.key import find_site_key, read_public_line  # noqa: PLC0415
    from raabta.registry.publications import newest_sequence  # noqa: PLC0415

    with opened_desk(register, settings) as desk:
        site = desk.settings.site
        urls = [site.url, *site.mirrors, *(mirror.url for mirror in desk.settings.mirrors if mirror.url)]
        own = find_site_key(desk.folder)
        if key is not None:
            public = _read_key(key)
        elif own is not None:
            public = own.public
        elif site.key:
            public = read_public_line(site.key)
        else:
            fail("--key is missing, and the site has none yet. Build it first: raabta publish --site DIR")
        with desk.register.look() as records:
            return places or list(dict.fromkeys(urls)), public, newest_sequence(records), site.url


def _write(checked: "list[Checked]", *, lines: bool) -> None:
    if lines:
        write_lines({"place": one.place, **_summary(one), "faults": one.faults} for one in checked)
        return
    rows = [
        (_summary(one)["serial"], one.manifest.sequence if one.manifest else "", one.n_looked_at, len(one.faults))
        for one in checked
    ]
    heads = ("serial", "bulletin", "read", "faults", "mirror")
    write_table(heads, [(*row, one.place) for row, one in zip(rows, checked, strict=True)], wrap=True)
    for one in checked:
        for fault in one.faults[:FAULTS_SHOWN]:
            write_text(f"{one.place}: {fault.kind}: {fault.path} {fault.words}".replace(":  ", ": "))
        if len(one.faults) > FAULTS_SHOWN:
            write_text(f"{one.place}: {len(one.faults) - FAULTS_SHOWN:,} more. All of them: --format jsonl")


def _summary(one: "Checked") -> dict[str, object]:
    manifest = one.manifest
    return {
        "serial": manifest.serial if manifest else None,
        "sequence": manifest.sequence if manifest else None,
        "made_at": manifest.made_at if manifest else None,
        "expires_at": manifest.expires_at if manifest else None,
        "n_files": len(manifest.files) if manifest else None,
        "n_looked_at": one.n_looked_at,
    }
