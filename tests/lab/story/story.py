"""What the chapters of the story share: the folder, the command line, ids, and what was found so far."""

import datetime as dt
import json
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from socket import socket
from typing import Any, Final

from tests.lab.story import ground
from tests.lab.story.desk import Desk, Said
from tests.lab.story.ground import GATEWAY
from tests.lab.story.servers import OpenVpn, Peers

NUMBERS: Final = ("42101-7654321-9", "35202-1234567-1", "61101-5550123-7")
"""Of identity cards: the company's focal person's, the freelancer's, and one in a row that is refused."""
COMPANY_PERSON: Final = "Ayesha Kamal"
FREELANCER: Final = "Bilal Hunar"
Found = dict[str, Any]

_PASSPHRASE: Final = "seven words that nobody else would think of"


WITNESS: Final = ("--outside", "outside.jsonl")
_PEERS: Final = ("office", "peer_office", "peer_neighbour", "peer_street", "peer_device", "peer_outside", "probe")
"""WireGuard's: the office's tunnel, and a peer for each tester."""


class Story:
    """What the chapters share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        servers = self.folder / "servers"
        servers.mkdir()
        self.peers = Peers(servers / "wireguard", *_PEERS)
        self.openvpn = OpenVpn(servers / "openvpn")
        register = str(self.folder / "register")
        self.desk = Desk(
            self.folder,
            HOME=str(self.folder),
            RAABTA_REGISTER=register,
            RAABTA_PASSPHRASE=_PASSPHRASE,
            RAABTA_GATEWAY=str(self.folder / "gw" / "gateway.toml"),
        )
        self.raabta = self.desk.raabta
        self.gateway = partial(self.raabta, "gateway", place=GATEWAY)
        self.found: Found = {}
        self.ids: dict[str, str] = {}
        self.controls: list[str] = []
        self.lines: dict[str, socket | None] = {}
        self.later: dict[str, Future[Any]] = {}
        """What goes on beside the chapters."""
        self.anchor = self.folder / "repo" / "north" / "metadata" / "1.root.json"
        self.publishing_s = 0.0
        self.ends_at = dt.datetime.max.replace(tzinfo=dt.UTC)
        (self.folder / "tables.toml").write_text(ground.TABLES, "utf-8")

    def expects(self, place: str, *words: object, code: int | None = None) -> Said:
        """Run ``raabta probe --expect exempt`` in a namespace."""
        asked = ("probe", "--expect", "exempt", *words, "--asn", ground.MEMBER_ASN, "--yes", "--format", "jsonl")
        return self.raabta(*asked, place=place, code=code)

    def beside(self, name: str, act: Callable[..., Any], *arguments: object) -> None:
        """Begin something whose result a later chapter needs."""
        self.later[name] = self.desk.later(act, *arguments)

    def result(self, name: str) -> Any:
        """Wait for something that was begun."""
        return self.later[name].result()

    def verifies(self) -> list[object]:
        """Run ``raabta gateway verify``: exit code, differences of the kernel's table, answer, what the twin met."""
        said = self.gateway("verify", "--format", "json", code=None)
        assert said.out, said.err
        told = json.loads(said.out)
        (effect,) = told["effects"]
        return [said.code, told["comparison"]["wrong"], effect["answer"], effect["restriction"]]

    def expect_file(self, name: str) -> Path:
        """What a test with one of the peers' keys takes."""
        return self.peers.expect_file(self.folder / f"{name}.toml", name)


def answer(said: Said) -> list[object]:
    """Exit code, answer, and what the twin met."""
    effect = json.loads(said.out)
    return [said.code, effect["answer"], effect["restriction"]]
