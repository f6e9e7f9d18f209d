"""Metadata: drafted, signed apart, put together; who may sign what."""

import datetime as dt

import msgspec
import pytest

from raabta.remedy.canonical import canonical
from raabta.remedy.repository import (
    LEASES,
    check_is_list,
    draft_leases,
    draft_root,
    draft_snapshot,
    draft_targets,
    draft_timestamp,
    leases_key_of,
    online_key_of,
    read_root,
    read_targets,
    sign_draft,
    standing,
    version_of,
    with_signatures,
)
from tests.cases.leasing import NOW
from tests.cases.publisher import ONLINE, ROOT_KEYS, TARGETS_KEYS, a_list, by, role_keys, signing_key

END = NOW + dt.timedelta(days=30)
ROOT = draft_root(role_keys(), version=1, expires_at=END)
LIST = canonical(a_list(1))
TARGETS = draft_targets(LIST, online=ONLINE.public, version=1, expires_at=END)


def test_a_list_needs_two_of_three_holders() -> None:
    nobody, one, two = (standing(by(TARGETS, *TARGETS_KEYS[:n]), root=ROOT) for n in (0, 1, 2))
    assert (nobody.complete, one.complete, two.complete) == (False, False, True)
    assert (one.threshold, one.signed) == (2, ("targets-ayesha",))
    assert one.missing == ("targets-bilal", "targets-chand")


def test_signatures_are_made_apart_and_put_together_in_any_order() -> None:
    signatures = [sign_draft(TARGETS, key) for key in TARGETS_KEYS[:2]]
    carried = [msgspec.json.decode(msgspec.json.encode(one), type=type(one)) for one in signatures]
    assert with_signatures(TARGETS, carried) == with_signatures(TARGETS, reversed(signatures))


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((TARGETS_KEYS[0], TARGETS_KEYS[0]), id="one-holder-twice"),
        pytest.param((TARGETS_KEYS[0], *ROOT_KEYS), id="root-keys"),
        pytest.param((TARGETS_KEYS[0], ONLINE, signing_key("stranger")), id="online-and-a-stranger"),
    ],
)
def test_only_different_holders_of_the_role_count(keys: tuple[object, ...]) -> None:
    assert not standing(by(TARGETS, *keys), root=ROOT).complete  # type: ignore[arg-type]


def test_a_signature_of_another_draft_does_not_count() -> None:
    other = draft_targets(LIST, online=ONLINE.public, version=2, expires_at=END)
    assert not standing(with_signatures(TARGETS, [sign_draft(other, key) for key in TARGETS_KEYS]), root=ROOT).signed


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param(role_keys(root=(ROOT_KEYS[0], ROOT_KEYS[0])), "the same key is named twice", id="twice"),
        pytest.param(role_keys(root=ROOT_KEYS[:1]), "1 keys cannot reach a threshold of 2", id="too-few"),
        pytest.param(role_keys(targets_threshold=0), "cannot reach a threshold of 0", id="nobody-needed"),
        pytest.param(role_keys(online=ROOT_KEYS[0]), "is also an offline key", id="online-is-offline"),
    ],
)
def test_a_root_that_protects_nothing_is_not_drafted(keys: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        draft_root(keys, version=1, expires_at=END)  # type: ignore[arg-type]


def test_root_says_who_signs_and_targets_whom_leases_are_left_to() -> None:
    assert online_key_of(ROOT) == ONLINE.public
    assert leases_key_of(TARGETS) == ONLINE.public
    delegations = read_targets(TARGETS).delegations
    assert delegations
    assert [(role, list(of.paths or ())) for role, of in (delegations.roles or {}).items()] == [("leases", [LEASES])]
    assert read_root(ROOT).consistent_snapshot


def test_the_same_input_gives_the_same_bytes() -> None:
    assert draft_root(role_keys(), version=1, expires_at=END) == ROOT
    assert by(TARGETS, *TARGETS_KEYS) == by(TARGETS, *reversed(TARGETS_KEYS))


# --- what a holder's machine checks before it signs -----------------------------------------------------------


def test_metadata_of_this_list_passes_the_holders_check() -> None:
    check_is_list(TARGETS, LIST, root=ROOT)


def _with_another_target() -> bytes:
    metadata = msgspec.json.decode(TARGETS)
    targets = metadata["signed"]["targets"]
    targets["more.json"] = targets["exemptions.json"]
    return msgspec.json.encode(metadata)


def _with_wider_delegation() -> bytes:
    return TARGETS.replace(b'"paths":["leases.json"]', b'"paths":["*"]')


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(draft_targets(LIST + b" ", online=ONLINE.public, version=1, expires_at=END), id="another-list"),
        pytest.param(
            draft_targets(LIST, online=signing_key("thief").public, version=1, expires_at=END), id="thiefs-leases"
        ),
        pytest.param(_with_another_target(), id="more-targets"),
        pytest.param(_with_wider_delegation(), id="wider-delegation"),
    ],
)
def test_metadata_that_says_more_than_the_list_is_not_signed(draft: bytes) -> None:
    assert draft != TARGETS
    with pytest.raises(ValueError, match="Do not sign"):
        check_is_list(draft, LIST, root=ROOT)


def test_snapshot_and_timestamp_carry_versions() -> None:
    leases = draft_leases(b"{}", version=7, expires_at=END)
    snapshot = draft_snapshot(TARGETS, leases, version=9, expires_at=END)
    assert version_of(draft_timestamp(snapshot, version=11, expires_at=END)) == 11
    assert version_of(snapshot) == 9


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", TARGETS])
def test_what_is_no_root_is_said(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"root\.json: this is"):
        read_root(raw)
