from collections.abc import Collection, Iterator, Sequence

import pytest
from msgspec import structs

from raabta.model.exemption import LintFinding, Review
from raabta.model.register import Consent, MemberEndpoint, Organisation, Person
from raabta.pipeline.registering import (
    add_endpoint,
    add_organisation,
    add_person,
    change_organisation,
    end_endpoint,
    give_consent,
    lint_with,
    locate_with,
    withdraw_consent,
)
from raabta.reference.tables import load_tables
from raabta.registry import Records
from tests.registry.specimens import IDENTITY_NUMBER, NOW, endpoint, opened, organisation, person


@pytest.fixture
def records() -> Iterator[Records]:
    with opened() as register, register.change() as records:
        yield records


def no_rules(endpoint: MemberEndpoint, reviewed: Collection[str], names: Collection[str]) -> Sequence[LintFinding]:
    return ()


def one_rule(endpoint: MemberEndpoint, reviewed: Collection[str], names: Collection[str]) -> Sequence[LintFinding]:
    hard = "cloud.shared" not in reviewed
    return [
        LintFinding(
            rule="cloud.shared", hard=hard, subject=endpoint.id, place="prefix", words="A cloud.", advice="Ask."
        )
    ]


def test_an_organisation_goes_in_tidied(records: Records) -> None:
    added = add_organisation(records, organisation(country="PK", domains=("Example.PK",)))
    assert records.get(Organisation, "o-a") == added
    assert (added.country, added.domains) == ("pk", ("example.pk",))


def test_the_same_company_is_not_registered_twice(records: Records) -> None:
    add_organisation(records, organisation(registration_number="0012345"))
    with pytest.raises(ValueError, match="registration_number: registered already as o-a"):
        add_organisation(records, organisation("o-b", registration_number="0012345"))


def test_freelancers_may_be_namesakes(records: Records) -> None:
    for id_ in ("o-a", "o-b"):
        add_organisation(records, organisation(id_, legal_name="Muhammad Ali", legal_form="individual"))
    assert records.count(Organisation) == 2


def test_a_sponsor_must_be_a_member_and_somebody_else(records: Records) -> None:
    for sponsor in ("o-nobody", "o-a"):
        with pytest.raises(ValueError, match="sponsor_id: no organisation has this id"):
            add_organisation(records, organisation(sponsor_id=sponsor))


def test_a_change_is_checked_like_a_new_one_and_dated(records: Records) -> None:
    added = add_organisation(records, organisation())
    with pytest.raises(ValueError, match="country"):
        change_organisation(records, structs.replace(added, country="Pakistan"), now=NOW)
    later = NOW.replace(year=2027)
    assert change_organisation(records, structs.replace(added, sector="software"), now=later).changed_at == later


def test_no_refusal_repeats_an_identity_number(records: Records) -> None:
    with pytest.raises(ValueError, match="legal_name: this looks like") as caught:
        add_organisation(records, organisation(legal_name=IDENTITY_NUMBER))
    assert IDENTITY_NUMBER not in str(caught.value)


def test_a_person_belongs_to_an_organisation_that_is_there(records: Records) -> None:
    with pytest.raises(LookupError, match="o-a: no organisation has this id"):
        add_person(records, person())
    add_organisation(records, organisation())
    assert records.get(Person, add_person(records, person()).id) == person()


def test_a_hard_finding_keeps_an_end_point_out_unless_it_was_reviewed(records: Records) -> None:
    add_organisation(records, organisation())
    with pytest.raises(ValueError, match=r"prefix: A cloud. \[cloud.shared\] Ask."):
        add_endpoint(records, endpoint(), lint=one_rule)
    review = Review(id="v-a", subject="e-a", rules=("cloud.shared",), by="Zainab", reason="ours alone", at=NOW)
    registered = add_endpoint(records, endpoint(), lint=one_rule, review=review)
    assert [finding.hard for finding in registered.findings] == [False]
    assert list(records.find(Review)) == [review]
    changed = structs.replace(endpoint(), site="Lahore")
    assert add_endpoint(records, changed, lint=one_rule, is_new=False).endpoint == changed


def test_the_same_end_point_is_not_registered_twice(records: Records) -> None:
    add_organisation(records, organisation())
    add_endpoint(records, endpoint(), lint=no_rules)
    with pytest.raises(ValueError, match="registered already as e-a"):
        add_endpoint(records, endpoint("e-b"), lint=no_rules)
    add_endpoint(records, endpoint("e-b", port=1194), lint=no_rules)


def test_a_review_holds_no_identity_number(records: Records) -> None:
    add_organisation(records, organisation())
    review = Review(id="v-a", subject="e-a", rules=("x",), by="Z", reason=f"card {IDENTITY_NUMBER}", at=NOW)
    with pytest.raises(ValueError, match="review: this looks like"):
        add_endpoint(records, endpoint(), lint=no_rules, review=review)


def test_a_consent_names_a_recipient_by_its_id(records: Records) -> None:
    add_organisation(records, organisation())
    given = Consent(id="n-a", organisation_id="o-a", purpose="contact", recipient=IDENTITY_NUMBER, given_at=NOW)
    with pytest.raises(ValueError, match="recipient: the id of a recipient"):
        give_consent(records, given)


def test_names_of_people_are_given_to_the_rules(records: Records) -> None:
    add_organisation(records, organisation())
    add_person(records, person(name="Zainab Khan"))
    told: list[Collection[str]] = []

    def listen(given: MemberEndpoint, reviewed: Collection[str], names: Collection[str]) -> Sequence[LintFinding]:
        told.append(names)
        return ()

    add_endpoint(records, endpoint(), lint=listen)
    assert told == [["Zainab Khan"]]


@pytest.mark.parametrize("prefix", ["0.0.0.0/0", "104.16.0.1/32", "10.0.0.1/32", "8.8.8.8/32"])
def test_the_packages_rules_refuse_everything_cdn_bogon_and_public_dns(records: Records, prefix: str) -> None:
    add_organisation(records, organisation())
    tables = load_tables()
    located = locate_with(tables)(endpoint(prefix=prefix, asn=0))
    with pytest.raises(ValueError, match=r"prefix|asn"):
        add_endpoint(records, located, lint=lint_with(tables, now=NOW))
    assert records.count(MemberEndpoint) == 0


def test_the_network_of_an_address_is_filled_in_where_nobody_said() -> None:
    locate = locate_with(load_tables())
    assert locate(endpoint(prefix="1.1.1.1/32", asn=0)).asn == 13335
    assert locate(endpoint(prefix="1.1.1.1/32", asn=64500)).asn == 64500
    assert locate(endpoint(prefix="", addressing="mobile", asn=0)).asn == 0


def test_an_end_point_ends_now_and_once(records: Records) -> None:
    add_organisation(records, organisation())
    add_endpoint(records, endpoint(), lint=no_rules)
    later = NOW.replace(month=12)
    assert end_endpoint(records, "e-a", now=later).valid_until == later
    with pytest.raises(ValueError, match="ended already"):
        end_endpoint(records, "e-a", now=later)


def test_consent_is_given_once_withdrawn_once_and_given_again(records: Records) -> None:
    add_organisation(records, organisation())
    first = Consent(id="n-a", organisation_id="o-a", purpose="exemption_list", recipient="op", given_at=NOW)
    assert give_consent(records, first) == first
    assert give_consent(records, structs.replace(first, id="n-b")) == first
    assert withdraw_consent(records, "n-a", now=NOW).withdrawn_at == NOW
    with pytest.raises(ValueError, match="withdrawn already"):
        withdraw_consent(records, "n-a", now=NOW)
    assert give_consent(records, structs.replace(first, id="n-b")).id == "n-b"
