"""Files that a person names, read whole: ordinary ones only, and no more than fits."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.model.incident import Attachment

FILES_MAX: Final = 500
ALL_BYTES_MAX: Final = 256 * 1024 * 1024
"""Of one command: all of it stands in memory, since all files are attached or none."""


def read_files(
    files: Iterable[Path], *, n_files_most: int = FILES_MAX, n_bytes_most: int = ALL_BYTES_MAX
) -> list[tuple[str, bytes]]:
    """Read files, each with its name, or end the command.

    Args:
        files: Which.
        n_files_most: So many at most.
        n_bytes_most: Of all together.
    """
    named = list(files)
    if len(named) > n_files_most:
        fail(f"FILE: {len(named):,} files; {n_files_most} at once are allowed. Attach them in parts.")
    found: list[tuple[str, bytes]] = []
    left = n_bytes_most
    for file in named:
        content = _read(file, left)
        if len(content) > left:
            fail(f"{file}: all files together have more than {n_bytes_most:,} bytes. Attach them in parts.")
        left -= len(content)
        found.append((file.name, content))
    return found


def _read(file: Path, n_most: int) -> bytes:
    from raabta.pipeline.informing.desk.attachments import FILE_BYTES_MAX  # noqa: PLC0415  --help need not wait

    try:
        # Not blocking: a pipe without a writer does not hold us up.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            held = os.fstat(handle)
            if not stat.S_ISREG(held.st_mode):
                fail(f"{file}: a folder, a pipe or a device, and no file. Save what it gives as a file first.")
            if held.st_size > FILE_BYTES_MAX:
                fail(f"{file}: larger than {FILE_BYTES_MAX >> 20} MiB. Attach a part of it.")
            with os.fdopen(handle, "rb", closefd=False) as stream:
                content = stream.read(min(n_most, FILE_BYTES_MAX) + 1)
        finally:
            os.close(handle)
    except OSError as error:
        fail(f"{file}: cannot be read: {error.strerror}. Check the name.", code=1)
    return content


def say_again(earlier: "Attachment", now_: "Attachment", said: str) -> None:
    """Say that a file was attached before, and what it stays or became."""
    became = f"; it is a {now_.kind} from now on" if now_.kind != earlier.kind else ""
    typer.echo(f"  Attached already, as a {earlier.kind} named {earlier.name}{became}.", err=True)
    if now_.kind != said:
        typer.echo(
            f"  It stays a {now_.kind}. To attach it as a {said}: raabta incident detach {now_.id}, then again.",
            err=True,
        )
