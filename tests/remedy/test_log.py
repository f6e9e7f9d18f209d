"""The Merkle log, held against an implementation written from RFC 9162's definitions by recursion."""

import hashlib
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model.exemption import LogLeaf
from raabta.model.transparency import ConsistencyProof, InclusionProof
from raabta.remedy.canonical import canonical
from raabta.remedy.keys import SigningKey
from raabta.remedy.log import (
    EMPTY_ROOT,
    MerkleTree,
    leaf_hash,
    make_leaf,
    read_leaves,
    record_changes,
    sign_head,
    subject_hash,
    verify_consistency,
    verify_head,
    verify_inclusion,
    write_leaves,
)
from tests.cases.exemptions import DAY, NOW, block, entry, listed

# --- RFC 9162, 2.1, word by word: D is a list of entries' bytes -------------------------------------------------


def H(raw: bytes) -> bytes:  # noqa: N802  the RFC's name
    return hashlib.sha256(raw).digest()


def k_of(n: int) -> int:
    """ "The largest power of two smaller than n", by counting."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def MTH(D: list[bytes]) -> bytes:  # noqa: N802, N803
    if not D:
        return H(b"")
    if len(D) == 1:
        return H(b"\0" + D[0])
    k = k_of(len(D))
    return H(b"\1" + MTH(D[:k]) + MTH(D[k:]))


def PATH(m: int, D: list[bytes]) -> list[bytes]:  # noqa: N802, N803
    if len(D) == 1:
        return []
    k = k_of(len(D))
    return [*PATH(m, D[:k]), MTH(D[k:])] if m < k else [*PATH(m - k, D[k:]), MTH(D[:k])]


def SUBPROOF(m: int, D: list[bytes], b: bool) -> list[bytes]:  # noqa: N802, N803
    if m == len(D):
        return [] if b else [MTH(D)]
    k = k_of(len(D))
    if m <= k:
        return [*SUBPROOF(m, D[:k], b), MTH(D[k:])]
    return [*SUBPROOF(m - k, D[k:], False), MTH(D[:k])]


def data(n: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(n)]


def tree_of(D: list[bytes]) -> MerkleTree:  # noqa: N803
    return MerkleTree(H(b"\0" + item) for item in D)


N_ALL = 33
"""All sizes up to here: past two powers of two, odd and even."""


def test_heads_of_every_size_are_the_rfcs() -> None:
    tree = tree_of(data(N_ALL))
    assert [MTH(data(n)) for n in range(N_ALL + 1)] == [tree.root(n) for n in range(N_ALL + 1)]


def test_heads_are_those_of_the_reference_tree_of_certificate_transparency() -> None:
    """The eight inputs and the last head are those that implementations of RFC 6962 publish as test data."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = tree_of([bytes.fromhex(text) for text in inputs])
    assert tree.root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_the_head_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT == MerkleTree().root() == H(b"")


def test_every_inclusion_path_is_the_rfcs_and_verifies() -> None:
    tree = tree_of(data(N_ALL))
    for n in range(1, N_ALL + 1):
        for m in range(n):
            proof = tree.prove_inclusion(m, n)
            assert [item.hex() for item in PATH(m, data(n))] == list(proof.path)
            assert verify_inclusion(proof, root=MTH(data(n)))


def test_every_consistency_path_is_the_rfcs_and_verifies() -> None:
    tree = tree_of(data(N_ALL))
    for n in range(1, N_ALL + 1):
        for m in range(1, n + 1):
            proof = tree.prove_consistency(m, n)
            assert [item.hex() for item in SUBPROOF(m, data(n), True)] == list(proof.path)
            assert verify_consistency(proof, old_root=MTH(data(m)), new_root=MTH(data(n)))


def test_everything_is_consistent_with_an_empty_log_and_only_with_an_empty_one() -> None:
    proof = tree_of(data(5)).prove_consistency(0)
    assert verify_consistency(proof, old_root=EMPTY_ROOT, new_root=MTH(data(5)))
    assert not verify_consistency(proof, old_root=MTH(data(1)), new_root=MTH(data(5)))


@pytest.mark.parametrize("wrong", ["index", "size", "leaf", "root", "short", "long", "order", "text"])
def test_an_inclusion_proof_that_was_changed_fails(wrong: str) -> None:
    n = 13
    tree, root = tree_of(data(n)), MTH(data(n))
    for index in range(n):
        proof = tree.prove_inclusion(index)
        path = proof.path
        changed = {
            "index": msgspec.structs.replace(proof, index=(index + 1) % n),
            "size": msgspec.structs.replace(proof, size=index),
            "leaf": msgspec.structs.replace(proof, leaf=H(b"other").hex()),
            "root": proof,
            "short": msgspec.structs.replace(proof, path=path[:-1]),
            "long": msgspec.structs.replace(proof, path=(*path, path[0])),
            "order": msgspec.structs.replace(proof, path=path[::-1]),
            "text": msgspec.structs.replace(proof, path=("zz" * 32, *path[1:])),
        }[wrong]
        assert not verify_inclusion(changed, root=H(b"other") if wrong == "root" else root)


@pytest.mark.parametrize("wrong", ["old_root", "new_root", "old_size", "new_size", "short", "long", "empty", "text"])
def test_a_consistency_proof_that_was_changed_fails(wrong: str) -> None:
    n = 13
    tree = tree_of(data(n))
    for m in range(1, n):
        proof = tree.prove_consistency(m)
        path = proof.path
        changed = {
            "old_size": msgspec.structs.replace(proof, old_size=m + 1 if m + 1 < n else m - 1),
            "new_size": msgspec.structs.replace(proof, new_size=m),
            "short": msgspec.structs.replace(proof, path=path[:-1]),
            "long": msgspec.structs.replace(proof, path=(*path, path[0])),
            "empty": msgspec.structs.replace(proof, path=()),
            "text": msgspec.structs.replace(proof, path=("", *path[1:])),
        }.get(wrong, proof)
        old = H(b"other") if wrong == "old_root" else MTH(data(m))
        new = H(b"other") if wrong == "new_root" else MTH(data(n))
        assert not verify_consistency(changed, old_root=old, new_root=new)


def test_a_log_that_changed_one_old_leaf_is_not_consistent() -> None:
    kept = data(20)
    forged = [*kept[:7], b"forged", *kept[8:], b"new"]
    for m in range(8, 21):
        proof = tree_of(forged).prove_consistency(m)
        assert not verify_consistency(proof, old_root=MTH(kept[:m]), new_root=MTH(forged))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 300), st.integers(0, 299), st.lists(st.binary(min_size=32, max_size=32), max_size=12))
def test_no_random_path_verifies(size: int, index: int, path: list[bytes]) -> None:
    tree = tree_of(data(size))
    leaf = H(b"\0forged").hex()
    proof = InclusionProof(index=index, size=size, leaf=leaf, path=tuple(item.hex() for item in path))
    assert not verify_inclusion(proof, root=tree.root())
    chain = ConsistencyProof(old_size=index, new_size=size, path=tuple(item.hex() for item in path))
    assert not verify_consistency(chain, old_root=H(b"other"), new_root=tree.root())


def test_asking_beyond_the_log_says_what_there_is() -> None:
    tree = tree_of(data(3))
    with pytest.raises(ValueError, match="first is 0, the last 2"):
        tree.prove_inclusion(3)
    with pytest.raises(ValueError, match="has 3 leaves"):
        tree.root(4)
    with pytest.raises(ValueError, match="older head"):
        tree.prove_consistency(4)


# --- leaves, changes and heads --------------------------------------------------------------------------------


def test_a_leaf_is_hashed_over_its_canonical_bytes() -> None:
    leaf = make_leaf(entry(), event="entry_added", index=0, at=NOW, reason="listed")
    assert H(b"\0" + canonical(leaf)) == leaf_hash(leaf)


def test_the_subjects_hash_does_not_depend_on_its_place_in_the_log() -> None:
    assert subject_hash(entry()) == subject_hash(entry(log_index=9))
    assert subject_hash(entry()) != subject_hash(entry(port=1))


def test_equal_entries_have_the_same_hash_wherever_their_texts_come_from() -> None:
    """A text that is read from a database is equal to a default and not the same object."""
    read = entry(transport="".join(["u", "dp"]), member_side="".join(["sour", "ce"]))
    assert read == entry()
    assert subject_hash(read) == subject_hash(entry())
    assert canonical(listed([read])) == canonical(listed([entry()]))


@pytest.mark.parametrize("reason", ["", "Mr Khan of Lahore", "a\nb", "x" * 61, "42101-1234567-1 of", "é"])
def test_a_reason_that_is_no_code_is_refused(reason: str) -> None:
    with pytest.raises(ValueError, match="reason code"):
        make_leaf(entry(), event="entry_added", index=0, at=NOW, reason=reason)


def test_every_change_between_two_lists_is_a_leaf_and_what_did_not_change_keeps_its_place() -> None:
    tree = MerkleTree()
    first, leaves1 = record_changes(None, listed([entry(1), entry(2), entry(3)], [block(1)]), tree=tree, at=NOW)
    second, leaves2 = record_changes(
        first,
        listed([entry(2), entry(3, port=4500), entry(4)], [block(2, target="bad.example")]),
        tree=tree,
        at=NOW + 3 * DAY,
        reasons={entry(1).id: "endpoint.moved"},
    )
    assert [leaf.event for leaf in leaves1] == ["entry_added"] * 3 + ["restriction_added"]
    assert [(leaf.event, leaf.reason) for leaf in leaves2] == [
        ("entry_changed", "renewed"),
        ("entry_added", "listed"),
        ("restriction_added", "malware"),
        ("entry_removed", "endpoint.moved"),
        ("restriction_removed", "expired"),
    ]
    assert [item.log_index for item in second.entries] == [1, 4, 5]
    assert list(range(9)) == [leaf.index for leaf in (*leaves1, *leaves2)]
    assert (second.log_size, second.log_root) == (9, tree.root().hex())
    third, leaves3 = record_changes(second, second, tree=tree, at=NOW + 4 * DAY)
    assert ([], second) == (leaves3, third)


def test_an_entry_is_proved_to_be_in_the_log_by_the_list_alone() -> None:
    tree = MerkleTree()
    made, leaves = record_changes(None, listed([entry(n) for n in range(1, 8)]), tree=tree, at=NOW)
    item = made.entries[4]
    assert item.log_index is not None
    assert subject_hash(item) == leaves[item.log_index].subject_hash
    assert verify_inclusion(tree.prove_inclusion(item.log_index), root=bytes.fromhex(made.log_root))


def test_a_log_file_gives_the_same_leaves_back_and_a_hole_or_a_change_is_told_with_its_line() -> None:
    leaves = [make_leaf(entry(n), event="entry_added", index=n, at=NOW, reason="listed") for n in range(4)]
    raw = write_leaves(leaves)
    assert leaves == read_leaves(raw, name="log")
    with pytest.raises(ValueError, match="log, line 2: this is leaf 2, not 1"):
        read_leaves(write_leaves([leaves[0], *leaves[2:]]), name="log")
    with pytest.raises(ValueError, match="log, line 1"):
        read_leaves(raw.replace(b'"index":0', b'"index": 0'), name="log")


def test_a_head_is_believed_only_with_its_keys_signature() -> None:
    key, other = SigningKey("log", b"\1" * 32), SigningKey("log", b"\2" * 32)
    head = sign_head(tree_of(data(5)), log="association", at=NOW, key=key)
    assert (5, MTH(data(5)).hex(), "log") == (head.size, head.root, head.key)
    assert verify_head(head, key=key.public)
    assert not verify_head(head, key=other.public)
    for change in (
        {"size": 6},
        {"root": H(b"").hex()},
        {"at": NOW + timedelta(seconds=1)},
        {"log": "other"},
        {"signature": ""},
        {"signature": "no base64"},
    ):
        assert not verify_head(msgspec.structs.replace(head, **change), key=key.public)


def test_leaves_hold_no_word_of_what_changed() -> None:
    made, leaves = record_changes(None, listed([entry(1)], [block(1)]), tree=MerkleTree(), at=NOW)
    raw = write_leaves(leaves)
    told = [made.entries[0].source, made.entries[0].organisation_ref, made.entries[0].id, "203.0.113", "CERT", "pk.A"]
    assert [word for word in told if word.encode() in raw] == []
    assert {"index", "at", "event", "subject_hash", "reason"} == set(LogLeaf.__struct_fields__)
