"""gateway.toml: where the list comes from, what the agent may change, and how the policy is set.

Paths are relative to the file. Nothing secret stands in it: a token for the server has a file of its own.
"""

from pathlib import Path
from typing import Final

import msgspec

from raabta.gateway.fetch import Source
from raabta.model.exemption import Recipient
from raabta.reference.own import load_own_tables
from raabta.reference.tables import Tables, load_tables
from raabta.remedy.policy import MARK, PolicySettings, check_mark

MAX_CHANGE_SHARE: Final = 0.2
"""Of entries, by one list (remedy.md)."""


class PolicyPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[policy]``: see ``remedy.policy``."""

    mark: int = MARK
    notrack: bool = False


class LimitsPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[limits]``."""

    max_change_share: float = MAX_CHANGE_SHARE
    """More entries than this share, added, removed or changed by one list, wait for a person's --override."""


class RunPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[run]``. Reasoned, not validated: a revocation is in force within minutes, a flushed table within seconds."""

    interval_s: float = 300.0
    """Between pulls."""
    check_s: float = 10.0
    """Between looks whether the kernel still has our table."""
    deep_check_s: float = 3600.0
    """Between comparisons of every element: 2 s of CPU time for 100,000."""


class AcknowledgePart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[acknowledge]``."""

    folder: str = ""
    """Where signed acknowledgements are copied, for whatever carries them to the association; "" for nowhere."""


class VerifyPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[verify]``: what is measured from this machine."""

    files: tuple[str, ...] = ()
    """Files with the keys of a probe peer, as ``raabta probe --expect exempt`` takes them."""
    results: str = ""
    """Where results are added to, one a line (JSON); "" for nowhere."""
    outside: str = ""
    """What a witness outside found with the same files (jsonl); results older than an hour are passed over."""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str
    recipient: str
    root: str = "root.json"
    state: str = "state"
    asns: tuple[int, ...] = ()
    tables: str = ""
    ca_file: str = ""
    token_file: str = ""
    deadline_s: float = 300.0
    policy: PolicyPart = PolicyPart()
    limits: LimitsPart = LimitsPart()
    run: RunPart = RunPart()
    acknowledge: AcknowledgePart = AcknowledgePart()
    verify: VerifyPart = VerifyPart()


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway's settings, with paths made whole."""

    file: Path
    url: str
    recipient: Recipient
    root: Path
    state: Path
    tables: Path | None
    ca_file: str
    token_file: Path | None
    deadline_s: float
    policy: PolicySettings
    limits: LimitsPart
    run: RunPart
    acknowledge_to: Path | None
    verify_files: tuple[Path, ...]
    verify_results: Path | None
    verify_outside: Path | None = None

    def source(self) -> Source:
        """Say where the list comes from, and whom to believe.

        Raises:
            OSError: The trust anchor or the token cannot be read.
        """
        return Source(
            url=self.url,
            recipient=self.recipient.id,
            root=self.root.read_bytes(),
            ca_file=self.ca_file,
            token=self.token_file.read_text("utf-8").strip() if self.token_file else "",
            deadline_s=self.deadline_s,
        )

    def load_tables(self) -> Tables:
        """Load the address tables that rules are held against.

        Raises:
            ValueError: The file of own tables is wrong.
            OSError: It cannot be read.
        """
        return load_own_tables(self.tables) if self.tables else load_tables()


def load_settings(file: Path) -> GatewaySettings:
    """Read gateway.toml.

    Raises:
        ValueError: It is missing or wrong. The text names the file and the field, and says what to try.
    """
    try:
        read = msgspec.toml.decode(file.read_bytes(), type=_File)
        _check(read)
    except OSError as error:
        message = f"{file}: {error.strerror}. Make one: raabta gateway init --help"
        raise ValueError(message) from error
    except (msgspec.DecodeError, ValueError) as error:
        message = f"{file}: {error}. See docs/guides/gateway.md"
        raise ValueError(message) from error
    place = file.absolute().parent

    def whole(path: str) -> Path | None:
        return place / path if path else None

    return GatewaySettings(
        file=file,
        url=read.url,
        recipient=Recipient(id=read.recipient, name=read.recipient, asns=read.asns),
        root=place / read.root,
        state=place / read.state,
        tables=whole(read.tables),
        ca_file=str(whole(read.ca_file) or ""),
        token_file=whole(read.token_file),
        deadline_s=read.deadline_s,
        policy=PolicySettings(mark=read.policy.mark, notrack=read.policy.notrack),
        limits=read.limits,
        run=read.run,
        acknowledge_to=whole(read.acknowledge.folder),
        verify_files=tuple(place / name for name in read.verify.files),
        verify_results=whole(read.verify.results),
        verify_outside=whole(read.verify.outside),
    )


def _check(read: _File) -> None:
    check_mark(read.policy.mark)
    positive = {
        "deadline_s": read.deadline_s,
        "run.interval_s": read.run.interval_s,
        "run.check_s": read.run.check_s,
        "run.deep_check_s": read.run.deep_check_s,
        "limits.max_change_share": read.limits.max_change_share,
    }
    for name, value in positive.items():
        if not 0 < value < float("inf"):
            message = f"{name} is {value}; it must be above 0"
            raise ValueError(message)
    if not read.url.startswith(("https://", "file://")):
        message = f"url is {read.url!r}; write https://… or file:///…"
        raise ValueError(message)
