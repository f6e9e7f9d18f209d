import datetime as dt
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.model.register import MemberEndpoint, Organisation
from raabta.registry.tabular import Row, RowFault, read_field, read_record, read_table, write_table
from raabta.registry.wellformed import tidy_endpoint
from tests.registry.specimens import DEVICE_KEY, IDENTITY_NUMBER, NOW, endpoint, organisation

COLUMNS = ("name", "port", "note")


def read(text: str | bytes, required: Iterable[str] = ("name",)) -> list[Row | RowFault]:
    raw = text.encode() if isinstance(text, str) else text
    return list(read_table(raw.splitlines(keepends=True), columns=COLUMNS, required=tuple(required)))


def faults(text: str | bytes) -> list[str]:
    return [str(found) for found in read(text) if isinstance(found, RowFault)]


def names(text: str | bytes) -> list[str]:
    return [found.texts["name"] for found in read(text) if isinstance(found, Row)]


def test_a_fault_names_line_column_and_field() -> None:
    (row,) = read("note,name,port\nx,a,b\n")
    assert isinstance(row, Row)
    assert str(row.fault("port", "a whole number.")) == "line 2, column 3 (port): a whole number."
    assert str(row.fault("site", "missing.")) == "line 2: site: missing."


def test_a_quote_that_is_never_closed_spoils_its_own_line_only() -> None:
    table = 'name,note\na,"open\nb,fine\nc,"x"y\nd,"a ""word"""\n'
    assert names(table) == ["b", "d"]
    assert faults(table) == [
        'line 2: a quote (") is not closed in this line. Double quotes that are text: "".',
        'line 4: a quote (") is not closed in this line. Double quotes that are text: "".',
    ]


def test_too_many_or_too_few_fields_are_told_and_the_rest_is_read() -> None:
    table = "name,note\na,b,c\nd\ne,f\n"
    assert names(table) == ["e"]
    assert [line.partition(".")[0] for line in faults(table)] == [
        "line 2: 3 fields, but the head names 2",
        "line 3: 1 fields, but the head names 2",
    ]


def test_bytes_that_are_not_utf8_are_placed() -> None:
    assert faults(b"name,note\na,caf\xe9\n") == ["line 2, column 2 (note): not UTF-8. Save the table as CSV in UTF-8."]


def test_tables_as_spreadsheets_write_them_are_read() -> None:
    assert names(b"\xef\xbb\xbfName;Port\r\n a ;1\r\n;;\r\n\r\nb;2\r\n") == ["a", "b"]


def test_an_endless_line_is_refused() -> None:
    assert faults("name\n" + "x" * 30_000 + "\n") == ["line 2: longer than 20,000 bytes. Is a line break missing?"]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("name,prt", "line 1, column 2: no such column. Columns are name, port, note."),
        ("port", "line 1: the column name is missing."),
        ("name,port,name", "line 1, column 3: a column of this name stands before it."),
        ("", "line 1: the column name is missing."),
        (f"name,{IDENTITY_NUMBER}", "line 1, column 2: no such column."),
    ],
)
def test_a_head_that_is_not_understood_refuses_the_table(head: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read(f"{head}\n1,2,3\n")
    assert IDENTITY_NUMBER not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "51820", 51820),
        ("port", "", 0),
        ("cgnat", "Yes", True),
        ("cgnat", "0", False),
        ("direction", "MEMBER_SOURCE", "member_source"),
        ("device_keys", "a  b", ("a", "b")),
        ("valid_from", "2026-11-23", dt.datetime(2026, 11, 23, tzinfo=dt.UTC)),
        ("valid_from", "2026-11-23T10:00:00+05:00", dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)),
        ("valid_from", "2026-11-23T10:00Z", dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)),
    ],
)
def test_texts_become_fields(name: str, text: str, value: object) -> None:
    assert read_field(MemberEndpoint, name, text=text) == value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("port", "a whole number."),
        ("cgnat", "one of yes, no."),
        ("direction", "one of member_source, remote_gateway, inbound_service."),
        ("valid_from", "a day as 2026-11-23"),
    ],
)
def test_a_text_that_is_none_is_told_and_not_repeated(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_field(MemberEndpoint, name, text=IDENTITY_NUMBER)
    assert IDENTITY_NUMBER not in str(caught.value)


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a day as"):
        read_field(MemberEndpoint, "valid_from", text="2026-11-23T10:00:00")


def test_every_complaint_of_a_row_is_given_at_once() -> None:
    record, complaints = read_record(Organisation, {"legal_form": "gang", "country": ""}, given={"id": "o-a"})
    assert record is None
    assert set(complaints) == {"legal_name", "legal_form", "country", "created_at", "changed_at"}


SPECIMENS = (
    organisation(domains=("a.pk", "b.pk"), legal_name='A, "B" & Söhne', registration_checked_on=dt.date(2026, 1, 2)),
    endpoint(device_keys=(DEVICE_KEY,), cgnat=True, valid_from=NOW),
)


@pytest.mark.parametrize("record", SPECIMENS, ids=["organisation", "end-point"])
def test_what_is_written_reads_back_the_same(record: Organisation | MemberEndpoint) -> None:
    columns = record.__struct_fields__
    written = "".join(write_table(columns, [record])).encode().splitlines(keepends=True)
    (row,) = read_table(written, columns=columns, required=())
    assert isinstance(row, Row)
    assert read_record(type(record), row.texts, given={}) == (record, {})


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail_but_by_its_own_words(raw: bytes) -> None:
    lines = b"name,port\n" + raw
    for found in read_table(lines.splitlines(keepends=True), columns=COLUMNS, required=()):
        assert isinstance(found, Row | RowFault)


@given(st.text(max_size=60))
def test_no_text_makes_an_end_point_that_breaks_tidying(text: str) -> None:
    tidied, complaints = tidy_endpoint(endpoint(prefix=text, remote=text, purpose=text, device_keys=(text,)))
    again, _ = tidy_endpoint(tidied)
    assert again == tidied or complaints
