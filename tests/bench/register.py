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
from raabta.model.register import (
    Case,
    CaseStatus,
    CaseStep,
    Consent,
    Document,
    MemberEndpoint,
    Organisation,
    Person,
    Proof,
)
from raabta.registry import Register

N_ORGANISATIONS: Final = 1700
N_ENDPOINTS_EACH: Final = 20
COMMAND_LIMIT_S: Final = 1.0
EXPORT_LIMIT_S: Final = 10.0
LIST_LIMIT_S: Final = 3.0
"""Making a list of all end points, and lint of one: a small part of what compiling 100,000 may take with signing."""
FORM_LIMIT_S: Final = 1.5
"""A form as PDF: its library alone takes 0.4 s to import."""
NO_LIMIT_S: Final = float("inf")
N_TRIES: Final = 3
NO_BYTE_CODE: Final = "PYTHONDONTWRITEBYTECODE"
NOW: Final = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
"""When everything was entered: what is proved is in force for the commands, which look at the clock."""
RUN: Final = "from raabta.cli import main; main()"
"""As ``raabta`` runs them."""


class Timed(NamedTuple):
    """A command, how long it took, how much of that its processor worked, and its limit."""

    command: str
    took_s: float
    busy_s: float
    limit_s: float


def fill(register: Register) -> None:
    """Fill a register: each organisation with a person, consents, a case, and end points of which half are proved.

    Every tenth case waits for its answer; the others are approved, so that their proved end points come into the list.
    """
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
            Consent(
                id=f"n-{number + N_ORGANISATIONS:016}",
                organisation_id=f"o-{number:016}",
                purpose="application",
                recipient="pta",
                given_at=NOW,
            )
            for number in numbers
        )
        records.add_all(map(_case, numbers))
        ends = list(_endpoints())
        records.add_all(ends)
        records.add_all(_proof(end) for end in ends[::2])


def time_all(register: str, *, imports: bool = False) -> Iterator[Timed]:
    """Time every command of the register and those that make lists; where asked, also taking all of it in again."""
    org, end = f"o-{7:016}", f"e-{77:016}"
    rest = "--direction member_source --remote 217.6.1.1 --port 51820 --protocol wireguard --prefix 39.50"
    company = "--legal-form private_limited --country pk --legal-name"
    for command in READS:
        yield _timed(register, [command.format(org=org, end=end, case=f"c-{7:016}")] * N_TRIES, codes=(0, 3))
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
    yield _timed(register, [f"case new {org} pk.A --endpoint e-{147:016}"] * N_TRIES)
    yield _timed(register, [f"case paper c-{number:016} fee_receipt --by x" for number in (40, 50, 60)])
    yield _timed(register, [f"case step c-{number:016} operator_check --by x" for number in (40, 50, 60)])
    yield _timed(register, [f"org prove {org} company7.pk"] * N_TRIES)
    yield _timed(register, [f"endpoint prove {end} --kind reverse_dns"] * N_TRIES)
    with tempfile.TemporaryDirectory() as folder:
        yield _timed(register, [f"case application c-{7:016} -o {folder}/form"] * N_TRIES, limit_s=FORM_LIMIT_S)
        yield _timed(register, [f"list compile ptcl -o {folder}/ptcl.json"] * N_TRIES, limit_s=LIST_LIMIT_S)
        yield _timed(register, [f"list lint {folder}/ptcl.json"] * N_TRIES, limit_s=LIST_LIMIT_S)
        for what in ("org export", "org export --people", "endpoint export", "endpoint export -f jsonl", *MORE_EXPORTS):
            yield _timed(register, [f"{what} -o {folder}/{what.replace(' ', '')}"], limit_s=EXPORT_LIMIT_S)
        if imports:
            yield _timed(register, [f"org import {folder}/orgexport"], limit_s=NO_LIMIT_S, codes=(0, 3))
            yield _timed(register, [f"endpoint import {folder}/endpointexport"], limit_s=NO_LIMIT_S, codes=(0, 3))
            yield _timed(register, [f"case import {folder}/caseexport"], limit_s=NO_LIMIT_S, codes=(0, 3))


READS: Final = (
    "org list",
    "org list --format table --limit 1000",
    "org list --name 'Company 1699'",
    "org show {org}",
    "org consent list {org}",
    "endpoint list",
    "endpoint list --org {org} --format table",
    "endpoint show {end}",
    "endpoint proofs",
    "endpoint proofs --due",
    "case list",
    "case list --status submitted --format table",
    "case show {case}",
    "case due",
    "case waiting",
    "case way {org}",
    "case types",
    "lease list",
    "lease grant list",
)
MORE_EXPORTS: Final = ("case export", "case export -f jsonl", "lease export", "lease export --grants")


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


def _case(number: int) -> Case:
    way: tuple[CaseStatus, ...] = ("draft", "evidence", "verified", "submitted", "approved")
    steps = tuple(CaseStep(status=status, at=NOW, by="officer-1") for status in way[: 4 if number % 10 == 0 else 5])
    first = number * N_ENDPOINTS_EACH
    return Case(
        id=f"c-{number:016}",
        organisation_id=f"o-{number:016}",
        endpoint_ids=tuple(f"e-{place:016}" for place in range(first, first + N_ENDPOINTS_EACH)),
        kind="pk.A",
        status=steps[-1].status,
        reference="" if number % 10 == 0 else f"PTA-{number}",
        documents=tuple(
            Document(kind=kind, seen_at=NOW, seen_by="officer-1") for kind in ("identity", "incorporation")
        ),
        steps=steps,
        created_at=NOW,
        changed_at=NOW,
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
