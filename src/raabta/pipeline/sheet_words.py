"""What a holder reads before signing: whose keys a root names, and what of a list came, went and changed.

A sheet comes from somebody else. So every name in it is cut short and rid of what a terminal would obey, and every key
is shown whole, as its ``.pub`` file has it: names are free to choose, keys are not.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from raabta.model.exemption import ExemptionEntry, ExemptionList, LeaseGrant, Recipient, Restriction
from raabta.pipeline.signing import Sheet
from raabta.remedy.repository import name_of, read_root, version_of

SHOWN_MAX: Final = 20
"""Lines of changes that a person reads before a yes; the rest is counted."""
_NAME_MAX: Final = 40
_ONLINE: Final = ("timestamp", "snapshot")
_RENEWED: Final = {"not_before", "not_after", "serial", "log_index"}
"""Fields that differ each time an entry is renewed."""

Item = TypeVar("Item", ExemptionEntry, LeaseGrant, Restriction)


class _Role(Struct, frozen=True, kw_only=True):
    """Who may sign as what."""

    words: str
    threshold: int
    keys: dict[str, str]
    """Public key (base64): its holder's name."""


def describe(sheet: Sheet) -> str:
    """Say what is to be signed, for who signs it."""
    head = sheet.head
    lines = [f"For      {head.recipient.id} ({plain(head.recipient.name)}), networks {_networks(head.recipient)}"]
    lines += _of_root(sheet) if head.kind == "root" else _of_list(sheet)
    words = ["old root", "new root"] if head.kind == "root" and sheet.root else [""]
    for whose, one in zip(words, sheet.standings, strict=True):
        if whose:
            lines.append(f"By the keys of the {whose}:")
        lines.append(f"Signed   {len(one.signed)} of {one.threshold}: {_names(one.signed)}")
        lines.append(f"Missing  {_names(one.missing)}")
    return "\n".join(lines)


def plain(text: str) -> str:
    """Give a text of somebody else's on one line, short, and without what a terminal would obey."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= _NAME_MAX else f"{shown[: _NAME_MAX - 1]}…"


# --- a root -------------------------------------------------------------------------------------------------


def _of_root(sheet: Sheet) -> Iterator[str]:
    yield f"Root     version {version_of(sheet.draft)}: who may sign lists from now on"
    yield "Keys     compare each with its .pub file, or by telephone"
    roles = _roles(sheet.draft)
    for role in roles:
        yield f"  {role.words}: {role.threshold} of these {len(role.keys)} must sign"
        yield from (f"    {key}  {name}" for key, name in sorted(role.keys.items(), key=lambda item: item[1]))
    if not sheet.root:
        yield "Changes  none to compare with: no root was published before"
        return
    changes = [line for old, new in zip(_roles(sheet.root), roles, strict=False) for line in _role_changes(old, new)]
    yield f"Changes  since version {version_of(sheet.root)}, which is published:{'' if changes else ' none'}"
    yield from changes


def _roles(root: bytes) -> list[_Role]:
    """Root, targets, timestamp and snapshot, always in this order; "online" where the last two are the same."""
    read = read_root(root)

    def role(name: str, words: str) -> _Role:
        of = read.roles[name]
        keys = {_key_text(read.keys[keyid]): plain(name_of(read.keys[keyid])) for keyid in of.keyids}
        return _Role(words=words, threshold=of.threshold, keys=keys)

    return [
        role("root", "root (who may sign)"),
        role("targets", "targets (lists)"),
        *(role(name, f"{name} (online)") for name in _ONLINE),
    ]


def _role_changes(old: _Role, new: _Role) -> Iterator[str]:
    yield from (f"  {new.words}: + {new.keys[key]}" for key in new.keys if key not in old.keys)
    yield from (f"  {new.words}: - {old.keys[key]}" for key in old.keys if key not in new.keys)
    for key in old.keys:
        if key in new.keys and old.keys[key] != new.keys[key]:
            yield f"  {new.words}: {old.keys[key]} is now called {new.keys[key]}, the key is the same"
    if old.threshold != new.threshold:
        yield f"  {new.words}: {new.threshold} must sign, {old.threshold} before"


def _key_text(key: Any) -> str:
    return base64.b64encode(bytes.fromhex(str(key.keyval["public"]))).decode()


# --- a list -------------------------------------------------------------------------------------------------


def _of_list(sheet: Sheet) -> Iterator[str]:
    listed, before = sheet.listed, sheet.listed_before
    old, new = ({entry.id for entry in one.entries} if one else set() for one in (before, listed))
    yield f"List     serial {listed.serial}, until {listed.expires_at:%Y-%m-%d %H:%M} UTC"
    serial_before = before.serial if before else 0
    yield f"Entries  {len(new)}: {len(new - old)} new, {len(old - new)} gone since serial {serial_before}"
    yield f"Besides  {len(listed.grants)} grants of leases, {len(listed.restrictions)} restrictions"
    changes = _changes(before, listed)
    if changes:
        yield "Changes  + comes, - goes, ~ is another than before under the same id"
        yield from changes[:SHOWN_MAX]
    if len(changes) > SHOWN_MAX:
        yield f"  and {len(changes) - SHOWN_MAX} more; all are in {sheet.folder / 'exemptions.json'}"


def _changes(before: ExemptionList | None, listed: ExemptionList) -> list[str]:
    """Say each change on a line, those that let more pass or change what passes before those that end something."""
    lines = [
        *_differing(before.entries if before else (), listed.entries, _entry_text),
        *_differing(before.grants if before else (), listed.grants, _grant_text),
        *_differing(before.restrictions if before else (), listed.restrictions, _restriction_text),
    ]
    return [f"  {sign} {text}" for sign in "~+-" for sign_of, text in lines if sign_of == sign]


def _differing(old: Sequence[Item], new: Sequence[Item], text: Callable[[Item], str]) -> Iterator[tuple[str, str]]:
    before, after = {item.id: item for item in old}, {item.id: item for item in new}
    for id_, item in after.items():
        if id_ not in before:
            yield "+", f"{plain(id_)}  {text(item)}"
        elif _lasting(item) != _lasting(before[id_]):
            yield "~", f"{plain(id_)}  {text(item)}\n      before: {text(before[id_])}"
    yield from (("-", f"{plain(id_)}  {text(item)}") for id_, item in before.items() if id_ not in after)


def _lasting(item: Struct) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(item).items() if name not in _RENEWED}


def _entry_text(entry: ExemptionEntry) -> str:
    return f"{_host(entry.source)} -> {_place(entry)}"


def _grant_text(grant: LeaseGrant) -> str:
    return f"leases of device {plain(grant.device_key)[:8]}… -> {_place(grant)}"


def _restriction_text(restriction: Restriction) -> str:
    return f"blocks {plain(restriction.target)}: {restriction.reason}"


def _place(of: ExemptionEntry | LeaseGrant) -> str:
    place = _host(of.destination) if of.destination else "any"
    place = f"[{place}]" if ":" in place else place
    return f"{place}:{of.port or 'any'}/{of.transport}"


def _host(prefix: str) -> str:
    """Give a prefix of one address as the address."""
    return plain(prefix).removesuffix("/128" if ":" in prefix else "/32")


def _networks(recipient: Recipient) -> str:
    return ", ".join(f"AS{asn}" for asn in recipient.asns) or "not entered in this sheet"


def _names(names: Sequence[str]) -> str:
    return ", ".join(map(plain, names)) or "nobody"
