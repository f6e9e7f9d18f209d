"""``raabta list render|log|counts``: files from lists, by their commands."""

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from raabta.cli.lists import app
from raabta.cli.lists.render import FORMATS_HELP
from raabta.cli.register.opening import open_from_options
from raabta.model.exemption import ExemptionList, Lease, LeaseGrant, LeaseList
from raabta.remedy.canonical import canonical
from raabta.remedy.keys import SigningKey, public_file, seal_key
from raabta.remedy.leases import sign_lease
from raabta.remedy.log import MerkleTree, record_changes, write_leaves
from raabta.remedy.render.formats import FORMATS
from tests.cases.exemptions import block, entry, listed

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)
WORDS = "correct horse battery"
TABLES = """
as_of = 2026-11-01
ordinary = ["198.18.0.0/15"]
[[network]]
prefix = "198.18.0.0/16"
asn = 64500
country = "PK"
[[network]]
prefix = "198.19.0.0/16"
asn = 64501
country = "PK"
"""

Run = Callable[..., Result]


def fresh(**fields: Any) -> ExemptionList:
    times = {"not_before": NOW - DAY, "not_after": NOW + 3 * DAY}
    entries = [
        entry(number, source=f"198.18.0.{8 * number}/29", destination="198.19.0.1/32", **times)
        for number in range(1, 9)
    ]
    blocks = [block(1, target="bad.example", **times)]
    return msgspec.structs.replace(listed(entries, blocks, made_at=NOW, expires_at=NOW + DAY), **fields)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "register"))
    monkeypatch.delenv("RAABTA_REGISTER_KEY", raising=False)
    (tmp_path / "tables.toml").write_text(TABLES)
    (tmp_path / "words").write_text(f"{WORDS}\n")
    (tmp_path / "list.json").write_bytes(canonical(fresh()))

    def run_it(line: str, *, code: int = 0) -> Result:
        result = CliRunner().invoke(app, line.split(), env={"COLUMNS": "80"})
        assert result.exit_code == code, result.output
        return result

    return run_it


def test_the_help_names_every_format() -> None:
    assert FORMATS_HELP.removesuffix(".").split(", ") == list(FORMATS)


def test_a_list_is_written_to_standard_output_and_what_is_lost_is_told_beside_it(run: Run) -> None:
    result = run("render list.json --format cidr --tables tables.toml")
    assert "198.18.0.8/29\n" in result.stdout
    assert FORMATS["cidr"].loses in result.stderr


def test_all_formats_go_into_a_folder(run: Run, tmp_path: Path) -> None:
    result = run("render list.json --all out --tables tables.toml")
    assert sorted(result.stdout.split()) == sorted(f"out/raabta-{kind}.{FORMATS[kind].suffix}" for kind in FORMATS)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"raabta-{kind}.{FORMATS[kind].suffix}" for kind in FORMATS
    )


def test_a_list_that_breaks_a_rule_is_refused_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    result = run("render list.json --format cidr --output out.txt", code=2)  # without the tables: bogons
    assert "raabta list lint list.json" in result.stderr
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize("source", ["0.0.0.0/0", "104.16.0.0/29", "10.0.0.8/29"])
def test_everybody_a_content_network_and_a_bogon_are_refused(run: Run, tmp_path: Path, source: str) -> None:
    made = fresh()
    bad = msgspec.structs.replace(made, entries=(msgspec.structs.replace(made.entries[0], source=source),))
    (tmp_path / "bad.json").write_bytes(canonical(bad))
    run("render bad.json --all out --tables tables.toml", code=2)
    assert not (tmp_path / "out").exists()


def test_an_expired_list_is_refused_unless_its_grace_is_asked_for(run: Run, tmp_path: Path) -> None:
    old = fresh(made_at=NOW - 2 * DAY, expires_at=NOW - DAY)
    (tmp_path / "old.json").write_bytes(canonical(old))
    assert "expired" in run("render old.json --format cidr --tables tables.toml", code=2).stderr


def test_a_changed_file_is_no_list(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_bytes(canonical(fresh()).replace(b'"serial":7', b'"serial": 7'))
    assert "canonical" in run("render list.json --format cidr --tables tables.toml", code=2).stderr


@pytest.mark.parametrize("line", ["render list.json", "render list.json --format cidr --all out"])
def test_format_and_all_exclude_each_other_and_one_is_needed(run: Run, line: str) -> None:
    assert "rpz-names" in run(line, code=2).stderr


def test_an_unknown_format_is_told_with_those_that_there_are(run: Run) -> None:
    assert "ipset" in run("render list.json --format cisco --tables tables.toml", code=2).stderr


def test_leases_are_added_where_their_grants_bear_them_out(run: Run, tmp_path: Path) -> None:
    device, thief = Ed25519PrivateKey.from_private_bytes(b"\1" * 32), Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
    grant = _grant(device)
    leases = [
        _lease(device, grant, 1),
        _lease(thief, grant, 2),
        _lease(device, grant, 3, grant_id="g-bbbbbbbbbbbbbbbb"),
    ]
    (tmp_path / "list.json").write_bytes(canonical(fresh(grants=(grant,))))
    (tmp_path / "leases.json").write_bytes(canonical(_lease_list(leases)))
    result = run("render list.json --format ipset --leases leases.json --tables tables.toml")
    assert "198.19.0.1,udp:51820,198.18.9.1/32 timeout" in result.stdout
    assert "198.18.9.2" not in result.stdout
    assert "198.18.9.3" not in result.stdout
    assert result.stderr.count("Left out: l-") == 2


def _grant(device: Ed25519PrivateKey) -> LeaseGrant:
    from base64 import b64encode

    return LeaseGrant(
        id="g-aaaaaaaaaaaaaaaa",
        device_key=b64encode(device.public_key().public_bytes_raw()).decode(),
        destination="198.19.0.1/32",
        port=51820,
        asns=(64500,),
        organisation_ref="ref-1",
        evidence_level=2,
        basis="pk.A",
        not_before=NOW - DAY,
        not_after=NOW + DAY,
    )


def _lease(device: Ed25519PrivateKey, grant: LeaseGrant, number: int, **fields: Any) -> Lease:
    usual: dict[str, Any] = {
        "id": f"l-aaaaaaaaaaaaaaa{'abcdefg'[number]}",
        "grant_id": grant.id,
        "address": f"198.18.9.{number}/32",
        "nonce": f"{number:032x}",
        "asked_at": NOW,
        "not_before": NOW,
        "not_after": NOW + dt.timedelta(hours=2),
    }
    return sign_lease(Lease(**(usual | fields)), device)


def _lease_list(leases: list[Lease]) -> LeaseList:
    return LeaseList(recipient="operator-1", serial=1, made_at=NOW, expires_at=NOW + DAY, leases=tuple(leases))


# --- the log --------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(run: Run, tmp_path: Path) -> ExemptionList:
    """A list whose changes are in the register's log, and its files."""
    tree = MerkleTree()
    first, leaves = record_changes(None, fresh(entries=fresh().entries[:3]), tree=tree, at=NOW)
    made, more = record_changes(first, fresh(serial=8), tree=tree, at=NOW)
    with open_from_options(None) as register, register.change() as records:
        records.add_all([*leaves, *more])
    (tmp_path / "first.json").write_bytes(canonical(first))
    (tmp_path / "list.json").write_bytes(canonical(made))
    (tmp_path / "log.key").write_bytes(seal_key(b"\7" * 32, WORDS, name="log", salt=b"s" * 16, nonce=b"n" * 12, n=2**4))
    (tmp_path / "log.pub").write_bytes(public_file(SigningKey("log", b"\7" * 32).public))
    return made


def test_the_log_is_exported_signed_and_checked_by_others(run: Run, kept: ExemptionList, tmp_path: Path) -> None:
    run("log export --output log.jsonl")
    run("log head --key log.key --passphrase-file words --output head.json")
    (tmp_path / "short.jsonl").write_bytes(
        b"".join((tmp_path / "log.jsonl").read_bytes().splitlines(keepends=True)[:4])
    )
    run("log head --key log.key --passphrase-file words --leaves short.jsonl --output old.json")
    head = json.loads((tmp_path / "head.json").read_text())
    assert (head["size"], head["root"]) == (kept.log_size, kept.log_root)
    told = run("log check list.json first.json --leaves log.jsonl --head head.json --head old.json --public log.pub")
    assert told.stdout == ""
    assert "9 leaves; all agrees." in told.stderr

    run("log prove 4 --output proof.json")
    run("log compare 4 --output growth.json")
    run("log verify proof.json --head head.json --public log.pub")
    run("log verify growth.json --head head.json --old-head old.json --public log.pub")
    run("log verify proof.json --head old.json --public log.pub", code=3)
    (tmp_path / "proof.json").write_bytes(re.sub(rb'"index":4', b'"index":5', (tmp_path / "proof.json").read_bytes()))
    run("log verify proof.json --head head.json --public log.pub", code=3)


def test_a_list_with_an_entry_that_the_log_does_not_know_is_told(run: Run, kept: ExemptionList, tmp_path: Path) -> None:
    run("log export --output log.jsonl")
    silent = msgspec.structs.replace(kept.entries[1], port=1)
    changed = msgspec.structs.replace(kept, entries=(kept.entries[0], silent, *kept.entries[2:]))
    (tmp_path / "changed.json").write_bytes(canonical(changed))
    told = run("log check changed.json --leaves log.jsonl", code=3)
    assert f"changed.json: {silent.id}: leaf 1 does not tell of it" in told.stdout


def test_a_log_that_was_rewritten_or_cut_does_not_agree(run: Run, kept: ExemptionList, tmp_path: Path) -> None:
    run("log export --output log.jsonl")
    lines = (tmp_path / "log.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_bytes(b"".join(lines[:-1]))
    assert "get the newest log" in run("log check list.json --leaves cut.jsonl", code=3).stdout
    (tmp_path / "new.jsonl").write_bytes(b"".join([lines[0].replace(b"listed", b"silent"), *lines[1:]]))
    assert "head is not that of the log" in run("log check list.json --leaves new.jsonl", code=3).stdout
    (tmp_path / "hole.jsonl").write_bytes(b"".join([lines[0], *lines[2:]]))
    assert "line 2" in run("log check list.json --leaves hole.jsonl", code=2).stderr


def test_a_leaf_that_is_not_there_is_told_with_how_many_there_are(run: Run, kept: ExemptionList) -> None:
    assert "the last 8" in run("log prove 9", code=2).stderr


def test_a_log_without_leaves_is_a_log(run: Run) -> None:
    assert run("log export").stdout == ""


# --- counts ---------------------------------------------------------------------------------------------------------


def test_the_page_of_counts_is_written_with_its_json(run: Run, kept: ExemptionList, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b"")
    run("log export --output log.jsonl")
    result = run("counts list.json --leaves log.jsonl --output public")
    assert result.stdout.split() == ["public/index.html", "public/counts.json"]
    document = json.loads((tmp_path / "public" / "counts.json").read_text())
    assert (document["entries"], document["log_size"], document["log_root"]) == (8, 9, kept.log_root)
    assert write_leaves([]) == b""


def test_two_lists_of_one_recipient_are_refused(run: Run, kept: ExemptionList) -> None:
    assert "Leave out older ones" in run("counts list.json first.json --output public", code=2).stderr
