"""``raabta org prove``, ``raabta endpoint prove|proofs|attest``, against servers that really answer."""

import asyncio
import base64
import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from typer.testing import CliRunner, Result

from raabta.cli.register import endpoint as endpoint_app
from raabta.cli.register import org as org_app
from raabta.cli.register.opening import open_from_options
from raabta.model.exemption import Recipient
from raabta.model.register import Proof
from raabta.registry.proofs import accept
from tests.cases.loopback import LOCAL, Reader, Writer, listening, page
from tests.cases.nameserver import Zone, from_zone, name_server, text
from tests.cases.proving import DOMAIN, ORGANISATION, endpoint

Run = Callable[..., Result]
DAY = dt.timedelta(days=1)
OPERATOR = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
TABLES = 'as_of = 2026-11-22\nordinary = ["127.0.0.0/8"]\n'


PROVE_OFFICE = ("endpoint", "prove", "e-office", "--kind", "operator_attestation")


@dataclass
class World:
    """What servers of a case say; it may change while they run."""

    zone: Zone = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    resolvers: list[str] = field(default_factory=list)
    port: int = 0

    def options(self, *, n_resolvers: int = 2) -> list[str]:
        return [word for url in self.resolvers[:n_resolvers] for word in ("--resolver", url)]


@contextmanager
def standing(world: World) -> Iterator[World]:
    """Two resolvers and a web server, in a thread of their own: the command runs a loop itself."""
    ready = threading.Event()
    ends: list[Callable[[], object]] = []

    async def pages(reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(page(world.pages.get(head.split(b" ")[1].decode(), "nothing").encode()))
        await writer.drain()

    async def serve() -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        ends.append(lambda: loop.call_soon_threadsafe(end.set))
        async with AsyncExitStack() as stack:
            for _ in range(2):
                one = await stack.enter_async_context(name_server(from_zone(world.zone)))
                world.resolvers.append(f"udp://{one.address}:{one.port}")
            world.port = await stack.enter_async_context(listening(pages))
            ready.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield world
    finally:
        ends[0]()
        thread.join(10)


@pytest.fixture
def world() -> Iterator[World]:
    with standing(World()) as made:
        yield made


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A register with one member and its office, and the commands over it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "register"))
    monkeypatch.delenv("RAABTA_REGISTER_KEY", raising=False)
    (tmp_path / "tables.toml").write_text(TABLES, encoding="utf-8")
    with open_from_options(None) as register, register.change() as records:
        at = register.now()
        public = base64.b64encode(OPERATOR.public_key().public_bytes_raw()).decode()
        records.add(ORGANISATION)
        records.add(endpoint(valid_from=at, valid_until=at + 300 * DAY))
        records.add(endpoint(id="e-here", prefix=LOCAL, valid_from=at, valid_until=at + 300 * DAY))
        records.add(Recipient(id="operator-a", name="Operator A", asns=(64501,), attestation_key=public))
    app = typer.Typer()
    app.add_typer(org_app, name="org")
    app.add_typer(endpoint_app, name="endpoint")

    def run_it(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=given, env={"COLUMNS": "80"})

    return run_it


def shown(result: Result) -> dict[str, str]:
    """What was printed as name and value."""
    return dict(line.split("\t", 1) for line in result.stdout.splitlines() if "\t" in line)


def change_proofs(change: Callable[[Proof], Proof]) -> None:
    with open_from_options(None) as register, register.change() as records:
        for proof in list(records.find(Proof)):
            records.put(change(proof))


# --- a domain ---------------------------------------------------------------------------------------------------------

PROVE_DOMAIN = ("org", "prove", ORGANISATION.id, DOMAIN)


def test_a_domain_is_proved_by_a_record_that_is_shown(run: Run, world: World) -> None:
    asked = run(*PROVE_DOMAIN)
    assert asked.exit_code == 0
    assert asked.stdout.splitlines()[0].startswith("f-")
    said = shown(asked)
    assert (said["name"], said["type"]) == ("_raabta-challenge." + DOMAIN, "TXT")

    before = run(*PROVE_DOMAIN, "--check", *world.options())
    assert (before.exit_code, before.stdout) == (3, "")
    assert "it has no text" in before.stderr

    world.zone[said["name"], "TXT"] = [text(said["text"])]
    after = run(*PROVE_DOMAIN, "--check", *world.options())
    assert after.exit_code == 0
    assert after.stdout.split("\t")[1] == "proved"
    assert after.stderr.count("shows it") == 2


def test_the_same_challenge_is_printed_again(run: Run) -> None:
    assert run(*PROVE_DOMAIN).stdout == run(*PROVE_DOMAIN).stdout


def test_one_resolver_is_not_enough(run: Run, world: World) -> None:
    run(*PROVE_DOMAIN)
    result = run(*PROVE_DOMAIN, "--check", *world.options(n_resolvers=1))
    assert result.exit_code == 2
    assert "Add --resolver URL" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("org", "prove", "o-nobody", DOMAIN), "raabta org list"),
        (("org", "prove", ORGANISATION.id, "printer.local"), "no domain of the public internet"),
        ((*PROVE_DOMAIN, "--kind", "acme_http"), "dns_txt, web_file"),
        ((*PROVE_DOMAIN, "--check"), "without --check first"),
        ((*PROVE_DOMAIN, "--check", "--port", "70000"), "ports are 1 to 65535"),
        ((*PROVE_DOMAIN, "--check", "--trust", "none.pem"), "--trust none.pem"),
        ((*PROVE_DOMAIN, "--check", "--tables", "none.toml"), "--tables"),
        (("endpoint", "prove", "e-nobody", "--kind", "acme_http"), "raabta endpoint list"),
        (("endpoint", "prove", "e-office", "--kind", "rpki_checklist"), "not offered"),
        (("endpoint", "prove", "e-here", "--kind", "acme_http"), "loopback address, which is nobody's"),
        (("endpoint", "prove", "e-office", "--kind", "acme_http", "--attestation", "a.json"), "go with --kind"),
        (("endpoint", "prove", "e-office", "--kind", "acme_http", "--request", "r.json"), "go with --kind"),
        ((*PROVE_OFFICE, "--request", "no/r.json"), "there is no folder no"),
        ((*PROVE_OFFICE, "--attestation", "none.json"), "Give the file that the operator sent"),
        (("endpoint", "proofs", "--check"), "raabta endpoint proofs --due --check"),
    ],
)
def test_wrong_use_says_what_to_try(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


# --- an address -------------------------------------------------------------------------------------------------------

PROVE_HERE = ("endpoint", "prove", "e-here", "--kind", "acme_http", "--tables", "tables.toml")


def test_an_address_is_proved_by_a_page_at_it(run: Run, world: World) -> None:
    said = shown(run(*PROVE_HERE))
    check = (*PROVE_HERE, "--check", "--port", str(world.port))
    assert run(*check).exit_code == 3
    world.pages[said["url"].removeprefix(f"http://{LOCAL}")] = said["text"]
    assert run(*check).stdout.split("\t")[1] == "proved"


def test_the_answer_of_another_endpoint_is_not_taken(run: Run, world: World) -> None:
    said = shown(run(*PROVE_HERE))
    other = shown(run("endpoint", "prove", "e-office", "--kind", "acme_http"))
    world.pages[said["url"].removeprefix(f"http://{LOCAL}")] = other["text"]
    result = run(*PROVE_HERE, "--check", "--port", str(world.port))
    assert result.exit_code == 3
    assert "the file holds something else" in result.stderr


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("acme_tls_alpn", {"address", "server name", "alpn", "subjectAltName", "1.3.6.1.5.5.7.1.31"}),
        ("reverse_dns", {"name", "type", "text"}),
        ("call_back", {"prefix", "challenge"}),
    ],
)
def test_each_kind_says_what_to_show(run: Run, kind: str, names: set[str]) -> None:
    result = run("endpoint", "prove", "e-office", "--kind", kind)
    assert set(shown(result)) == names
    assert max(map(len, result.stdout.splitlines())) < 140


# --- the operator's word ----------------------------------------------------------------------------------------------


def write_key(file: Path, key: Ed25519PrivateKey = OPERATOR, passphrase: bytes = b"") -> None:
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))


@pytest.mark.parametrize("passphrase", [b"", b"correct horse"])
def test_an_operator_attests_and_the_register_takes_its_word(run: Run, tmp_path: Path, passphrase: bytes) -> None:
    write_key(tmp_path / "operator.pem", passphrase=passphrase)
    assert run(*PROVE_OFFICE, "--request", "request.json").exit_code == 0
    signed = run(
        *("endpoint", "attest", "request.json", "--key", "operator.pem", "--asn", "64501", "--output", "signed.json"),
        given=passphrase.decode() + "\n",
    )
    assert signed.exit_code == 0
    assert "9.1.2.3 is a customer's of yours, in AS64501, for 90 days" in signed.stderr
    kept = run(*PROVE_OFFICE, "--attestation", "signed.json")
    assert (kept.exit_code, kept.stdout.split("\t")[1]) == (0, "proved")


def test_a_strangers_word_is_refused(run: Run, tmp_path: Path) -> None:
    write_key(tmp_path / "stranger.pem", Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    run(*PROVE_OFFICE, "--request", "request.json")
    run("endpoint", "attest", "request.json", "--key", "stranger.pem", "--asn", "64501", "--output", "signed.json")
    result = run(*PROVE_OFFICE, "--attestation", "signed.json")
    assert result.exit_code == 2
    assert "signed.json: it is not signed with this operator's key" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.json", "--key", "k.pem", "--asn", "1"), "none.json"),
        (("tables.toml", "--key", "k.pem", "--asn", "1"), "this is no attestation"),
        (("tables.toml", "--key", "k.pem", "--asn", "1", "--days", "999"), "1 to 366 days"),
    ],
)
def test_an_operator_is_told_what_is_wrong(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run("endpoint", "attest", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_that_is_no_key_is_refused_without_repeating_it(run: Run, tmp_path: Path) -> None:
    run(*PROVE_OFFICE, "--request", "request.json")
    (tmp_path / "k.pem").write_text("secret", encoding="ascii")
    result = run("endpoint", "attest", "request.json", "--key", "k.pem", "--asn", "1")
    assert result.exit_code == 2
    assert "openssl genpkey" in result.stderr
    assert "secret" not in result.stderr


# --- what is due ------------------------------------------------------------------------------------------------------


def prove_now(run: Run, world: World) -> str:
    said = shown(run(*PROVE_DOMAIN))
    world.zone[said["name"], "TXT"] = [text(said["text"])]
    return run(*PROVE_DOMAIN, "--check", *world.options()).stdout.split("\t")[0]


def aged(days: int) -> Callable[[Proof], Proof]:
    def change(proof: Proof) -> Proof:
        at = (proof.proved_at or proof.issued_at) - days * DAY
        older = msgspec.structs.replace(proof, issued_at=at, status="pending")
        return accept(older, now=at, witnesses=proof.witnesses or ("a",), evidence="")

    return change


def test_what_is_due_is_listed_and_renewed_by_looking_again(run: Run, world: World) -> None:
    id_ = prove_now(run, world)
    assert run("endpoint", "proofs", "--due").stdout == ""
    change_proofs(aged(70))
    due = [json.loads(line) for line in run("endpoint", "proofs", "--due").stdout.splitlines()]
    assert [(one["what"], one["proof"]["id"]) for one in due] == [("renew", id_)]

    renewed = run("endpoint", "proofs", "--due", "--check", *world.options())
    assert (renewed.exit_code, renewed.stdout.split("\t")[:2]) == (0, [id_, "shown"])
    assert run("endpoint", "proofs", "--due").stdout == ""


def test_what_is_gone_is_told_and_stays_until_its_end(run: Run, world: World) -> None:
    id_ = prove_now(run, world)
    world.zone.clear()
    change_proofs(aged(70))
    result = run("endpoint", "proofs", "--due", "--check", *world.options())
    assert (result.exit_code, result.stdout.split("\t")[:2]) == (3, [id_, "not shown"])
    listed = json.loads(run("endpoint", "proofs").stdout)
    assert (listed["id"], listed["status"]) == (id_, "proved")


def test_an_expired_proof_is_listed_as_such_whatever_was_stored(run: Run, world: World) -> None:
    prove_now(run, world)
    change_proofs(aged(100))
    assert json.loads(run("endpoint", "proofs", "--organisation", ORGANISATION.id).stdout)["status"] == "expired"
    table = run("endpoint", "proofs", "--due", "--format", "table").stdout.splitlines()
    assert table[1].split()[2] == "expired"
    assert max(map(len, table)) <= 80


def test_only_an_endpoints_proofs_are_listed_where_one_is_named(run: Run) -> None:
    run(*PROVE_DOMAIN)
    run(*PROVE_OFFICE)
    for options in ((), ("--due",)):
        lines = run("endpoint", "proofs", *options, "--endpoint", "e-office").stdout.splitlines()
        assert len(lines) == 1
        assert "e-office" in lines[0]
