"""``raabta pack verify``: is this archive what its publisher signed?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.publish.pack import PackReport
    from raabta.remedy.keys import PublicKey

BAD: Final = 3
UNKNOWN_KEY: Final = 4


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")],
    *,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY|FILE", help="The publisher's, from its site: not from the pack.")
    ] = None,
    extract: Annotated[
        Path | None, typer.Option("--extract", metavar="FOLDER", help="Unpack into this new folder, where all is good.")
    ] = None,
) -> None:
    """Check an evidence pack: who signed it, whether every file is as signed, and what was withheld.

    Without --key all is checked but whose key it is: the pack's own key proves nothing.

    Exit code: 0 good, 4 whole but the signer is not known (no --key), 3 not what was signed, 2 wrong usage.
    """
    from raabta.publish.pack import read_pack  # noqa: PLC0415  --help need not wait for it
    from raabta.publish.pack.archive import KEY  # noqa: PLC0415
    from raabta.remedy.minisign import check_minisign  # noqa: PLC0415

    raw = _read(file)
    trusted = _key(key) if key else None
    own: list[str] = []

    def check(signed: bytes, signature: str) -> str:
        return check_minisign(signed, signature, key=trusted or _public(own[0]))

    if trusted is None:
        own.append(_own_key(raw, KEY))
    report = read_pack(raw, check=check)
    for problem in report.problems:
        typer.echo(problem, err=True)
    if report.problems or report.manifest is None:
        fail(f"{file}: not a good pack. Ask its publisher for it again.", code=BAD)
    _tell(report)
    if extract is not None:
        _extract(report, extract)
    if trusted is None:
        site = report.manifest.site
        fail(f"whole, but who signed it is not known: give --key, from {site}/en/about.html", code=UNKNOWN_KEY)


def _tell(report: "PackReport") -> None:
    manifest = report.manifest
    assert manifest is not None  # noqa: S101  told to the type checker
    typer.echo(f"{manifest.title}")
    typer.echo(f"  pack       {manifest.id}, for {manifest.recipient}")
    typer.echo(f"  publisher  {manifest.publisher}, {manifest.site}")
    typer.echo(f"  made       {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC with {manifest.software}")
    typer.echo(f"  files      {len(manifest.files)}, all as signed")
    for part in manifest.withheld:
        typer.echo(f"  withheld   {part.n} × {part.what}: {part.why}")


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
    from raabta.publish.pack.archive import PACK_BYTES_MAX  # noqa: PLC0415  as above

    try:
        if file.stat().st_size > PACK_BYTES_MAX:
            fail(f"{file}: larger than any pack ({PACK_BYTES_MAX:,} bytes).")
        return file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}. Check the name.")


def _own_key(raw: bytes, name: str) -> str:
    """Give the text of the key that a pack brings, "" where it brings none."""
    import io  # noqa: PLC0415  as above
    import zipfile  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, archive.open(name) as stream:
            return stream.read(2_000).decode("utf-8", "replace")
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError):
        return ""


def _key(given: str) -> "PublicKey":
    file = Path(given)
    try:
        return _public(file.read_text("utf-8") if file.is_file() else given)
    except ValueError as error:
        fail(f"--key: {error}")


def _public(text: str) -> "PublicKey":
    from raabta.remedy.minisign import read_minisign_public  # noqa: PLC0415  as above

    return read_minisign_public(text, name="the publisher")
