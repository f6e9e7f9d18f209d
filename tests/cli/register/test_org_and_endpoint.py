import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from raabta.cli.register import endpoint, org
from raabta.cli.register.fields import ENDPOINT, ORGANISATION, PERSON
from raabta.cli.register.opening import open_from_options
from raabta.model.exemption import Recipient
from raabta.model.incident import Party
from raabta.model.register import MemberEndpoint, Organisation, Person
from tests.registry.specimens import IDENTITY_NUMBER

Run = Callable[..., Result]
COMPANY = ("--legal-name", "Acme Ltd", "--legal-form", "private_limited", "--country", "pk")
TUNNEL = ("--direction", "member_source", "--remote", "185.1.2.3", "--port", "51820", "--protocol", "wireguard")
OWN_TABLES = """\
as_of = 2026-11-23
ordinary = ["198.18.0.0/15"]

[[network]]
prefix = "198.18.4.0/22"
asn = 64500
country = "PK"

[[network]]
prefix = "185.0.0.0/8"
asn = 64501
"""


@pytest.fixture
def raabta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command over a register in a folder of its own."""
    for name in ("RAABTA_REGISTER_KEY", "RAABTA_REGISTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "register"))
    app = typer.Typer()
    app.add_typer(org, name="org")
    app.add_typer(endpoint, name="endpoint")

    def run(*arguments: object, given: str | bytes | None = None, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [str(item) for item in arguments], input=given)
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def member(raabta: Run) -> str:
    return raabta("org", "add", *COMPANY).stdout.strip()


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "own.toml").write_text(OWN_TABLES)
    return tmp_path / "own.toml"


def line_of(result: Result) -> dict[str, object]:
    (line,) = result.stdout.splitlines()
    return dict(json.loads(line))


def test_an_added_organisation_is_named_by_its_id_alone_and_shown(raabta: Run) -> None:
    id_ = raabta("org", "add", *COMPANY, "--domains", "acme.pk www.acme.pk").stdout.strip()
    assert len(id_) == len("o-") + 16
    assert line_of(raabta("org", "show", id_))["domains"] == ["acme.pk", "www.acme.pk"]
    assert "Acme Ltd" in raabta("org", "show", id_, "--format", "table").stdout


def test_options_are_the_fields_of_the_records() -> None:
    made = {"id", "created_at", "changed_at", "organisation_id"}
    seen = {"identity_kind", "identity_hash", "identity_seen_at", "identity_seen_by"}
    assert set(ORGANISATION) == set(Organisation.__struct_fields__) - made
    assert set(ENDPOINT) == set(MemberEndpoint.__struct_fields__) - made
    assert set(PERSON) == set(Person.__struct_fields__) - made - seen


def test_the_register_and_its_key_are_the_owners_alone(raabta: Run, member: str, tmp_path: Path) -> None:
    folder = tmp_path / "register"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "register.key").stat().st_mode) == 0o600


def test_a_lost_key_is_told_and_no_other_is_made(raabta: Run, member: str, tmp_path: Path) -> None:
    (tmp_path / "register" / "register.key").unlink()
    done = raabta("org", "list", code=2)
    assert "the key of this register is missing" in done.stderr
    assert not (tmp_path / "register" / "register.key").exists()


def test_a_password_is_not_taken_from_the_arguments(raabta: Run) -> None:
    done = raabta("org", "list", "--register", "postgresql://user:hushhush@host/name", code=2)
    assert "Put it into RAABTA_REGISTER" in done.stderr
    assert "hushhush" not in done.output


def test_a_wrong_option_is_named_and_nothing_is_made(raabta: Run) -> None:
    done = raabta("org", "add", "--legal-name", "X", "--legal-form", "gang", "--country", "pk", code=2)
    assert "--legal-form: one of sole_proprietorship" in done.stderr
    assert "--legal-name: must not be empty." in raabta("org", "add", code=2).stderr
    assert raabta("org", "list").stdout == ""


def test_a_change_leaves_other_fields(raabta: Run, member: str) -> None:
    assert raabta("org", "change", member, "--sector", "software").stdout.strip() == member
    shown = line_of(raabta("org", "show", member))
    assert (shown["legal_name"], shown["sector"]) == ("Acme Ltd", "software")


def test_an_identity_number_is_asked_for_and_never_written(raabta: Run, member: str, tmp_path: Path) -> None:
    id_ = raabta(
        *("org", "person", "add", member, "--name", "Zainab Khan", "--phone", "+92 300 1234567"),
        *("--identity-kind", "national_identity_card", "--seen-by", "Desk"),
        given=f"{IDENTITY_NUMBER}\n",
    ).stdout.strip()
    assert id_.startswith("p-")
    shown = raabta("org", "show", member, "--format", "table").stdout
    assert "Zainab Khan" in shown
    files = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for number in (IDENTITY_NUMBER, IDENTITY_NUMBER.replace("-", "")):
        assert number not in shown
        assert number.encode() not in files


def test_a_paper_that_another_person_showed_is_told_by_that_persons_id(raabta: Run, member: str) -> None:
    add = ("org", "person", "add", member, "--identity-kind", "cnic", "--seen-by", "Desk", "--name")
    first = raabta(*add, "Zainab Khan", given=f"{IDENTITY_NUMBER}\n")
    assert "seen before" not in first.stderr
    again = raabta(*add, "Bilal Khan", given=f"{IDENTITY_NUMBER.replace('-', '')}\n")
    assert f"this paper was seen before, for {first.stdout.strip()}." in again.stderr
    assert "1234567" not in again.output
    assert "fewer than 5 letters and digits" in raabta(*add, "Chand", given="35-20\n", code=2).stderr


def test_a_list_goes_on_where_it_ended(raabta: Run) -> None:
    made = {raabta("org", "add", *COMPANY, "--registration-number", number).stdout.strip() for number in "123"}
    first = raabta("org", "list", "--limit", "2")
    assert "2 of 3 shown. Go on: --after" in first.stderr
    shown = [json.loads(line)["id"] for line in first.stdout.splitlines()]
    rest = raabta("org", "list", "--after", shown[-1]).stdout.splitlines()
    assert {*shown, *(json.loads(line)["id"] for line in rest)} == made
    assert raabta("org", "list", "--name", "nobody").stdout == ""
    assert len(raabta("org", "list", "--name", "ACME").stdout.splitlines()) == 3


def test_tables_fit_eighty_columns(raabta: Run, member: str, tables: Path) -> None:
    raabta("org", "change", member, "--legal-name", "A very long name " * 8)
    raabta("endpoint", "add", member, *TUNNEL, "--prefix", "198.18.4.1", "--tables", tables)
    for command in (("org", "list"), ("endpoint", "list")):
        lines = raabta(*command, "--format", "table").stdout.splitlines()
        assert max(map(len, lines)) <= 80


def test_consent_is_given_and_withdrawn(raabta: Run, member: str) -> None:
    id_ = raabta("org", "consent", "give", member, "exemption_list", "ptcl").stdout.strip()
    assert raabta("org", "consent", "withdraw", id_).stdout.strip() == id_
    assert line_of(raabta("org", "consent", "list", member))["withdrawn_at"] is not None
    assert "PURPOSE: one of register" in raabta("org", "consent", "give", member, "fun", "ptcl", code=2).stderr


def test_a_consent_for_nobody_who_gets_anything_is_told(raabta: Run, member: str) -> None:
    give = ("org", "consent", "give", member)
    assert "raabta list recipient add ptlc" in raabta(*give, "exemption_list", "ptlc").stderr
    assert raabta(*give, "application", "pta").stderr == ""
    assert raabta(*give, "statistics", "public").stderr == ""
    assert "raabta list recipient add public" in raabta(*give, "exemption_list", "public").stderr
    with open_from_options(None) as found, found.change() as records:
        records.add(Recipient(id="ptcl", name="PTCL", asns=(17557,)))
    assert raabta(*give, "exemption_list", "ptcl").stderr == ""


def test_an_end_point_says_at_once_what_it_lacks_for_a_list_or_an_application(
    raabta: Run, member: str, tables: Path
) -> None:
    add = ("endpoint", "add", member, *TUNNEL, "--tables", tables, "--prefix")
    done = raabta(*add, "198.18.4.1", "--operator", "north")
    id_ = done.stdout.strip()
    assert "Enter it first: raabta list recipient add north" in done.stderr
    assert f"an application needs it: raabta endpoint change {id_} --purpose" in done.stderr
    with open_from_options(None) as found, found.change() as records:
        records.add(Recipient(id="north", name="North", asns=(64499,)))
    change = ("endpoint", "change", id_, "--tables", tables)
    done = raabta(*change, "--purpose", "client network")
    assert "announced by AS64500, not by north (AS64499)" in done.stderr
    assert "an application" not in done.stderr
    assert raabta(*change, "--operator", "").stderr == ""
    table = f"organisation_id,direction,prefix,operator\n{member},member_source,198.18.4.2,south\n"
    told = raabta("endpoint", "import", "-", "--tables", tables, given=table).stderr
    assert "taken, but: line 2, column 4 (operator): south is no recipient" in told
    assert "line 2: purpose: an application needs it" in told


def test_an_end_point_is_linted_with_the_tables_that_were_given(raabta: Run, member: str, tables: Path) -> None:
    add = ("endpoint", "add", member, *TUNNEL)
    assert "prefix" in raabta(*add, "--prefix", "198.18.4.1", code=2).stderr
    id_ = raabta(*add, "--prefix", "198.18.4.1", "--tables", tables).stdout.strip()
    shown = line_of(raabta("endpoint", "show", id_))
    assert (shown["prefix"], shown["asn"]) == ("198.18.4.1/32", 64500)
    assert raabta("endpoint", "change", id_, "--port", "1194", "--tables", tables).stdout.strip() == id_
    assert raabta("endpoint", "end", id_).stdout.strip() == id_
    assert "ended already" in raabta("endpoint", "end", id_, code=2).stderr


def test_a_review_names_the_rule_the_reviewer_and_the_reason(raabta: Run, member: str) -> None:
    done = raabta("endpoint", "add", member, *TUNNEL, "--prefix", "39.40.1.1", "--review", "x.y", code=2)
    assert "--review, --by and --because belong together" in done.stderr


def test_a_table_goes_in_but_for_its_bad_rows(raabta: Run, tmp_path: Path) -> None:
    table = f"legal_name,legal_form,country\nOne,bank,pk\nTwo,{IDENTITY_NUMBER},pk\n"
    done = raabta("org", "import", "-", given=table, code=3)
    assert len(done.stdout.split()) == 1
    assert "refused: line 3, column 2 (legal_form): one of sole_proprietorship" in done.stderr
    assert "1 new, 0 changed, 1 rows refused." in done.stderr
    assert IDENTITY_NUMBER not in done.output
    assert "cannot be read" in raabta("org", "import", tmp_path / "nothing.csv", code=2).stderr
    assert "no such column" in raabta("org", "import", "-", given="x,y\n", code=2).stderr


def test_an_export_comes_back_in_elsewhere(
    raabta: Run, member: str, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raabta("endpoint", "add", member, *TUNNEL, "--prefix", "198.18.4.1", "--tables", tables)
    raabta("org", "export", "-o", tmp_path / "org.csv")
    raabta("endpoint", "export", "-o", tmp_path / "endpoint.csv")
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "other"))
    assert raabta("org", "import", tmp_path / "org.csv").stdout.strip() == member
    raabta("endpoint", "import", tmp_path / "endpoint.csv", "--tables", tables)
    assert raabta("endpoint", "export").stdout == (tmp_path / "endpoint.csv").read_text()
    assert raabta("org", "export").stdout == (tmp_path / "org.csv").read_text()


def test_an_export_of_organisations_names_no_person(raabta: Run, member: str) -> None:
    raabta("org", "person", "add", member, "--name", "Zainab Khan")
    for kind in ("csv", "jsonl"):
        assert "Zainab" not in raabta("org", "export", "-f", kind).stdout
        assert "Zainab" in raabta("org", "export", "--people", "-f", kind).stdout


def test_a_deleted_organisation_is_in_no_file(raabta: Run, member: str, tmp_path: Path) -> None:
    raabta("org", "person", "add", member, "--name", "Zainab Khan")
    old_key = (tmp_path / "register" / "register.key").read_text()
    done = raabta("org", "delete", member, "--yes")
    assert "1 of people, 1 of organisations" in done.stderr
    assert (tmp_path / "register" / "register.key").read_text() != old_key
    files = b"".join(file.read_bytes() for file in (tmp_path / "register").iterdir())
    assert [word for word in (b"Acme", member.encode()) if word in files] == []
    raabta("org", "scrub")
    assert "no organisation has this id" in raabta("org", "show", member, code=2).stderr


def test_contacts_that_stay_in_incident_files_are_named(raabta: Run, member: str) -> None:
    with open_from_options(None) as register, register.change() as records:
        records.add_all(
            [
                Party(id="pa-a", incident_id="in-a", role="member", name_en="ACME Ltd", created_at=register.now()),
                Party(id="pa-b", incident_id="in-a", role="member", name_en="Others", created_at=register.now()),
            ]
        )
    done = raabta("org", "delete", member, "--yes")
    assert "Members' contacts that stay in incident files: 2." in done.stderr
    assert "pa-a in in-a may be its own" in done.stderr
    assert "pa-b" not in done.stderr


def test_deleting_asks_first(raabta: Run, member: str) -> None:
    raabta("org", "delete", member, given="n\n", code=1)
    assert line_of(raabta("org", "show", member))["id"] == member
