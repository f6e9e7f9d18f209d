"""``raabta list``: from an operator's entry to a list that a gateway takes, each step by its command."""

import base64
import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from raabta.cli.lists import app
from raabta.cli.register.opening import open_from_options
from raabta.gateway.fetch import Source, fetch
from raabta.model.exemption import Recipient
from raabta.model.register import Case, Consent, MemberEndpoint, Organisation, Proof
from raabta.reference.own import load_own_tables
from raabta.remedy.keys import public_file, seal_key
from raabta.remedy.lint import bench_of
from tests.cases.publisher import signing_key

WORDS = "correct horse battery"
NAMES = tuple(f"{role}-{name}" for role in ("root", "targets") for name in ("ayesha", "bilal", "chand"))
DAY = dt.timedelta(days=1)
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


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("RAABTA_REGISTER", "RAABTA_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tables.toml").write_text(TABLES)
    (tmp_path / "words").write_text(f"{WORDS}\n")

    def run_it(line: str, *, code: int = 0) -> Result:
        result = CliRunner().invoke(app, line.split(), env={"COLUMNS": "80"})
        assert result.exit_code == code, result.output
        return result

    return run_it


@pytest.fixture
def key_files(tmp_path: Path) -> None:
    """As ``keys new`` makes them, but cheap to open."""
    for name in (*NAMES, "online"):
        seed, public = os.urandom(32), signing_key(name).public
        from raabta.remedy.keys import SigningKey

        public = SigningKey(name, seed).public
        (tmp_path / f"{name}.key").write_bytes(
            seal_key(seed, WORDS, name=name, salt=b"s" * 16, nonce=b"n" * 12, n=2**10)
        )
        (tmp_path / f"{name}.pub").write_bytes(public_file(public))


def fill(source: str = "198.18.0.7/32") -> None:
    """A member whose end point is proved, approved and agreed to."""
    now = dt.datetime.now(dt.UTC)
    ids = {"organisation_id": "o-" + "a" * 16, "endpoint_id": "e-" + "a" * 16}
    with open_from_options("register") as register, register.change() as records:
        records.add(
            Organisation(
                id=ids["organisation_id"],
                legal_name="Karobar",
                legal_form="private_limited",
                country="pk",
                created_at=now,
                changed_at=now,
            )
        )
        records.add(
            MemberEndpoint(
                id=ids["endpoint_id"],
                organisation_id=ids["organisation_id"],
                direction="member_source",
                prefix=source,
                asn=64500,
                operator="north",
                protocol="wireguard",
                remote="198.19.0.7/32",
                port=51820,
                valid_from=now - DAY,
                valid_until=now + 200 * DAY,
                created_at=now,
            )
        )
        records.add(
            Case(
                id="c-" + "a" * 16,
                organisation_id=ids["organisation_id"],
                endpoint_ids=(ids["endpoint_id"],),
                kind="pk.A",
                status="approved",
                created_at=now,
                changed_at=now,
            )
        )
        records.add(
            Proof(
                id="f-" + "a" * 16,
                **ids,
                kind="call_back",
                subject="198.18.0.7",
                challenge="x",
                status="proved",
                issued_at=now - DAY,
                proved_at=now - DAY,
                expires_at=now + 50 * DAY,
                witnesses=("one", "two"),
            )
        )
        records.add(
            Consent(
                id="n-" + "a" * 16,
                organisation_id=ids["organisation_id"],
                purpose="exemption_list",
                recipient="north",
                given_at=now - DAY,
            )
        )


def hold_ceremony(run: Run) -> None:
    root = " ".join(
        f"--{role}-key {role}-{name}.pub" for role in ("root", "targets") for name in ("ayesha", "bilal", "chand")
    )
    run(f"keys root north --repository repo -o root-1 {root} --online-key online.pub")
    for name in ("ayesha", "chand"):
        run(f"sign root-1 --key root-{name}.key --passphrase-file words --yes")
    assert run("publish root-1 --repository repo").stdout == "repo/north/metadata/1.root.json\n"


def test_from_an_operators_entry_to_a_list_that_a_gateway_takes(run: Run, key_files: None, tmp_path: Path) -> None:
    run("recipient add north --name North --asn 64500 --register register")
    fill()
    hold_ceremony(run)
    made = run("compile north --register register --repository repo -o list-1 --tables tables.toml")
    assert made.stdout == "list-1\n"
    assert "Entries  1: 1 new, 0 gone since serial 0" in made.stderr
    early = run(
        "publish list-1 --repository repo --online-key online.key --passphrase-file words --tables tables.toml", code=2
    )
    assert "0 of 2 signatures that count are there" in early.stderr
    for name in ("ayesha", "bilal"):
        run(f"sign list-1 --key targets-{name}.key --passphrase-file words --tables tables.toml --yes")
    run("publish list-1 --repository repo --online-key online.key --passphrase-file words --tables tables.toml")
    shown = run("show north --repository repo --output list.json")
    assert shown.stdout == ""
    assert (tmp_path / "list.json").read_bytes() == (tmp_path / "list-1/exemptions.json").read_bytes()
    assert run("show north --repository repo").stdout_bytes == (tmp_path / "list.json").read_bytes()
    refreshed = run(
        "refresh north --repository repo --online-key online.key --passphrase-file words --register register"
    )
    assert refreshed.stdout == "2\n"
    folder = tmp_path / "repo/north"
    found = fetch(
        Source(url=folder.as_uri(), recipient="north", root=(folder / "metadata/1.root.json").read_bytes()),
        tmp_path / "state",
        now=dt.datetime.now(dt.UTC),
        bench=bench_of(load_own_tables(tmp_path / "tables.toml"), Recipient(id="north", name="", asns=(64500,))),
    )
    (entry,) = found.list.entries
    assert (entry.source, entry.destination, entry.port) == ("198.18.0.7/32", "198.19.0.7/32", 51820)
    assert entry.log_index == 0
    assert found.list.log_size == 1


def test_an_end_point_that_a_rule_refuses_does_not_get_into_the_list(run: Run, key_files: None) -> None:
    run("recipient add north --name North --asn 64500 --register register")
    fill(source="10.0.0.7/32")
    hold_ceremony(run)
    made = run("compile north --register register --repository repo -o list-1 --tables tables.toml")
    assert "Entries  0: 0 new" in made.stderr
    assert "Left out 1" in made.stderr


def test_compiling_to_look_changes_nothing(run: Run) -> None:
    run("recipient add north --name North --asn 64500 --register register")
    fill()
    told = run("compile north --register register --tables tables.toml --output look.json")
    assert "1 entries went in" in told.stderr
    first = json.loads(run("compile north --register register --tables tables.toml").stdout)
    again = json.loads(run("compile north --register register --tables tables.toml").stdout)
    assert (len(first["entries"]), first["serial"], first["log_size"]) == (1, 1, 0)
    assert again["serial"] == 1


def test_the_register_and_its_secrets_are_not_in_what_is_carried(run: Run, key_files: None, tmp_path: Path) -> None:
    run("recipient add north --name North --asn 64500 --register register")
    fill()
    hold_ceremony(run)
    run("compile north --register register --repository repo -o list-1 --tables tables.toml")
    with open_from_options("register") as register, register.look() as records:
        secret = next(records.find(Recipient)).reference_key
    assert len(secret) == 64
    for folder in ("list-1", "root-1", "repo"):
        for path in filter(Path.is_file, (tmp_path / folder).rglob("*")):
            assert all(text not in path.read_bytes() for text in (secret.encode(), b"Karobar", b"o-aaaaaaaa"))


def test_signing_asks_first_and_no_means_no(run: Run, key_files: None, tmp_path: Path) -> None:
    run("recipient add north --name North --asn 64500 --register register")
    hold_ceremony(run)
    result = CliRunner().invoke(
        app,
        ["sign", "root-1", "--key", "root-bilal.key", "--passphrase-file", "words"],
        input="n\n",
        env={"COLUMNS": "80"},
    )
    assert result.exit_code == 1
    assert len(list((tmp_path / "root-1/signatures").iterdir())) == 2


def test_a_holder_is_shown_whose_keys_a_root_names_and_for_which_networks(run: Run, key_files: None) -> None:
    run("recipient add north --name Northern --asn 64500 --register raabta-register")
    hold_ceremony(run)
    told = run("sign root-1 --key root-bilal.key --passphrase-file words --yes").stderr
    assert "For      north (Northern), networks AS64500" in told
    public = json.loads(Path("targets-chand.pub").read_text())["public"]
    assert f"{public}  targets-chand" in told


def test_without_a_register_drawing_up_a_root_makes_none(run: Run, key_files: None, tmp_path: Path) -> None:
    hold_ceremony(run)
    assert not (tmp_path / "raabta-register").exists()


def test_a_file_that_is_no_key_is_told_before_any_question(run: Run, key_files: None) -> None:
    hold_ceremony(run)
    told = run("sign root-1 --key root-ayesha.pub", code=2)
    assert "this is no key file of Raabta" in told.stderr
    assert "Sign this?" not in told.output
    assert "Passphrase" not in told.output


def test_a_key_is_made_once_and_for_its_holder_alone(run: Run, tmp_path: Path) -> None:
    made = run("keys new ayesha --folder keys --passphrase-file words")
    assert made.stdout == "keys/ayesha.pub\n"
    assert "stays on the publishing machine" in made.stderr
    assert max(map(len, made.stderr.splitlines())) <= 80
    assert (tmp_path / "keys/ayesha.key").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "keys/ayesha.key").read_bytes()
    assert "it is there already" in run("keys new ayesha --folder keys --passphrase-file words", code=2).stderr
    assert (tmp_path / "keys/ayesha.key").read_bytes() == before
    (tmp_path / "words").write_text("short\n")
    assert "Take 12 or more" in run("keys new bilal --passphrase-file words", code=2).stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sign nowhere --key root-ayesha.key", "this is no signing sheet"),
        ("sign root-1 --key nowhere.key --yes", "nowhere.key"),
        ("sign root-1 --key root-ayesha.pub --passphrase-file words --yes", "this is no key file of Raabta"),
        ("sign root-1 --key online.key --passphrase-file words --yes", "may not sign this"),
        ("sign root-1 --key root-ayesha.key --passphrase-file tables.toml --yes", "the passphrase is wrong"),
        ("publish root-1 --repository repo", "the next root is version 2, not 1"),
        (
            "refresh north --repository repo --online-key online.key --passphrase-file words",
            "no list was published yet",
        ),
        ("refresh ../x --repository repo --online-key online.key --passphrase-file words", "cannot be the name"),
        ("show north --repository repo", "no list was published yet"),
        ("show ../x --repository repo", "cannot be the name"),
        ("keys root north --repository repo -o x", "name all keys"),
        ("compile north --repository repo", "--output SHEET"),
        ("compile nobody --register register", "raabta list recipient add"),
        ("recipient add a/b --name X --register register", "cannot be the name of a folder"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_try(run: Run, key_files: None, line: str, words: str) -> None:
    hold_ceremony(run)
    result = CliRunner().invoke(app, line.split(), env={"COLUMNS": "80"})
    assert result.exit_code in (1, 2)
    assert words in result.stderr
    assert WORDS not in result.output


def test_recipients_are_listed_and_changed(run: Run) -> None:
    run("recipient add north --name North --asn 64500 --asn 64400 --register register")
    run("recipient change north --asn 64501 --register register")
    assert run("recipient list --register register").stdout == "north\toperator\tAS64501\tNorth\n"


def test_a_network_is_named_with_or_without_as_and_is_never_0(run: Run) -> None:
    run("recipient add north --name North --asn AS17557 --asn 64500 --register register")
    assert "AS17557,AS64500" in run("recipient list --register register").stdout
    for wrong in ("0", "AS0", "north", "4294967296"):
        for command in ("add south --name South", "change north"):
            refused = run(f"recipient {command} --asn {wrong} --register register", code=2)
            assert "such as 17557 or AS17557" in " ".join(refused.stderr.split())


def test_a_key_that_attests_nothing_is_refused(run: Run) -> None:
    run("recipient add north --name North --register register")
    key = base64.b64encode(b"k" * 32).decode()
    for command in ("add south --name South", "change north"):
        refused = run(f"recipient {command} --attestation-key nonsense --register register", code=2)
        assert "--attestation-key: this is no Ed25519 public key" in refused.stderr
        assert "nonsense" not in refused.stderr
        run(f"recipient {command} --attestation-key ed25519/{key} --register register")
    run("recipient change south --attestation-key= --register register")
    with open_from_options("register") as found, found.look() as records:
        assert {row.id: row.attestation_key for row in records.find(Recipient)} == {"north": key, "south": ""}


def test_an_end_point_of_another_network_is_told_when_its_operators_list_is_compiled(run: Run) -> None:
    run("recipient add north --name North --asn 64500 --register register")
    fill("198.19.0.7/32")
    with open_from_options("register") as found, found.change() as records:
        (one,) = records.find(MemberEndpoint)
        records.put(msgspec.structs.replace(one, operator="north"))
    told = run("compile north --register register --tables tables.toml").stderr
    assert "Left out 1: another network announces it" in told
    assert f"{one.id}: announced by AS64501, not by north (AS64500)" in told


def test_a_protective_block_has_basis_owner_and_end_and_is_told_what_it_hits(run: Run) -> None:
    entered = "--reason malware --basis CERT-7 --owner CERT --register register --tables tables.toml"
    id_ = run(f"restriction add 198.18.9.9/32 {entered}").stdout.strip()
    assert id_.startswith("r-")
    (line,) = run("restriction list --register register").stdout.splitlines()
    assert line.split("\t")[:5] == [id_, "198.18.9.9/32", "malware", "CERT-7", "CERT"]
    for target in ("0.0.0.0/0", "104.16.0.1/32"):
        assert "the restriction is refused" in run(f"restriction add {target} {entered}", code=2).stderr
    assert run(f"restriction end {id_} --register register").stdout.strip() == id_
    assert "belong together" in run(f"restriction add 198.18.9.9/32 {entered} --review x", code=2).stderr


def test_a_rendered_list_is_signed_for_small_routers(run: Run, key_files: None, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("198.18.0.7/32\n")
    assert len(run("minisign list.txt --key online.key --passphrase-file words").stdout.strip()) == 56
    assert (tmp_path / "list.txt.minisig").read_text().count("\n") == 4


def test_the_ceremony_can_be_rehearsed(run: Run, tmp_path: Path) -> None:
    done = run("keys rehearse hall")
    assert done.stdout == "hall\n"
    assert 'versions {"root":2' in done.stderr
    assert "refused, as it should be: 1 of 2 signatures" in done.stderr
    assert run("keys rehearse hall", code=2).stderr.endswith("Name another place, or remove it first.\n")
