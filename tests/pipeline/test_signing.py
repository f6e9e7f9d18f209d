"""Sheets: checked on the holder's machine, signed apart, put together, refused where a rule or a holder is missing."""

import datetime as dt
import json
import shutil
from pathlib import Path

import msgspec
import pytest

from raabta.model.exemption import ExemptionList, LintFinding, Recipient
from raabta.pipeline.publishing import Published
from raabta.pipeline.signing import (
    Sheet,
    check_sheet,
    make_list_sheet,
    make_root_sheet,
    publish_sheet,
    read_sheet,
    sign_sheet,
)
from raabta.remedy.canonical import canonical
from raabta.remedy.lint import bench_of, lint_list
from tests.cases.leasing import NOW
from tests.cases.publisher import (
    ONLINE,
    RECIPIENT,
    ROOT_KEYS,
    TABLES,
    TARGETS_KEYS,
    Gateway,
    a_list,
    an_entry,
    no_lint,
    role_keys,
    signing_key,
)


def lint(listed: ExemptionList, recipient: Recipient, before: ExemptionList | None) -> list[LintFinding]:
    return lint_list(listed, bench=bench_of(TABLES, recipient), now=NOW, previous=before)


def root_sheet(tmp_path: Path, name: str = "root-1") -> Sheet:
    return make_root_sheet(
        tmp_path / name, role_keys(), recipient=RECIPIENT, repository=tmp_path / "repository", now=NOW
    )


def list_sheet(tmp_path: Path, listed: ExemptionList) -> Sheet:
    return make_list_sheet(
        tmp_path / f"list-{listed.serial}",
        listed,
        recipient=RECIPIENT,
        repository=tmp_path / "repository",
        lint=lint,
        now=NOW,
    )


def publish(sheet: Sheet, tmp_path: Path) -> Published | Path:
    return publish_sheet(read_sheet(sheet.folder), tmp_path / "repository", online=ONLINE, lint=lint, now=NOW)


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    """The root that was signed, published and handed to operators."""
    sheet = root_sheet(tmp_path)
    for key in ROOT_KEYS[:2]:
        sign_sheet(sheet, key, lint=lint)
    path = publish(sheet, tmp_path)
    assert isinstance(path, Path)
    return path


def test_holders_sign_copies_on_their_machines_and_a_gateway_takes_the_list(tmp_path: Path, anchor: Path) -> None:
    sheet = list_sheet(tmp_path, a_list(1))
    for key in TARGETS_KEYS[1:]:
        copy = tmp_path / key.public.name
        shutil.copytree(sheet.folder, copy)
        signature = sign_sheet(read_sheet(copy), key, lint=lint, root=anchor.read_bytes())
        shutil.copy(signature, sheet.folder / "signatures")
    assert isinstance(publish(sheet, tmp_path), Published)
    assert Gateway(tmp_path / "state", tmp_path / "repository/north", anchor.read_bytes()).pull().list == a_list(1)


def test_below_the_threshold_nothing_is_published(tmp_path: Path, anchor: Path) -> None:
    sheet = list_sheet(tmp_path, a_list(1))
    sign_sheet(sheet, TARGETS_KEYS[0], lint=lint)
    with pytest.raises(ValueError, match=r"1 of 2 signatures .* Not signed: targets-bilal, targets-chand"):
        publish(sheet, tmp_path)
    assert not (tmp_path / "repository/north/metadata/timestamp.json").exists()


def test_a_list_that_a_rule_refuses_is_refused_at_each_step(tmp_path: Path, anchor: Path) -> None:
    bad = a_list(1, an_entry(source="0.0.0.0/0"))
    with pytest.raises(ValueError, match=r"the list is refused, \d+ findings"):
        list_sheet(tmp_path, bad)
    place = {"recipient": RECIPIENT, "repository": tmp_path / "repository", "now": NOW}
    sheet = make_list_sheet(tmp_path / "slipped", bad, lint=no_lint, **place)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the list is refused"):
        sign_sheet(sheet, TARGETS_KEYS[0], lint=lint)
    for key in TARGETS_KEYS:
        sign_sheet(sheet, key, lint=no_lint)
    with pytest.raises(ValueError, match="the list is refused"):
        publish(sheet, tmp_path)


def test_findings_are_told_with_advice_and_counted(tmp_path: Path, anchor: Path) -> None:
    many = a_list(1, *(an_entry(n, source=f"10.0.0.{n}/32") for n in range(1, 21)))
    with pytest.raises(ValueError, match=r"the list is refused, \d+ findings") as caught:
        list_sheet(tmp_path, many)
    lines = str(caught.value).splitlines()
    assert len(lines) == 12
    assert lines[-1].startswith("and ")


def test_a_changed_list_in_the_sheet_is_noticed_before_signing(tmp_path: Path, anchor: Path) -> None:
    sheet = list_sheet(tmp_path, a_list(1))
    (sheet.folder / "exemptions.json").write_bytes(canonical(a_list(1, an_entry(7))))
    with pytest.raises(ValueError, match="Do not sign"):
        sign_sheet(read_sheet(sheet.folder), TARGETS_KEYS[0], lint=lint)


def test_a_sheet_for_another_recipient_than_its_list_is_noticed(tmp_path: Path, anchor: Path) -> None:
    sheet = list_sheet(tmp_path, a_list(1))
    head = (sheet.folder / "sheet.json").read_bytes()
    (sheet.folder / "sheet.json").write_bytes(head.replace(b'"id": "north"', b'"id": "south"'))
    with pytest.raises(ValueError, match="the list is for 'north', the sheet for 'south'"):
        sign_sheet(read_sheet(sheet.folder), TARGETS_KEYS[0], lint=lint)


def test_a_holder_who_keeps_a_copy_of_the_root_notices_an_exchanged_one(tmp_path: Path, anchor: Path) -> None:
    sheet = list_sheet(tmp_path, a_list(1))
    with pytest.raises(ValueError, match="not the copy that you keep"):
        sign_sheet(sheet, TARGETS_KEYS[0], lint=lint, root=anchor.read_bytes() + b" ")


@pytest.mark.parametrize("key", [ONLINE, ROOT_KEYS[0], signing_key("stranger")])
def test_a_key_that_may_not_sign_is_told_who_may(tmp_path: Path, anchor: Path, key: object) -> None:
    with pytest.raises(ValueError, match="Its holders are: targets-ayesha, targets-bilal, targets-chand"):
        sign_sheet(list_sheet(tmp_path, a_list(1)), key, lint=lint)  # type: ignore[arg-type]


def test_a_serial_must_be_above_the_published_one(tmp_path: Path, anchor: Path) -> None:
    sheet = list_sheet(tmp_path, a_list(5))
    for key in TARGETS_KEYS[:2]:
        sign_sheet(sheet, key, lint=lint)
    publish(sheet, tmp_path)
    with pytest.raises(ValueError, match="serial 5 is not above 5"):
        make_list_sheet(
            tmp_path / "again",
            a_list(5),
            recipient=RECIPIENT,
            repository=tmp_path / "repository",
            lint=no_lint,
            now=NOW,
        )


def test_a_new_root_is_signed_by_holders_of_the_old_one_and_of_its_own(tmp_path: Path, anchor: Path) -> None:
    dania = signing_key("root-dania")
    keys = role_keys(root=(ROOT_KEYS[2], dania))
    sheet = make_root_sheet(tmp_path / "root-2", keys, recipient=RECIPIENT, repository=tmp_path / "repository", now=NOW)
    for key in (ROOT_KEYS[0], ROOT_KEYS[2]):
        sign_sheet(sheet, key, lint=lint)
    with pytest.raises(ValueError, match="Not signed: root-dania"):
        publish(sheet, tmp_path)
    sign_sheet(sheet, dania, lint=lint)
    assert publish(sheet, tmp_path) == anchor.with_name("2.root.json")


def test_a_sheet_holds_no_secret_of_the_register(tmp_path: Path, anchor: Path) -> None:
    sheet = list_sheet(tmp_path, a_list(1))
    assert RECIPIENT.reference_key
    for path in (*sheet.folder.rglob("*"), *(tmp_path / "repository").rglob("*")):
        assert not path.is_file() or RECIPIENT.reference_key.encode() not in path.read_bytes()


def test_a_list_without_a_root_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="raabta list keys root"):
        list_sheet(tmp_path, a_list(1))


@pytest.mark.parametrize("name", ["sheet.json", "signatures/00.json"])
def test_a_damaged_sheet_is_said(tmp_path: Path, name: str) -> None:
    sheet = root_sheet(tmp_path)
    (sheet.folder / name).write_bytes(b"{")
    with pytest.raises(ValueError, match="a file of this sheet is damaged"):
        read_sheet(sheet.folder)
    with pytest.raises(ValueError, match="this is no signing sheet"):
        read_sheet(tmp_path)


def test_an_expiry_lies_a_month_ahead(tmp_path: Path, anchor: Path) -> None:
    draft = msgspec.json.decode(list_sheet(tmp_path, a_list(1)).draft)
    assert draft["signed"]["expires"] == (NOW + dt.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_holder_does_not_sign_a_root_by_which_one_key_would_be_enough(tmp_path: Path) -> None:
    keys = role_keys(targets_threshold=1)
    sheet = make_root_sheet(tmp_path / "root", keys, recipient=RECIPIENT, repository=tmp_path / "repository", now=NOW)
    with pytest.raises(ValueError, match="targets: 1 signature would be enough"):
        sign_sheet(sheet, ROOT_KEYS[0], lint=lint)


def test_a_holder_does_not_sign_a_root_whose_online_key_may_sign_lists(tmp_path: Path) -> None:
    sheet = root_sheet(tmp_path)
    crafted = json.loads(sheet.draft)
    roles = crafted["signed"]["roles"]
    roles["targets"]["keyids"].append(roles["timestamp"]["keyids"][0])
    with pytest.raises(ValueError, match="targets: an online key may sign it too"):
        check_sheet(msgspec.structs.replace(sheet, draft=json.dumps(crafted).encode()), lint=lint)
