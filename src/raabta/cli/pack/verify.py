"""``raabta pack verify``: is this archive what its publisher signed?"""

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.model.pack import PackManifest
    from raabta.publish.pack.reading import PackReport
    from raabta.remedy.keys import PublicKey

BAD: Final = 3
UNKNOWN_KEY: Final = 4
PATH_CHARACTERS_MAX: Final = 1000
"""A longer text is no path."""


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")],
    *,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY|FILE", help="The publisher's, from its site: not from the pack.")
    ] = None,
    extract: Annotated[
        Path | None, typer.Option("--extract", metavar="FOLDER", help="Unpack into this new folder. Needs --key.")
    ] = None,
) -> None:
    """Check an evidence pack: who signed it, whether every file is as signed, and what was withheld.

    Without --key all is checked but whose key it is: the pack's own key proves nothing.

    Exit code: 0 good, 4 whole but the signer is not known (no --key), 3 not what was signed, 2 wrong usage.
    """
    from raabta.publish.pack.reading import find_own_key, read_pack  # noqa: PLC0415  --help need not wait for it
    from raabta.remedy.minisign import check_minisign  # noqa: PLC0415

    if extract is not None and key is None:
        fail("--extract: nothing is unpacked before its signer is known. Give --key too.")
    trusted = _key(key) if key is not None else None
    raw = _read(file)
    own = find_own_key(raw)

    def check(signed: bytes, signature: str) -> str:
        return check_minisign(signed, signature, key=trusted or _public(own))

    report = read_pack(raw, check=check)
    for problem in report.problems:
        typer.echo(_plain(problem), err=True)
    if report.problems or report.manifest is None:
        fail(f"{file}: not a good pack. Ask its publisher for it again.", code=BAD)
    _tell(report.manifest)
    if trusted is not None and own and _public(own).public != trusted.public:
        typer.echo("The key inside the pack is another one than yours. Yours is the one that signed.", err=True)
    if extract is not None:
        _extract(report, extract)
    if trusted is None:
        site = _plain(report.manifest.site)
        fail(f"whole, but who signed it is not known: give --key, from {site}/en/about.html", code=UNKNOWN_KEY)


def _plain(text: str) -> str:
    """Give a text of somebody else's as a terminal may show it: one line, nothing that steers."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _tell(manifest: "PackManifest") -> None:
    from raabta.publish.pack.names import some  # noqa: PLC0415  as above

    typer.echo(_plain(manifest.title))
    typer.echo(f"  pack       {_plain(manifest.id)}, for {_plain(manifest.recipient)}")
    typer.echo(f"  publisher  {_plain(manifest.publisher)}, {_plain(manifest.site)}")
    typer.echo(f"  made       {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC with {_plain(manifest.software)}")
    typer.echo(f"  files      {len(manifest.files)}, all as signed")
    for part in manifest.withheld:
        typer.echo(f"  withheld   {some(part.n)} × {_plain(part.what)}: {_plain(part.why)}")


def _extract(report: "PackReport", folder: Path) -> None:
    """Write files whose names were found safe, into a folder that was not there."""
    try:
        folder.mkdir(parents=True)
        for path, raw in report.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
    except OSError as error:
        fail(f"--extract {folder}: {error.strerror}. Name a folder that is not there yet.")
    typer.echo(f"Unpacked into {folder}.", err=True)


def _read(file: Path) -> bytes:
    from raabta.publish.pack.names import PACK_BYTES_MAX  # noqa: PLC0415  as above

    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > PACK_BYTES_MAX:
            fail(f"{file}: no file, or one larger than any pack ({PACK_BYTES_MAX:,} bytes).")
        return file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}. Check the name.")


def _key(given: str) -> "PublicKey":
    is_file = len(given) < PATH_CHARACTERS_MAX and Path(given).is_file()
    try:
        return _public(Path(given).read_text("utf-8") if is_file else given)
    except (ValueError, OSError) as error:
        fail(f"--key: {error}")


def _public(text: str) -> "PublicKey":
    from raabta.remedy.minisign import read_minisign_public  # noqa: PLC0415  as above

    return read_minisign_public(text, name="the publisher")
