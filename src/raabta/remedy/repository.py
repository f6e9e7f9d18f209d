"""The signed repository of one recipient: TUF metadata from keys and bytes to bytes.

Roles, who signs, and what a thief of that key alone could do:

==========  =====================  =========  ======================================================================
role        keys                   lives      with one stolen key
==========  =====================  =========  ======================================================================
root        offline, 2 of 3        a year     nothing
targets     offline, 2 of 3        30 days    nothing
snapshot    online, 1              7 days     with timestamp: hold back a newer list until its ``targets`` end
timestamp   online, 1              24 hours   the same
leases      online, 1              24 hours   hold leases back; make none: devices sign them within offline grants
==========  =====================  =========  ======================================================================

``targets`` names the list (``exemptions.json``) by hash and delegates the path ``leases.json``, and no other, to the
online key. Metadata is drafted unsigned, carried to each holder, signed there (a signature is a small file with nothing
secret in it), and assembled when the threshold is reached.

Each recipient has an online key of its own: with a shared one, a mirror could serve one recipient's timestamp to
another. The list itself names its recipient, too, and the gateway looks.

Source: The Update Framework specification 1.0, by python-tuf's ``Metadata`` types. Times and versions are arguments.
"""

import base64
import datetime as dt
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct
from securesystemslib.signer import Signature, SSlibKey  # type: ignore[attr-defined]  # re-exported without saying so
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined]  # re-exported without saying so
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Role,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from raabta.remedy.keys import PublicKey, SigningKey, raw_public

EXEMPTIONS: Final = "exemptions.json"
LEASES: Final = "leases.json"
LEASES_ROLE: Final = "leases"

# Design page "remedy": a day for what is signed online, a month for what people must meet to sign.
ROOT_LIFE: Final = dt.timedelta(days=365)
TARGETS_LIFE: Final = dt.timedelta(days=30)
SNAPSHOT_LIFE: Final = dt.timedelta(days=7)
TIMESTAMP_LIFE: Final = dt.timedelta(hours=24)
LEASES_LIFE: Final = dt.timedelta(hours=24)
THRESHOLD: Final = 2
_NAME_FIELD: Final = "x-raabta-name"

Kind = TypeVar("Kind", bound=Signed)


class RoleKeys(Struct, frozen=True, kw_only=True):
    """Who signs what. ``root`` and ``targets`` are kept offline by people, ``online`` by the publishing machine."""

    root: tuple[PublicKey, ...]
    targets: tuple[PublicKey, ...]
    online: PublicKey
    root_threshold: int = THRESHOLD
    targets_threshold: int = THRESHOLD


class KeySignature(Struct, frozen=True, kw_only=True):
    """One holder's signature over a draft: what is carried back."""

    keyid: str
    name: str
    role: str
    version: int
    signature: str
    """Hex."""


class Standing(Struct, frozen=True, kw_only=True):
    """How far the signing of a draft has come. ``missing`` are names of holders who have not signed."""

    threshold: int
    signed: tuple[str, ...]
    missing: tuple[str, ...]
    complete: bool


# --- drafts: unsigned ---------------------------------------------------------------------------------------


def draft_root(keys: RoleKeys, *, version: int, expires_at: dt.datetime) -> bytes:
    """Draft root metadata.

    Raises:
        ValueError: Too few keys for a threshold, the same key twice, or an online key that is also an offline one.
    """
    for role, held, threshold in (
        ("root", keys.root, keys.root_threshold),
        ("targets", keys.targets, keys.targets_threshold),
    ):
        _check_holders(role, held, threshold)
    if keys.online.public in {key.public for key in (*keys.root, *keys.targets)}:
        message = f"the online key {keys.online.name!r} is also an offline key. Make an own one: raabta list keys new"
        raise ValueError(message)
    held_by = {
        Root.type: (keys.root, keys.root_threshold),
        Targets.type: (keys.targets, keys.targets_threshold),
        Snapshot.type: ((keys.online,), 1),
        Timestamp.type: ((keys.online,), 1),
    }
    roles = {name: Role([_tuf(key).keyid for key in held], threshold) for name, (held, threshold) in held_by.items()}
    known: dict[str, Key] = {tuf.keyid: tuf for tuf in map(_tuf, (*keys.root, *keys.targets, keys.online))}
    return _unsigned(Root(version=version, expires=_whole(expires_at), keys=known, roles=roles))


def draft_targets(exemptions: bytes, *, online: PublicKey, version: int, expires_at: dt.datetime) -> bytes:
    """Draft targets metadata: this list, and ``leases.json`` delegated to the online key."""
    key = _tuf(online)
    leases = DelegatedRole(LEASES_ROLE, [key.keyid], 1, terminating=True, paths=[LEASES])
    return _unsigned(
        Targets(
            version=version,
            expires=_whole(expires_at),
            targets={EXEMPTIONS: TargetFile.from_data(EXEMPTIONS, exemptions, ["sha256"])},
            delegations=Delegations({key.keyid: key}, {LEASES_ROLE: leases}),
        )
    )


def draft_leases(leases: bytes, *, version: int, expires_at: dt.datetime) -> bytes:
    """Draft the delegated role's metadata: this file of leases and nothing else."""
    target = TargetFile.from_data(LEASES, leases, ["sha256"])
    return _unsigned(Targets(version=version, expires=_whole(expires_at), targets={LEASES: target}))


def draft_snapshot(targets: bytes, leases: bytes, *, version: int, expires_at: dt.datetime) -> bytes:
    """Draft snapshot metadata of these two files of signed metadata."""
    meta = {
        f"{name}.json": MetaFile.from_data(version_of(raw), raw, ["sha256"])
        for name, raw in ((Targets.type, targets), (LEASES_ROLE, leases))
    }
    return _unsigned(Snapshot(version=version, expires=_whole(expires_at), meta=meta))


def draft_timestamp(snapshot: bytes, *, version: int, expires_at: dt.datetime) -> bytes:
    """Draft timestamp metadata of this file of signed snapshot metadata."""
    meta = MetaFile.from_data(version_of(snapshot), snapshot, ["sha256"])
    return _unsigned(Timestamp(version=version, expires=_whole(expires_at), snapshot_meta=meta))


# --- signing and assembling ---------------------------------------------------------------------------------


def sign_draft(draft: bytes, key: SigningKey) -> KeySignature:
    """Sign a draft with one key."""
    metadata = read_metadata(draft)
    return KeySignature(
        keyid=_tuf(key.public).keyid,
        name=key.public.name,
        role=metadata.signed.type,
        version=metadata.signed.version,
        signature=key.sign(metadata.signed_bytes).hex(),
    )


def with_signatures(draft: bytes, signatures: Iterable[KeySignature]) -> bytes:
    """Put signatures to a draft. Whether they are right, and enough, is for ``standing`` to say."""
    metadata = read_metadata(draft)
    for one in sorted(signatures, key=lambda item: item.keyid):
        metadata.signatures[one.keyid] = Signature(one.keyid, one.signature)
    return metadata.to_bytes()


def sign_alone(draft: bytes, key: SigningKey) -> bytes:
    """Sign what one key suffices for: snapshot, timestamp, leases."""
    return with_signatures(draft, (sign_draft(draft, key),))


def standing(metadata: bytes, *, root: bytes) -> Standing:
    """Say who of a role's holders has signed, and whether it is enough.

    Args:
        metadata: Root or targets metadata with the signatures so far.
        root: Root metadata whose keys count. For new root metadata ask twice: with the previous one, and with itself.

    Raises:
        ValueError: One of them is no metadata.
    """
    signed = read_metadata(metadata)
    keys = read_root(root)
    role = signed.signed.type
    found = keys.get_verification_result(role, signed.signed_bytes, signed.signatures)
    return Standing(
        threshold=found.threshold,
        signed=tuple(sorted(map(name_of, found.signed.values()))),
        missing=tuple(sorted(map(name_of, found.unsigned.values()))),
        complete=bool(found),
    )


# --- reading ------------------------------------------------------------------------------------------------


def read_metadata(raw: bytes, *, name: str = "metadata") -> Metadata[Any]:
    """Read metadata of any role; no signature is looked at.

    Raises:
        ValueError: It is none.
    """
    try:
        return Metadata[Any].from_bytes(raw)
    except RepositoryError as error:
        message = f"{name}: this is no TUF metadata ({error.__cause__ or error}). Fetch or make it again."
        raise ValueError(message) from error


def read_root(raw: bytes, *, name: str = "root.json") -> Root:
    """Read root metadata; no signature is looked at.

    Raises:
        ValueError: It is none.
    """
    return _read(raw, Root, name)


def read_targets(raw: bytes, *, name: str = "targets.json") -> Targets:
    """Read targets metadata, or the delegated role's; no signature is looked at.

    Raises:
        ValueError: It is none.
    """
    return _read(raw, Targets, name)


def read_snapshot(raw: bytes, *, name: str = "snapshot.json") -> Snapshot:
    """Read snapshot metadata; no signature is looked at.

    Raises:
        ValueError: It is none.
    """
    return _read(raw, Snapshot, name)


def read_timestamp(raw: bytes, *, name: str = "timestamp.json") -> Timestamp:
    """Read timestamp metadata; no signature is looked at.

    Raises:
        ValueError: It is none.
    """
    return _read(raw, Timestamp, name)


def version_of(raw: bytes) -> int:
    """Give the version of metadata of any role."""
    return int(read_metadata(raw).signed.version)


def online_key_of(root: bytes) -> PublicKey:
    """Give the key that signs timestamps according to this root metadata."""
    read = read_root(root)
    (keyid,) = read.roles[Timestamp.type].keyids
    return _public(read.keys[keyid])


def leases_key_of(targets: bytes) -> PublicKey:
    """Give the key that signs leases according to this targets metadata.

    Raises:
        ValueError: It delegates no leases.
    """
    delegations = read_targets(targets).delegations
    if delegations is None or not delegations.roles or LEASES_ROLE not in delegations.roles:
        message = "targets metadata: it delegates no leases, so it was not made here. Compile and sign a list anew."
        raise ValueError(message)
    (keyid,) = delegations.roles[LEASES_ROLE].keyids
    return _public(delegations.keys[keyid])


def name_of(key: Key) -> str:
    """Give the name of a key's holder, as the root metadata has it."""
    return str(key.unrecognized_fields.get(_NAME_FIELD, key.keyid[:8]))


def check_is_list(targets: bytes, exemptions: bytes, *, root: bytes) -> None:
    """Check that a draft of targets metadata says this list, and delegates leases to the online key, and no more.

    A key holder asks this before signing, on a machine of their own: what they read is then what they sign.

    Raises:
        ValueError: It says something else.
    """
    draft = read_targets(targets)
    expected = read_targets(
        draft_targets(exemptions, online=online_key_of(root), version=draft.version, expires_at=draft.expires)
    )
    if draft != expected:
        message = (
            "the metadata to be signed does not say this list and the delegation of leases, and nothing else. "
            "Do not sign; ask who made the sheet, and let it be made again: raabta list compile"
        )
        raise ValueError(message)


def check_is_root(root: bytes) -> None:
    """Check that by a draft of root metadata no single key can sign a list, or name other keys.

    A key holder asks this before signing, as with ``check_is_list``.

    Raises:
        ValueError: One key would be enough, or an online key may sign what only holders sign.
    """
    draft = _read(root, Root, "root")
    online = {keyid for role in (Snapshot.type, Timestamp.type) for keyid in draft.roles[role].keyids}
    for role in (Root.type, Targets.type):
        if draft.roles[role].threshold < THRESHOLD:
            message = (
                f"{role}: {draft.roles[role].threshold} signature would be enough, so one stolen key could do all. "
                f"Do not sign; at least {THRESHOLD} are asked for."
            )
            raise ValueError(message)
        if online & set(draft.roles[role].keyids):
            message = f"{role}: an online key may sign it too. Do not sign; ask who made the sheet."
            raise ValueError(message)


def _check_holders(role: str, held: Sequence[PublicKey], threshold: int) -> None:
    if len({key.public for key in held}) != len(held):
        message = f"{role}: the same key is named twice. Each holder has a key of their own."
        raise ValueError(message)
    if not 1 <= threshold <= len(held):
        message = f"{role}: {len(held)} keys cannot reach a threshold of {threshold}. Name more keys, or ask for fewer."
        raise ValueError(message)


def _tuf(key: PublicKey) -> SSlibKey:
    value = {"public": raw_public(key).hex()}
    keyid = _keyid(value)
    return SSlibKey(keyid, "ed25519", "ed25519", value, {_NAME_FIELD: key.name})


def _keyid(value: dict[str, str]) -> str:
    """As the specification has it, section 4.2: SHA-256 of the key's canonical form; names do not count."""
    return sha256(msgspec.json.encode({"keytype": "ed25519", "keyval": value, "scheme": "ed25519"})).hexdigest()


def _public(key: Key) -> PublicKey:
    raw = bytes.fromhex(str(key.keyval["public"]))
    return PublicKey(name=name_of(key), public=base64.b64encode(raw).decode())


def _read(raw: bytes, kind: type[Kind], name: str) -> Kind:
    signed = read_metadata(raw, name=name).signed
    if not isinstance(signed, kind):
        message = f"{name}: this is {signed.type} metadata, not {kind.type}. Take the right file."
        raise ValueError(message)
    return signed


def _unsigned(signed: Signed) -> bytes:
    metadata: Metadata[Any] = Metadata(signed)
    return metadata.to_bytes()


def _whole(at: dt.datetime) -> dt.datetime:
    """The format knows whole seconds."""
    return at.astimezone(dt.UTC).replace(microsecond=0)
