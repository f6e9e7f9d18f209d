"""The public log: an append-only Merkle tree (RFC 9162) over every change of a list and every restriction.

What. Each leaf is a ``LogLeaf``: when, which kind of event, a reason code, and the hash of the entry or restriction.
The log shows *that* something changed and when, to everybody; *what* changed only to who holds the entry. Ids and
references in an entry are random, so nobody finds an entry by trying addresses against hashes.

Why a tree. Its head is 32 bytes. With a head that somebody kept, and some 20 hashes for a million leaves, anybody can
check that a leaf is in it (inclusion) and that today's log still begins with what it was then (consistency). So an
exemption that was given in silence, or a restriction that vanished, shows.

How. Leaf hash SHA-256(00 ‖ leaf), node hash SHA-256(01 ‖ left ‖ right) (2.1.1). The tree keeps the hash of every
complete subtree by level, so a head or a proof of any earlier size costs O(log² n); appending costs O(1) on average.
Verification is the RFC's own walk over the bits of index and size, and shares no code with making proofs.

Limits. A log that shows different heads to different people is found only when they compare heads: lists carry
``log_size`` and ``log_root``, so operators hold heads without being asked. There is no gossip beyond that.
"""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from raabta.model.exemption import ExemptionEntry, ExemptionList, LogEvent, LogLeaf, Restriction
from raabta.model.transparency import ConsistencyProof, InclusionProof, TreeHead
from raabta.remedy.canonical import canonical, read_canonical
from raabta.remedy.keys import PublicKey, SigningKey, is_signed

Subject = TypeVar("Subject", ExemptionEntry, Restriction)

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Head of a tree without leaves (2.1.1)."""

_PURPOSE: Final = b"raabta-tree-head-1\n"
_REASON: Final = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_REASON_MAX_CHARS: Final = 60
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def leaf_hash(leaf: LogLeaf) -> bytes:
    """Give the hash of a leaf: of its canonical bytes, marked as a leaf."""
    return hashlib.sha256(b"\x00" + canonical(leaf)).digest()


def subject_hash(record: ExemptionEntry | Restriction) -> str:
    """Give the hash (hex) of what changed: without its place in the log, which is known only once it is in it."""
    return hashlib.sha256(canonical(msgspec.structs.replace(record, log_index=None))).hexdigest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """Hashes of leaves, and of every complete subtree over them.

    Args:
        hashes: Of the leaves that are there already, in order.
    """

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for item in hashes:
            self.append(item)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Add the hash of a leaf; gives its index."""
        index = len(self)
        self._levels[0].append(leaf)
        for level, place in enumerate(_completed(index), start=1):
            if level == len(self._levels):
                self._levels.append([])
            below = self._levels[level - 1]
            self._levels[level].append(_node(below[2 * place], below[2 * place + 1]))
        return index

    def root(self, size: int | None = None) -> bytes:
        """Give the head of the tree, or of its first ``size`` leaves.

        Raises:
            ValueError: It has fewer leaves.
        """
        return self._hash_of(0, self._checked(size)) if self._checked(size) else EMPTY_ROOT

    def prove_inclusion(self, index: int, size: int | None = None) -> InclusionProof:
        """Give the proof that the leaf at ``index`` is among the first ``size``.

        Raises:
            ValueError: There is no such leaf.
        """
        end = self._checked(size)
        if not 0 <= index < end:
            message = f"the log of {end} leaves has no leaf {index}: the first is 0, the last {end - 1}"
            raise ValueError(message)
        path: list[str] = []
        first, last = 0, end
        while last - first > 1:
            middle = first + _split(last - first)
            if index < middle:
                path.append(self._hash_of(middle, last).hex())
                last = middle
            else:
                path.append(self._hash_of(first, middle).hex())
                first = middle
        leaf = self._levels[0][index].hex()
        return InclusionProof(index=index, size=end, leaf=leaf, path=tuple(reversed(path)))

    def prove_consistency(self, old_size: int, size: int | None = None) -> ConsistencyProof:
        """Give the proof that the first ``old_size`` leaves are still the same in the first ``size``.

        Raises:
            ValueError: ``old_size`` is larger, or below 0.
        """
        end = self._checked(size)
        if not 0 <= old_size <= end:
            message = f"a log of {end} leaves cannot be compared with one of {old_size}: take an older head"
            raise ValueError(message)
        path: list[str] = []
        first, last, is_whole = 0, end, True
        # SUBPROOF of 2.1.4.1, from the root down to the subtree that ends where the old tree ended.
        while 0 < old_size < last:
            middle = first + _split(last - first)
            if old_size <= middle:
                path.append(self._hash_of(middle, last).hex())
                last = middle
            else:
                path.append(self._hash_of(first, middle).hex())
                first, is_whole = middle, False
        if old_size and not is_whole:
            path.append(self._hash_of(first, last).hex())
        return ConsistencyProof(old_size=old_size, new_size=end, path=tuple(reversed(path)))

    def _checked(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            message = f"the log has {len(self)} leaves, so it has no head of {size}"
            raise ValueError(message)
        return size

    def _hash_of(self, first: int, last: int) -> bytes:
        """Hash of the leaves from first to before last: a subtree of the whole tree, on its right edge perhaps cut."""
        n_leaves = last - first
        if n_leaves & (n_leaves - 1) == 0:
            level = n_leaves.bit_length() - 1
            return self._levels[level][first >> level]
        middle = first + _split(n_leaves)
        return _node(self._hash_of(first, middle), self._hash_of(middle, last))


def _split(n_leaves: int) -> int:
    """The largest power of two below the number of leaves (2.1.1)."""
    return 1 << ((n_leaves - 1).bit_length() - 1)


def _completed(index: int) -> Iterable[int]:
    """Places, level by level upwards, of the subtrees that a leaf at this index completes."""
    place = index
    while place & 1:
        place >>= 1
        yield place


def verify_inclusion(proof: InclusionProof, *, root: bytes) -> bool:
    """Say whether a leaf stands where the proof says, in the tree with this head (2.1.3.2)."""
    hashes = _unhexed((proof.leaf, *proof.path))
    if hashes is None or not 0 <= proof.index < proof.size:
        return False
    found, *path = hashes
    place, last = proof.index, proof.size - 1
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = _node(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(proof: ConsistencyProof, *, old_root: bytes, new_root: bytes) -> bool:
    """Say whether the tree with the old head is the beginning of the one with the new head (2.1.4.2)."""
    path = _unhexed(proof.path)
    if path is None or not 0 <= proof.old_size <= proof.new_size:
        return False
    if proof.old_size == 0:
        return not path and old_root == EMPTY_ROOT and (proof.new_size > 0 or new_root == EMPTY_ROOT)
    if proof.old_size == proof.new_size:
        return not path and old_root == new_root
    if proof.old_size & (proof.old_size - 1) == 0:
        path = [old_root, *path]
    if not path:
        return False
    return _fold(path, old_size=proof.old_size, new_size=proof.new_size) == (old_root, new_root)


def _fold(path: Sequence[bytes], *, old_size: int, new_size: int) -> tuple[bytes, bytes] | None:
    """Work out both heads from a proof; None where it has too many or too few hashes."""
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = _node(sibling, old), _node(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = _node(new, sibling)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def _unhexed(texts: Sequence[str]) -> list[bytes] | None:
    return [bytes.fromhex(text) for text in texts] if all(map(_HASH.fullmatch, texts)) else None


# --- heads ---------------------------------------------------------------------------------------------------


def head_bytes(head: TreeHead) -> bytes:
    """Give the bytes that are signed: the purpose, and the head without its signature in canonical form."""
    return _PURPOSE + canonical(msgspec.structs.replace(head, signature=""))


def sign_head(tree: MerkleTree, *, log: str, at: dt.datetime, key: SigningKey) -> TreeHead:
    """Give the signed head of a tree as it is now."""
    head = TreeHead(log=log, size=len(tree), root=tree.root().hex(), at=at, key=key.public.name)
    signature = base64.b64encode(key.sign(head_bytes(head))).decode()
    return msgspec.structs.replace(head, signature=signature)


def verify_head(head: TreeHead, *, key: PublicKey) -> bool:
    """Say whether this key signed this head."""
    try:
        signature = base64.b64decode(head.signature, validate=True)
    except ValueError:
        return False
    return is_signed(head_bytes(head), signature, key=key)


# --- leaves --------------------------------------------------------------------------------------------------


def make_leaf(
    record: ExemptionEntry | Restriction, *, event: LogEvent, index: int, at: dt.datetime, reason: str
) -> LogLeaf:
    """Give the leaf for a change of an entry or a restriction.

    Raises:
        ValueError: ``reason`` is no code. Free text could name somebody, and can never be taken out again.
    """
    if len(reason) > _REASON_MAX_CHARS or not _REASON.fullmatch(reason):
        message = (
            f"{reason[:_REASON_MAX_CHARS]!r} is no reason code: take small letters, digits, and . _ - between them"
        )
        raise ValueError(message)
    return LogLeaf(index=index, at=at, event=event, subject_hash=subject_hash(record), reason=reason)


def record_changes(
    previous: ExemptionList | None,
    current: ExemptionList,
    *,
    tree: MerkleTree,
    at: dt.datetime,
    reasons: Mapping[str, str] | None = None,
) -> tuple[ExemptionList, list[LogLeaf]]:
    """Put everything that differs between two lists of a recipient into the log.

    Args:
        previous: The list before; None where there was none.
        current: The new list.
        tree: The log's; the new leaves are added to it.
        at: When.
        reasons: A reason code by id of entry or restriction, where more is known than that it changed.

    Returns:
        The new list with ``log_index``, ``log_size`` and ``log_root``, and the new leaves in order.
    """
    leaves: list[LogLeaf] = []
    known = reasons or {}

    def note(record: ExemptionEntry | Restriction, event: LogEvent) -> int:
        reason = known.get(record.id) or _usual_reason(record, event=event, at=at)
        leaf = make_leaf(record, event=event, index=len(tree), at=at, reason=reason)
        leaves.append(leaf)
        return tree.append(leaf_hash(leaf))

    old_entries = {entry.id: entry for entry in previous.entries} if previous else {}
    old_blocks = {block.id: block for block in previous.restrictions} if previous else {}
    entries = tuple(_placed(entry, old_entries.pop(entry.id, None), note=note) for entry in current.entries)
    blocks = tuple(_placed(block, old_blocks.pop(block.id, None), note=note) for block in current.restrictions)
    gone: list[ExemptionEntry | Restriction] = [*old_entries.values(), *old_blocks.values()]
    for record in gone:
        note(record, "entry_removed" if isinstance(record, ExemptionEntry) else "restriction_removed")
    made = msgspec.structs.replace(
        current, entries=entries, restrictions=blocks, log_size=len(tree), log_root=tree.root().hex()
    )
    return made, leaves


def _placed(record: Subject, old: Subject | None, *, note: Callable[[Subject, LogEvent], int]) -> Subject:
    """Give a record with its place in the log: the one it had, or that of the leaf that tells of its change."""
    if old is not None and subject_hash(old) == subject_hash(record) and old.log_index is not None:
        return msgspec.structs.replace(record, log_index=old.log_index)
    if isinstance(record, Restriction):
        # A restriction that is put differently is another one: the leaf of the first stays for all to see.
        return msgspec.structs.replace(record, log_index=note(record, "restriction_added"))
    return msgspec.structs.replace(record, log_index=note(record, "entry_changed" if old else "entry_added"))


def _usual_reason(record: ExemptionEntry | Restriction, *, event: LogEvent, at: dt.datetime) -> str:
    if event.endswith("removed"):
        return "expired" if record.not_after <= at else "withdrawn"
    if isinstance(record, Restriction):
        return record.reason
    return "listed" if event == "entry_added" else "renewed"


def find_discrepancies(listed: ExemptionList, leaves: Sequence[LogLeaf]) -> list[str]:
    """Hold a list against the log: is its head the log's, and does the log tell of everything that stands in it?

    Returns:
        What does not agree, in words; empty where all does.
    """
    if listed.log_size > len(leaves):
        return [f"the list knows {listed.log_size} leaves, the log has {len(leaves)}: get the newest log"]
    tree = MerkleTree(map(leaf_hash, leaves[: listed.log_size]))
    words = [] if tree.root().hex() == listed.log_root else ["the list's head is not that of the log at its size"]
    records: list[ExemptionEntry | Restriction] = [*listed.entries, *listed.restrictions]
    for record in records:
        place = record.log_index
        if place is None or not 0 <= place < listed.log_size:
            words.append(f"{record.id}: the list names no leaf for it")
        elif leaves[place].subject_hash != subject_hash(record) or leaves[place].event.endswith("removed"):
            words.append(f"{record.id}: leaf {place} does not tell of it as it stands in the list")
    return words


def write_leaves(leaves: Iterable[LogLeaf]) -> bytes:
    """Give the bytes of a log file: one leaf a line, canonical, in order. Whoever has it can work out every head."""
    return b"".join(canonical(leaf) + b"\n" for leaf in leaves)


def read_leaves(raw: bytes, *, name: str) -> list[LogLeaf]:
    """Read a log file.

    Raises:
        ValueError: A line is no leaf, not canonical, or not the next one. The text names the file and line.
    """
    leaves = []
    for number, line in enumerate(raw.splitlines()):
        leaf = read_canonical(line, LogLeaf, name=f"{name}, line {number + 1}")
        if leaf.index != number:
            message = (
                f"{name}, line {number + 1}: this is leaf {leaf.index}, not {number}: the log has a hole. Get it anew."
            )
            raise ValueError(message)
        leaves.append(leaf)
    return leaves
