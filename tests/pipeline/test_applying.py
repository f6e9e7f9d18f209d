"""From the register to an application: with consent, complete, and with what is asked for only."""

import datetime as dt
from collections.abc import Iterator
from itertools import count

import msgspec
import pytest

from raabta.model.register import Consent, Document
from raabta.pipeline.applying import assemble_application, take_step
from raabta.registry import Register, RegisterKey, open_register
from raabta.registry.country import load_country
from tests.cases.membership import NOW, case, company, endpoint, focal_person, freelancer

PK = load_country("PK")
PAPERS = tuple(Document(kind=kind, seen_at=NOW, seen_by="officer-1") for kind in ("identity", "incorporation"))
AGREED = Consent(id="n-1", organisation_id="o-saffron", purpose="application", recipient="pta", given_at=NOW)
LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def register() -> Iterator[Register]:
    numbers = count()
    key = RegisterKey(seal=bytes(32), identity=bytes(32))
    with open_register("sqlite://", key=key, now=lambda: NOW, new_id=lambda kind: f"{kind}-{next(numbers)}") as found:
        yield found


def fill(register: Register, *others: object) -> None:
    with register.change() as records:
        for record in (company(), focal_person(), endpoint(), *others):
            records.add(record)  # type: ignore[arg-type]


def assemble(register: Register, case_id: str = "c-1"):  # type: ignore[no-untyped-def]
    with register.look() as records:
        return assemble_application(records, case_id, country=PK, now=NOW)


def test_a_complete_case_becomes_an_application(register: Register) -> None:
    fill(register, AGREED, case(documents=PAPERS))
    found = assemble(register)
    assert (found.title, found.legal_name, found.focal_name) == (
        "VPN of a company",
        "Saffron Systems (Private) Limited",
        "Ayesha Ahmed",
    )
    assert [(row.address, row.remote, row.tunnel) for row in found.endpoints] == [
        ("203.0.113.7/32", "198.51.100.7/32 port 51820", "wireguard udp")
    ]


def test_what_the_type_does_not_ask_for_is_left_out(register: Register) -> None:
    fill(register, AGREED, case(documents=PAPERS))
    with register.change() as records:
        records.put(company(board_number="Z-17"))
    assert assemble(register).board_number == ""


def test_a_freelancer_s_sponsor_is_named(register: Register) -> None:
    papers = (PAPERS[0], Document(kind="sponsor_voucher", seen_at=NOW, seen_by="officer-1"))
    fill(
        register,
        freelancer(sponsor_id="o-saffron"),
        focal_person(id="p-2", organisation_id="o-bilal", name="Bilal"),
        endpoint(id="e-2", organisation_id="o-bilal"),
        Consent(id="n-2", organisation_id="o-bilal", purpose="application", recipient="pta", given_at=NOW),
        case("pk.B", organisation_id="o-bilal", endpoint_ids=("e-2",), documents=papers),
    )
    assert assemble(register).sponsor == "Saffron Systems (Private) Limited"


@pytest.mark.parametrize("consent", [None, "withdrawn", "elsewhere"])
def test_nothing_leaves_without_consent_for_this_recipient(register: Register, consent: str | None) -> None:
    fill(register, case(documents=PAPERS))
    with register.change() as records:
        if consent == "withdrawn":
            records.add(msgspec.structs.replace(AGREED, withdrawn_at=NOW))
        if consent == "elsewhere":
            records.add(msgspec.structs.replace(AGREED, recipient="north"))
    with pytest.raises(ValueError, match="has not agreed that this goes to pta"):
        assemble(register)


def test_what_is_missing_is_told(register: Register) -> None:
    fill(register, AGREED, case(documents=PAPERS[:1]))
    with pytest.raises(ValueError, match="c-1 is not complete: a paper was not seen"):
        assemble(register)


def test_a_case_that_is_not_there_is_told(register: Register) -> None:
    with pytest.raises(LookupError, match=r"there is no case c-9\. Try: raabta case list"):
        assemble(register, "c-9")


def test_an_application_goes_its_whole_way_and_is_kept(register: Register) -> None:
    fill(register, AGREED, case(documents=PAPERS))
    for hours, status in enumerate(("evidence", "verified", "submitted", "approved"), start=1):
        with register.change() as records:
            take_step(
                records,
                "c-1",
                status=status,
                by_and_reason=("officer-1", ""),
                answer=("PTA-17", LATER.date()),
                now=NOW + dt.timedelta(hours=hours),
            )
    with register.look() as records:
        kept = records.get(type(case()), "c-1")
    assert kept is not None
    assert (kept.status, kept.reference, kept.valid_until, len(kept.steps)) == ("approved", "PTA-17", LATER.date(), 5)


def test_a_step_that_is_refused_changes_nothing(register: Register) -> None:
    fill(register, case(documents=PAPERS))
    with pytest.raises(ValueError, match="not to approved"), register.change() as records:
        take_step(records, "c-1", status="approved", by_and_reason=("", ""), answer=("PTA-17", None), now=NOW)
    with register.look() as records:
        assert records.get(type(case()), "c-1") == case(documents=PAPERS)
