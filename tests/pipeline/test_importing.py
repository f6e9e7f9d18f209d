import datetime as dt
from collections.abc import Collection, Iterator, Sequence

import pytest

from raabta.model.exemption import LintFinding
from raabta.model.register import MemberEndpoint, Organisation, Person
from raabta.pipeline.importing import (
    ENDPOINT_COLUMNS,
    ORGANISATION_COLUMNS,
    Imported,
    Maker,
    import_endpoints,
    import_organisations,
)
from raabta.registry import Records
from raabta.registry.tabular import write_table
from tests.registry.specimens import IDENTITY_NUMBER, KEY, NOW, endpoint, ids, opened, organisation


@pytest.fixture
def records() -> Iterator[Records]:
    with opened() as register, register.change() as records:
        yield records


def lint(endpoint: MemberEndpoint, reviewed: Collection[str], names: Collection[str]) -> Sequence[LintFinding]:
    hard = endpoint.prefix.startswith("10.")
    found = LintFinding(rule="x.y", hard=hard, subject=endpoint.id, place="prefix", words="Private.", advice="Other.")
    return [found] if hard or endpoint.site == "soft" else []


MAKER = Maker(now=NOW, new_id=ids(), key=KEY, lint=lint)


def organisations(records: Records, text: str) -> Imported:
    return import_organisations(records, text.encode().splitlines(keepends=True), maker=MAKER)


def endpoints(records: Records, text: str) -> Imported:
    return import_endpoints(records, text.encode().splitlines(keepends=True), maker=MAKER)


def told(imported: Imported) -> list[str]:
    return [str(fault) for fault in imported.faults]


def test_good_rows_go_in_and_bad_ones_are_told_with_line_column_and_field(records: Records) -> None:
    imported = organisations(
        records, "legal_name,legal_form,country\nOne Ltd,bank,pk\nTwo Ltd,gang,pk\nThree Ltd,bank,Pakistan\n"
    )
    assert [found.legal_name for found in records.find(Organisation)] == ["One Ltd"]
    assert len(imported.ids) == 1
    assert [line.partition(": ")[0] for line in told(imported)] == [
        "line 3, column 2 (legal_form)",
        "line 4, column 3 (country)",
    ]


def test_the_same_company_twice_in_a_table_goes_in_once(records: Records) -> None:
    head = "legal_name,legal_form,country,registration_number\n"
    imported = organisations(records, f"{head}One Ltd,bank,pk,77\nAnother,bank,pk,77\n")
    (words,) = told(imported)
    assert words.startswith("line 3, column 4 (registration_number): registered in a line before.")
    again = organisations(records, f"{head}One Ltd,bank,pk,77\n")
    assert "registered already, as o-" in told(again)[0]


def test_an_export_goes_back_in_and_changes_nothing(records: Records) -> None:
    given = [organisation(domains=("a.pk",)), organisation("o-b", registration_checked_on=dt.date(2026, 1, 2))]
    records.add_all(given)
    records.add(endpoint(site="Lahore"))
    for columns, kind, take in (
        (ORGANISATION_COLUMNS, Organisation, organisations),
        (ENDPOINT_COLUMNS, MemberEndpoint, endpoints),
    ):
        before = list(records.find(kind))
        imported = take(records, "".join(write_table(columns, before)))
        assert (imported.faults, imported.n_changed) == ((), len(before))
        assert list(records.find(kind)) == before


def test_an_export_goes_into_an_empty_register_with_its_ids(records: Records) -> None:
    table = "".join(write_table(ORGANISATION_COLUMNS, [organisation("o-x")]))
    assert organisations(records, table).ids == ("o-x",)


def test_columns_that_a_table_lacks_keep_what_was_there(records: Records) -> None:
    records.add(organisation(sector="software"))
    organisations(records, "id,legal_name,legal_form,country\no-a,New Ltd,bank,pk\n")
    found = records.get(Organisation, "o-a")
    assert found is not None
    assert (found.legal_name, found.sector) == ("New Ltd", "software")


IDENTITY_HEAD = "legal_name,legal_form,country,person_name,identity_kind,identity_number,identity_seen_by\n"


def test_an_identity_number_is_hashed_at_once(records: Records) -> None:
    imported = organisations(records, f"{IDENTITY_HEAD}One,bank,pk,Zainab,cnic,{IDENTITY_NUMBER},Desk\n")
    assert imported.faults == ()
    (found,) = records.find(Person)
    assert found.identity_hash == KEY.identity_hash("cnic", IDENTITY_NUMBER)
    assert (found.identity_seen_at, found.identity_seen_by) == (NOW, "Desk")


@pytest.mark.parametrize(
    "row",
    [
        f"One,gang,pk,Zainab,cnic,{IDENTITY_NUMBER},Desk",
        f"One,bank,pk,{IDENTITY_NUMBER},cnic,{IDENTITY_NUMBER},Desk",
        f"One,bank,pk,Zainab,{IDENTITY_NUMBER},{IDENTITY_NUMBER},Desk",
        f"One,bank,pk,Zainab,cnic,{IDENTITY_NUMBER},",
        f"One,bank,pk,Zainab,,{IDENTITY_NUMBER},Desk",
        f"{IDENTITY_NUMBER},bank,pk,,,,",
        f"One,{IDENTITY_NUMBER},pk,,,,",
        f"One,bank,{IDENTITY_NUMBER},,,,",
        f"One,bank,pk,Zainab,cnic,{IDENTITY_NUMBER}",
        f'One,bank,pk,Zainab,cnic,"{IDENTITY_NUMBER},Desk',
    ],
)
def test_a_bad_row_never_repeats_an_identity_number(records: Records, row: str) -> None:
    imported = organisations(records, f"{IDENTITY_HEAD}{row}\n")
    assert len(imported.faults) >= 1
    assert IDENTITY_NUMBER not in str(told(imported))
    assert records.count(Organisation) == 0


def test_a_person_that_comes_again_is_renewed_and_keeps_the_paper(records: Records) -> None:
    records.add(organisation())
    head = f"id,person_email,{IDENTITY_HEAD}"
    organisations(records, f"{head}o-a,,Company o-a,bank,pk,Zainab,cnic,{IDENTITY_NUMBER},Desk\n")
    organisations(records, f"{head}o-a,z@example.pk,Company o-a,bank,pk,Zainab,,,\n")
    (found,) = records.find(Person)
    assert found.email == "z@example.pk"
    assert found.identity_hash == KEY.identity_hash("cnic", IDENTITY_NUMBER)


def test_end_points_are_linted_and_tidied_on_their_way_in(records: Records) -> None:
    records.add(organisation())
    imported = endpoints(
        records,
        "organisation_id,direction,prefix,site,asn\n"
        "o-a,member_source,39.40.1.1,,1\n"
        "o-a,member_source,10.0.0.1,,1\n"
        "o-a,member_source,39.40.1.2,soft,1\n"
        "o-b,member_source,39.40.1.3,,1\n"
        "o-a,member_source,39.40.1.1,,1\n"
        "o-a,member_source,,,1\n"
        "o-a,member_source,39.40.1.4,,many\n",
    )
    assert [found.prefix for found in records.find(MemberEndpoint)] == ["39.40.1.1/32", "39.40.1.2/32"]
    assert [line.partition(":")[0] for line in told(imported)] == [
        "line 3, column 3 (prefix)",
        "line 5, column 1 (organisation_id)",
        "line 6, column 3 (prefix)",
        "line 7, column 3 (prefix)",
        "line 8, column 5 (asn)",
    ]
    assert [str(warning).partition(": an application")[0] for warning in imported.warnings] == [
        "line 4, column 3 (prefix): Private. [x.y]",
        "line 2: purpose",
        "line 4: purpose",
    ]


def test_a_paper_that_another_person_showed_is_told_without_its_number(records: Records) -> None:
    rows = (f"{name},bank,pk,Person of {name},cnic,{IDENTITY_NUMBER},Desk\n" for name in ("One", "Two"))
    imported = organisations(records, f"{IDENTITY_HEAD}{''.join(rows)}")
    first = next(one.id for one in records.find(Person) if one.name == "Person of One")
    (told_of,) = map(str, imported.warnings)
    assert told_of.startswith(f"line 3, column 6 (identity_number): this paper was seen before, for {first}.")
    assert IDENTITY_NUMBER not in told_of


def test_a_number_of_a_paper_that_was_broken_off_is_refused(records: Records) -> None:
    (words,) = told(organisations(records, f"{IDENTITY_HEAD}One,bank,pk,Zainab,cnic,3520,Desk\n"))
    assert "fewer than 5" in words
    assert "3520" not in words


def test_an_end_point_lasts_a_year_from_its_beginning_where_nothing_is_said(records: Records) -> None:
    records.add(organisation())
    endpoints(records, "organisation_id,direction,prefix,valid_from\no-a,member_source,39.40.1.1,2026-12-01\n")
    (found,) = records.find(MemberEndpoint)
    assert (found.valid_from.date(), found.valid_until.date()) == (dt.date(2026, 12, 1), dt.date(2027, 12, 1))


def test_nobody_takes_over_anothers_end_point_by_its_id(records: Records) -> None:
    records.add_all([organisation(), organisation("o-b")])
    records.add(endpoint())
    imported = endpoints(records, "id,organisation_id,direction,prefix\ne-a,o-b,member_source,39.40.9.9\n")
    assert told(imported) == [
        "line 2, column 1 (id): this end point is another organisation's. Leave the id empty for a new one."
    ]


@pytest.mark.parametrize("id_", ["35202-1234567-1", "../x", "o-A", "o-" + "x" * 99])
def test_an_id_of_another_form_is_refused_without_being_repeated(records: Records, id_: str) -> None:
    imported = organisations(records, f"id,legal_name,legal_form,country\n{id_},One,bank,pk\n")
    assert told(imported) == ["line 2, column 1 (id): leave it empty for a new one; else as o-abcdefghij234567."]
