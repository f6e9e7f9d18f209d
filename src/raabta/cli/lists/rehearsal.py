"""The key ceremony in one folder: what people on several machines do in earnest, with the commands that do it.

Each holder's machine is a folder of its own, and only what would be carried between machines is copied. At the end the
list is pulled as a gateway pulls it, a key is replaced, and a list with too few signatures is seen to be refused.
"""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import typer

from raabta.cli.lists.options import lint_by
from raabta.cli.register.opening import new_bytes, now
from raabta.gateway.fetch import Source, fetch
from raabta.model.exemption import ExemptionList, Recipient
from raabta.pipeline.ceremony import make_key
from raabta.pipeline.signing import Sheet, make_list_sheet, make_root_sheet, publish_sheet, read_sheet, sign_sheet
from raabta.reference.tables import load_tables
from raabta.remedy.keys import PublicKey, SigningKey, open_key, read_public
from raabta.remedy.lint import bench_of
from raabta.remedy.repository import RoleKeys

PEOPLE: Final = ("ayesha", "bilal", "chand")
RECIPIENT: Final = Recipient(id="rehearsal", name="Rehearsal Networks", asns=(64500,))
WORDS: Final = "this is only a rehearsal"
SCRYPT_N: Final = 2**14
"""The passphrase is public here: no need to make seven guesses dear."""


class Rehearsal:
    """The folder: ``machines/<person>``, ``machines/office``, ``repository`` and ``gateway``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = folder / "machines" / "office"
        self.repository = folder / "repository"
        self.lint = lint_by(load_tables())

    def make(self, name: str, *, machine: str) -> Path:
        """A person makes a key and hands its public part to the office."""
        public = make_key(
            self.folder / "machines" / machine, name, passphrase=WORDS, new_bytes=new_bytes, scrypt_n=SCRYPT_N
        )
        self.office.mkdir(parents=True, exist_ok=True)
        if public.parent != self.office:
            shutil.copy(public, self.office)
        return public

    def public(self, name: str) -> PublicKey:
        """What the office has of a key."""
        return read_public((self.office / f"{name}.pub").read_bytes(), file=f"{name}.pub")

    def opened(self, name: str, *, machine: str) -> SigningKey:
        """A key on its holder's machine."""
        path = self.folder / "machines" / machine / f"{name}.key"
        return open_key(path.read_bytes(), WORDS, file=str(path))

    def signed(self, sheet: Sheet, role: str, *people: str) -> Sheet:
        """The sheet is copied to each person's machine, signed there, and the signatures are carried back."""
        for person in people:
            copy = self.folder / "machines" / person / sheet.folder.name
            shutil.copytree(sheet.folder, copy, dirs_exist_ok=True)
            signature = sign_sheet(read_sheet(copy), self.opened(f"{role}-{person}", machine=person), lint=self.lint)
            shutil.copy(signature, sheet.folder / "signatures")
        return read_sheet(sheet.folder)

    def root(self, *names: str, number: int) -> Sheet:
        """A root of these holders' keys is drawn up."""
        keys = RoleKeys(
            root=tuple(self.public(f"root-{name}") for name in names),
            targets=tuple(self.public(f"targets-{name}") for name in names),
            online=self.public("online"),
        )
        sheet = self.office / f"root-{number}"
        return make_root_sheet(sheet, keys, recipient=RECIPIENT, repository=self.repository, now=now())

    def list(self, serial: int) -> Sheet:
        """An empty list is compiled."""
        at = now()
        listed = ExemptionList(
            recipient=RECIPIENT.id, country="PK", serial=serial, made_at=at, expires_at=at + timedelta(days=30)
        )
        sheet = self.office / f"list-{serial}"
        return make_list_sheet(sheet, listed, recipient=RECIPIENT, repository=self.repository, lint=self.lint, now=at)

    def publish(self, sheet: Sheet) -> None:
        """The office puts a signed sheet into the repository."""
        online = self.opened("online", machine="office")
        publish_sheet(sheet, self.repository, online=online, lint=self.lint, now=now())

    def pull(self) -> dict[str, int]:
        """A gateway pulls, from the first root that it was handed."""
        folder = self.repository / RECIPIENT.id
        root = (folder / "metadata" / "1.root.json").read_bytes()
        source = Source(url=folder.resolve().as_uri(), recipient=RECIPIENT.id, root=root)
        at = now()
        return fetch(source, self.folder / "gateway", now=at, bench=bench_of(load_tables(), RECIPIENT)).versions


def rehearse_in(folder: Path) -> None:
    """Hold the ceremony in a new folder, and tell each step.

    Raises:
        FileExistsError: The folder is there.
        ValueError: A step was refused that should not be: a fault of ours.
    """
    folder.mkdir(parents=True)
    hall = Rehearsal(folder)
    _tell("1. Each holder makes two keys, the office one", "raabta list keys new NAME")
    for person in PEOPLE:
        for role in ("root", "targets"):
            hall.make(f"{role}-{person}", machine=person)
    hall.make("online", machine="office")
    _tell("2. The office draws up the root, two of three holders sign it", "raabta list keys root; raabta list sign")
    hall.publish(hall.signed(hall.root(*PEOPLE, number=1), "root", *PEOPLE[:2]))
    _tell("3. A list is compiled; one signature is refused", "raabta list compile; raabta list sign")
    sheet = hall.signed(hall.list(1), "targets", PEOPLE[0])
    _expect_refusal(hall, sheet)
    _tell("4. The second holder signs, the list is published", "raabta list sign; raabta list publish")
    hall.publish(hall.signed(sheet, "targets", PEOPLE[1]))
    _tell("5. A gateway pulls it", "raabta gateway pull", found=hall.pull())
    _tell("6. A holder's keys are lost and replaced: a new root, a new list", "raabta list keys root")
    for role in ("root", "targets"):
        hall.make(f"{role}-dania", machine="dania")
    names = (*PEOPLE[1:], "dania")
    hall.publish(hall.signed(hall.root(*names, number=2), "root", *PEOPLE[1:]))
    hall.publish(hall.signed(hall.list(2), "targets", PEOPLE[2], "dania"))
    _tell("7. The gateway follows, from the first root", "raabta gateway pull", found=hall.pull())
    typer.echo(folder)


def _expect_refusal(hall: Rehearsal, sheet: Sheet) -> None:
    try:
        hall.publish(sheet)
    except ValueError as error:
        typer.echo(f"   refused, as it should be: {error}", err=True)
        return
    message = "a list with one signature of two was published. Please report this."
    raise ValueError(message)


def _tell(words: str, command: str, *, found: dict[str, int] | None = None) -> None:
    typer.echo(f"{words}\n   in earnest: {command}", err=True)
    if found:
        typer.echo(f"   versions {msgspec.json.encode(found).decode()}", err=True)
