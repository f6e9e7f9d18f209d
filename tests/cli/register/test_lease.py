"""``raabta lease`` and ``raabta endpoint call-back``, against controls that really answer."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from raabta.cli.register import endpoint as endpoint_app
from raabta.cli.register import lease as lease_command
from raabta.model.register import Proof
from raabta.pipeline.proof_keeping import ask_for_proof
from raabta.reference import special_ranges_without
from raabta.registry.claims import endpoint_claim
from raabta.registry.secrets import read_key
from raabta.registry.store import open_register
from tests.cases.lease_register import ENDPOINT, RECIPIENT, fill
from tests.cases.standing_controls import clock, standing_control

Run = Callable[..., Result]

TABLES = """
as_of = 2026-11-22
ordinary = ["127.0.0.0/8", "198.18.0.0/15"]
[[network]]
prefix = "127.0.0.0/8"
asn = 64500
country = "PK"
[[network]]
prefix = "198.18.0.0/15"
asn = 64501
country = "PK"
"""


@pytest.fixture(scope="module")
def controls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("controls")
    with standing_control(folder / "one") as one, standing_control(folder / "two") as two:
        yield [one, two]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "register"))
    monkeypatch.delenv("RAABTA_REGISTER_KEY", raising=False)
    (tmp_path / "tables.toml").write_text(TABLES, encoding="utf-8")
    app = typer.Typer()
    app.add_typer(lease_command.app, name="lease")
    app.add_typer(endpoint_app, name="endpoint")

    def run_it(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=given, env={"COLUMNS": "80"})

    return run_it


def asking(controls: list[str]) -> list[str]:
    return [part for control in controls for part in ("--control", control)]


def keys_file(controls: list[str], file: Path) -> str:
    file.write_text("\n".join(control.split()[-1] for control in controls), encoding="ascii")
    return str(file)


def register(tmp_path: Path, run: Run, **changed: object) -> None:
    assert run("lease", "list").exit_code == 0  # makes it
    with opened(tmp_path) as found, found.change() as records:
        fill(records, now=clock(), **changed)  # type: ignore[arg-type]


def opened(tmp_path: Path):  # type: ignore[no-untyped-def]
    folder = tmp_path / "register"
    key = read_key(folder / "register.key")
    return open_register(
        f"sqlite:///{folder / 'register.sqlite'}", key=key, now=clock, new_id=lambda prefix: f"{prefix}{'b' * 16}"
    )


def granted(run: Run) -> str:
    key = run("lease", "key").stdout.strip()
    options = ("--device-key", key, "--recipient", RECIPIENT, "--tables", "tables.toml")
    made = run("lease", "grant", "add", ENDPOINT, *options)
    assert (made.exit_code, made.stderr.count("list compile")) == (0, 1), made.stderr
    return made.stdout.strip()


def test_a_device_asks_two_controls_and_is_given_a_lease(tmp_path: Path, run: Run, controls: list[str]) -> None:
    register(tmp_path, run)
    grant, keys = granted(run), keys_file(controls, tmp_path / "keys")
    asked = run("lease", "ask", grant, *asking(controls), "--hours", "2", "--tables", "tables.toml")
    assert asked.exit_code == 0, asked.stderr
    assert asked.stderr.startswith("The first answer is no lease: tunnel to your employer's registered gateway.")
    assert json.loads(asked.stdout)["lease"]["address"] == "127.0.0.1/32"
    give = ("lease", "give", "-", "--control-keys", keys, "--tables", "tables.toml")
    given = run(*give, given=asked.stdout)
    assert given.exit_code == 0, given.stderr
    (row,) = [line.split("\t") for line in run("lease", "list").stdout.splitlines()]
    assert row[:3] == [given.stdout.strip(), grant, "127.0.0.1/32"]
    again = run(*give, given=asked.stdout)
    assert (again.exit_code, again.stdout, "given already" in again.stderr) == (2, "", True)
    assert run("lease", "end", row[0]).exit_code == 0
    assert run("lease", "list").stdout == ""
    assert run("lease", "grant", "list").stdout.startswith(grant)
    assert run("lease", "grant", "end", grant).stdout.strip() == grant


def test_an_address_that_is_not_of_the_public_internet_is_told_on_the_device(run: Run, controls: list[str]) -> None:
    run("lease", "key")
    asked = run("lease", "ask", "g-x", *asking(controls))
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert "lease.special" in asked.stderr


def test_receipts_of_controls_that_the_association_does_not_know_are_worth_nothing(
    tmp_path: Path, run: Run, controls: list[str]
) -> None:
    register(tmp_path, run)
    grant, keys = granted(run), keys_file(controls[:1], tmp_path / "keys")
    asked = run("lease", "ask", grant, *asking(controls), "--tables", "tables.toml", "--output", "request.json")
    assert asked.stdout == ""
    given = run("lease", "give", "request.json", "--control-keys", keys, "--tables", "tables.toml")
    assert (given.exit_code, "lease.receipts" in given.stderr) == (2, True)


def test_a_device_whose_clock_is_wrong_is_told(tmp_path: Path, run: Run, controls: list[str]) -> None:
    run("lease", "key")
    with standing_control(tmp_path / "late", behind_s=600) as late:
        asked = run("lease", "ask", "g-x", *asking([controls[0], late]), "--tables", "tables.toml")
    assert asked.exit_code == 1
    assert "set the clock" in asked.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["lease", "ask", "g-x"], "2 to 8 controls", id="no-controls"),
        pytest.param(["lease", "ask", "g-x", "--control", "x"], "sha256/PIN", id="no-control"),
        pytest.param(["lease", "ask", "g-x", "--hours", "13"], "1 to 12", id="too-long"),
        pytest.param(["lease", "ask", "g-x", "--output", "nowhere/x"], "mkdir", id="no-folder"),
        pytest.param(["lease", "give", "nowhere", "--control-keys", "keys"], "lease ask", id="no-request"),
        pytest.param(["lease", "give", "tables.toml", "--control-keys", "keys"], "no request", id="another-file"),
        pytest.param(["lease", "end", "l-x"], "lease list", id="no-lease"),
        pytest.param(["lease", "grant", "end", "g-x"], "grant list", id="no-grant"),
        pytest.param(["lease", "key", "--key", "tables.toml"], "lease key", id="no-key"),
        pytest.param(["endpoint", "call-back", "x"], "2 to 8 controls", id="call-back-without-controls"),
        pytest.param(["endpoint", "called-back", "e-x", "nowhere", "--control-keys", "k"], "call-back", id="nothing"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_try(run: Run, arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_the_devices_key_is_made_once_for_its_owner_alone_and_never_printed(tmp_path: Path, run: Run) -> None:
    first, second = run("lease", "key"), run("lease", "key")
    file = tmp_path / "raabta-device-key.pem"
    assert first.stdout == second.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    secret = file.read_text("ascii").splitlines()[1]
    assert secret not in first.stdout + first.stderr


def test_a_member_collects_receipts_and_one_day_does_not_prove_the_address(
    tmp_path: Path, run: Run, controls: list[str]
) -> None:
    register(tmp_path, run, prefix="127.0.0.1/32", direction="member_source", remote="198.18.40.5")
    with opened(tmp_path) as found:
        with found.look() as records:
            from raabta.model.register import MemberEndpoint

            member = records.get(MemberEndpoint, ENDPOINT)
            assert member is not None
        claim = endpoint_claim(member, "call_back", now=clock(), special=special_ranges_without("127.0.0.0/8"))
        challenge = ask_for_proof(found, claim, nonce=b"n" * 16).challenge
    called = run("endpoint", "call-back", challenge, *asking(controls))
    assert called.exit_code == 0, called.stderr
    assert "1 of 3 days" in called.stderr
    file = called.stdout.strip()
    assert len(json.loads(Path(file).read_bytes())) == 2
    run("endpoint", "call-back", challenge, *asking(controls))
    assert len(json.loads(Path(file).read_bytes())) == 4
    keys = keys_file(controls, tmp_path / "keys")
    judged = run("endpoint", "called-back", ENDPOINT, file, "--control-keys", keys, "--tables", "tables.toml")
    assert (judged.exit_code, "1 of 3 days" in judged.stderr) == (3, True), judged.stderr
    with opened(tmp_path) as found, found.look() as records:
        assert {proof.status for proof in records.find(Proof, kind="call_back")} == {"pending"}
