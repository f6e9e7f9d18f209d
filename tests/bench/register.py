"""How long commands over a register take that holds a whole association: 1,700 organisations with 20 end points each.

    python -m tests.bench.register FOLDER|URL       fill it where it is empty, then time every command

Wall time of a whole process, tried again up to twice while over its limit: 1 s a command, 10 s an export of all.
Byte code is written, as it is wherever Python was not told otherwise: without it SQLAlchemy alone takes half a second.
"""

import datetime as dt
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from raabta.cli.register.opening import PLACE, opened
from raabta.model.exemption import Recipient
from raabta.model.register import Case, Consent, MemberEndpoint, Organisation, Person, Proof
from raabta.registry import Register

N_ORGANISATIONS: Final = 1700
N_ENDPOINTS_EACH: Final = 20
COMMAND_LIMIT_S: Final = 1.0
EXPORT_LIMIT_S: Final = 10.0
NO_LIMIT_S: Final = float("inf")
N_TRIES: Final = 3
NO_BYTE_CODE: Final = "PYTHONDONTWRITEBYTECODE"
NOW: Final = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
RUN: Final = (
    "import typer; from raabta.cli.register import org, endpoint; app = typer.Typer(); "
    "app.add_typer(org, name='org'); app.add_typer(endpoint, name='endpoint'); app()"
)
"""As ``raabta`` runs them."""


class Timed(NamedTuple):
    """A command, how long it took, how much of that its processor worked, and its limit."""

    command: str
    took_s: float
    busy_s: float
    limit_s: float


def fill(register: Register) -> None:
    """Fill a register: each organisation with a person, consents, a case, and end points of which half are proved."""
    numbers = range(N_ORGANISATIONS)
    with register.change() as records:
        records.add(Recipient(id="ptcl", name="PTCL", asns=(17557,), reference_key="00" * 16))
        records.add_all(_organisation(number) for number in numbers)
        records.add_all(_person(number) for number in numbers)
        records.add_all(
            Consent(
                id=f"n-{number:016}",
                organisation_id=f"o-{number:016}",
                purpose="exemption_list",
                recipient="ptcl",
                given_at=NOW,
            )
            for number in numbers
        )
        records.add_all(
            Case(id=f"c-{number:016}", organisation_id=f"o-{number:016}", kind="pk.A", created_at=NOW, changed_at=NOW)
            for number in numbers
        )
        ends = list(_endpoints())
        records.add_all(ends)
        records.add_all(_proof(end) for end in ends[::2])


def time_all(register: str, *, imports: bool = False) -> Iterator[Timed]:
    """Time every command of ``raabta org`` and ``raabta endpoint``; where asked, also taking all of it in again."""
    org, end = f"o-{7:016}", f"e-{77:016}"
    rest = "--direction member_source --remote 217.6.1.1 --port 51820 --protocol wireguard --prefix 39.50"
    company = "--legal-form private_limited --country pk --legal-name"
    for command in READS:
        yield _timed(register, [command.format(org=org, end=end)] * N_TRIES)
    yield _timed(register, [f"org add {company} New{number}" for number in range(N_TRIES)])
    yield _timed(register, [f"org change {org} --sector s{number}" for number in range(N_TRIES)])
    yield _timed(register, [f"org person add {org} --name Person{number}" for number in range(N_TRIES)])
    yield _timed(register, [f"org consent give {org} contact op{number}" for number in range(N_TRIES)])
    yield _timed(register, [f"org consent withdraw n-{number:016}" for number in range(N_TRIES)])
    yield _timed(register, [f"endpoint add {org} {rest}.1.{number}" for number in range(1, 1 + N_TRIES)])
    yield _timed(register, [f"endpoint change {end} --site s{number}" for number in range(N_TRIES)])
    yield _timed(register, [f"endpoint end e-{number:016}" for number in range(100, 100 + N_TRIES)])
    yield _timed(register, [f"org person delete p-{number:016} --yes" for number in range(20, 20 + N_TRIES)])
    yield _timed(register, [f"org delete o-{number:016} --yes" for number in range(30, 30 + N_TRIES)])
    with tempfile.TemporaryDirectory() as folder:
        for what in ("org export", "org export --people", "endpoint export", "endpoint export -f jsonl"):
            yield _timed(register, [f"{what} -o {folder}/{what.replace(' ', '')}"], limit_s=EXPORT_LIMIT_S)
        if imports:
            yield _timed(register, [f"org import {folder}/orgexport"], limit_s=NO_LIMIT_S, codes=(0, 3))
            yield _timed(register, [f"endpoint import {folder}/endpointexport"], limit_s=NO_LIMIT_S, codes=(0, 3))


READS: Final = (
    "org list",
    "org list --format table --limit 1000",
    "org list --name 'Company 1699'",
    "org show {org}",
    "org consent list {org}",
    "endpoint list",
    "endpoint list --org {org} --format table",
    "endpoint show {end}",
)


def _timed(
    register: str, commands: list[str], *, limit_s: float = COMMAND_LIMIT_S, codes: tuple[int, ...] = (0,)
) -> Timed:
    took: list[tuple[float, float]] = []
    for command in commands:
        began_s, began_busy_s = time.perf_counter(), _busy_s()
        done = subprocess.run(
            [sys.executable, "-c", RUN, *shlex.split(command)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={name: value for name, value in os.environ.items() if name != NO_BYTE_CODE} | {PLACE: register},
        )
        took.append((time.perf_counter() - began_s, _busy_s() - began_busy_s))
        assert done.returncode in codes, f"{command}: {done.stderr}"
        if took[-1][0] <= limit_s:
            break
    return Timed(commands[0], *min(took), limit_s)


def _busy_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _organisation(number: int) -> Organisation:
    return Organisation(
        id=f"o-{number:016}",
        legal_name=f"Company {number} (Private) Limited",
        legal_form="private_limited",
        sector="software",
        country="pk",
        registration_number=f"{number:07}",
        tax_number=f"{number:07}-1",
        domains=(f"company{number}.pk", f"www.company{number}.pk"),
        created_at=NOW,
        changed_at=NOW,
    )


def _person(number: int) -> Person:
    return Person(
        id=f"p-{number:016}",
        organisation_id=f"o-{number:016}",
        name=f"Person of company {number}",
        email=f"p@company{number}.pk",
        phone="+92 300 1234567",
        identity_kind="national_identity_card",
        identity_hash=f"{number:040x}",
        identity_seen_at=NOW,
        identity_seen_by="Desk",
        created_at=NOW,
    )


def _endpoints() -> Iterator[MemberEndpoint]:
    for number in range(N_ORGANISATIONS * N_ENDPOINTS_EACH):
        yield MemberEndpoint(
            id=f"e-{number:016}",
            organisation_id=f"o-{number // N_ENDPOINTS_EACH:016}",
            direction="member_source",
            prefix=f"39.{40 + (number >> 16)}.{number >> 8 & 255}.{number & 255}/32",
            asn=17557,
            operator="ptcl",
            site="Lahore",
            protocol="wireguard",
            remote="217.6.1.1/32",
            port=51820,
            purpose="tunnel to a customer",
            valid_from=NOW,
            valid_until=NOW + dt.timedelta(days=365),
            created_at=NOW,
        )


def _proof(end: MemberEndpoint) -> Proof:
    return Proof(
        id=f"f{end.id[1:]}",
        organisation_id=end.organisation_id,
        endpoint_id=end.id,
        kind="reverse_dns",
        subject=end.prefix,
        challenge="x" * 43,
        status="proved",
        issued_at=NOW,
        proved_at=NOW,
        expires_at=NOW + dt.timedelta(days=60),
        witnesses=("9.9.9.9", "1.1.1.1"),
    )


def main() -> int:
    """Time the register that is named on the command line."""
    place = sys.argv[1]
    if "://" not in place:
        place = str(Path(place).resolve())
    os.environ[PLACE] = place
    with opened(None) as register:
        with register.look() as records:
            is_empty = records.count(Organisation) == 0
        if is_empty:
            began_s = time.perf_counter()
            fill(register)
            print(f"filled in {time.perf_counter() - began_s:.1f} s")
    n_slow = 0
    for timed in time_all(place, imports=True):
        n_slow += timed.took_s > timed.limit_s
        words = f"{timed.took_s:5.2f} s, {timed.busy_s:5.2f} s of processor, at most {timed.limit_s:g} s"
        print(f"{words}: raabta {timed.command}", flush=True)
    return n_slow


if __name__ == "__main__":
    sys.exit(main())
