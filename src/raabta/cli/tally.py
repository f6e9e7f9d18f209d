"""What became of the documents, said on standard error at the end; and the file of those that could not be read."""

from typing import BinaryIO, Final

import msgspec
import typer

from raabta.cli.report.words import counted, plain
from raabta.model import Rejection

SHOWN_REJECTIONS: Final = 5


class Tally:
    """Counts what became of documents; keeps the first rejections and writes all of them where a file is given."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.n_read = self.n_rejected = self.n_with_losses = 0
        self._file = file
        self._first: list[Rejection] = []

    def reject(self, rejection: Rejection) -> None:
        """Count a document that could not be read."""
        self.n_rejected += 1
        if self._file is not None:
            self._file.write(msgspec.json.encode(rejection) + b"\n")
        elif len(self._first) < SHOWN_REJECTIONS:
            self._first.append(rejection)

    def say(self, rejects: str | None) -> None:
        """Say on standard error what was read and what was not."""
        words = f"Read {counted(self.n_read, 'document')}"
        if self.n_rejected:
            words += f", rejected {self.n_rejected:,}" + (f" (see {rejects})" if rejects is not None else "")
        typer.echo(f"{words}.", err=True)
        if self.n_with_losses:
            them = counted(self.n_with_losses, "document")
            typer.echo(f"In {them} some fields could not be read; the notes of the verdicts name them.", err=True)
        for it in self._first:
            typer.echo(f"  {plain(it.file)}:{it.line}  {plain(it.field)}: {plain(it.reason)}", err=True)
        if self._first:
            more = self.n_rejected - len(self._first)
            typer.echo(f"  {f'… and {more:,} more; ' if more else ''}use --rejects FILE to keep them all.", err=True)
