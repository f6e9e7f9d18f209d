"""The DNS codec: what it writes other software reads, and no bytes make it raise anything but ValueError."""

import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.wire.dns import UDP_PAYLOAD_BYTES, addresses_of, answers, decode_answer, encode_query

HTTPS = (
    "1 . alpn=h3,h2 ipv4hint=192.0.2.7 "
    "ech=AEX+DQBBpQAgACBL+wq4i4SL3wPGNCzyWTWPRjCMn2GDxNbbDA5MRK8GSwAEAAEAAQASY2xvdWRmbGFyZS1lY2guY29tAAA="
)


def answer(*rows: tuple[str, str], name: str = "site.example", asked: str = "A", rcode: int = 0) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(encode_query(name, asked, message_id=7)))
    for kind, text in rows:
        message.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, text))
    message.set_rcode(dns.rcode.Rcode(rcode))
    return message.to_wire()


@pytest.mark.parametrize("kind", ["A", "AAAA", "HTTPS", "TXT"])
def test_other_software_reads_a_query_as_it_was_meant(kind: str) -> None:
    message = dns.message.from_wire(encode_query("www.site.example", kind, message_id=0xABCD))
    (question,) = message.question
    assert message.id == 0xABCD
    assert (question.name.to_text(), dns.rdatatype.to_text(question.rdtype)) == ("www.site.example.", kind)
    assert message.flags == dns.flags.RD


def test_a_query_carries_edns_without_options_so_that_no_client_subnet_is_told() -> None:
    message = dns.message.from_wire(encode_query("site.example", "A", message_id=1))
    assert (message.edns, message.payload, message.options) == (0, UDP_PAYLOAD_BYTES, ())


def test_a_name_in_urdu_is_asked_in_idna() -> None:
    message = dns.message.from_wire(encode_query("پاکستان.example", "A", message_id=1))
    assert message.question[0].name.to_text() == "xn--mgbai9azgqp6j.example."


@pytest.mark.parametrize("name", ["a..b", "." * 3 + "a", "x" * 64 + ".example", "a." * 127 + "example"])
def test_what_can_be_no_name_is_not_asked(name: str) -> None:
    with pytest.raises(ValueError, match=r"name|label"):
        encode_query(name, "A", message_id=1)


def test_an_answer_is_read_with_its_alias_and_addresses() -> None:
    read = decode_answer(answer(("CNAME", "cdn.example."), ("A", "192.0.2.1"), ("A", "192.0.2.2")))
    assert [(record.type, record.text, record.ttl_s) for record in read.records] == [
        ("CNAME", "cdn.example", 60),
        ("A", "192.0.2.1", 60),
        ("A", "192.0.2.2", 60),
    ]
    assert addresses_of(read) == ["192.0.2.1", "192.0.2.2"]


def test_addresses_of_the_second_family_come_in_their_short_form() -> None:
    read = decode_answer(answer(("AAAA", "2001:db8:0:0::1"), asked="AAAA"))
    assert addresses_of(read) == ["2001:db8::1"]


def test_an_https_record_tells_that_ech_is_there_without_its_key() -> None:
    read = decode_answer(answer(("HTTPS", HTTPS), asked="HTTPS"))
    assert [record.text for record in read.records] == ["1 . alpn=h3,h2 ipv4hint=192.0.2.7 ech"]


def test_a_text_record_in_several_strings_is_one_text() -> None:
    assert decode_answer(answer(("TXT", '"one " "two"'), asked="TXT")).records[0].text == "one two"


def test_codes_are_read() -> None:
    assert decode_answer(answer(rcode=3)).rcode == 3


def test_an_answer_belongs_to_the_question_with_its_id_and_name() -> None:
    query = encode_query("site.example", "A", message_id=7)
    assert answers(answer(("A", "192.0.2.1")), query)
    assert answers(answer(("A", "192.0.2.1"), name="SITE.example"), query)
    assert not answers(answer(("A", "192.0.2.1"), name="other.example"), query)
    assert not answers(answer(("A", "192.0.2.1")), encode_query("site.example", "A", message_id=8))
    assert not answers(query, query), "a query that comes back is no answer"


def test_an_error_without_a_question_belongs_to_the_question_with_its_id() -> None:
    query = encode_query("site.example", "A", message_id=7)
    assert answers(struct.pack("!6H", 7, 0x8005, 0, 0, 0, 0), query)
    assert not answers(struct.pack("!6H", 7, 0x8000, 0, 0, 0, 0), query)


def test_pointers_that_turn_in_circles_are_refused() -> None:
    header = struct.pack("!6H", 7, 0x8000, 0, 1, 0, 0)
    circle = b"\0" + struct.pack("!HHIH", 5, 1, 60, 2) + b"\xc0\x17"
    with pytest.raises(ValueError, match="ahead"):
        decode_answer(header + circle)


def may_raise_value_error(data: bytes) -> None:
    try:
        decode_answer(data)
    except ValueError:
        return


@given(st.binary(max_size=300))
def test_garbage_raises_nothing_but_value_error(data: bytes) -> None:
    answers(data, encode_query("site.example", "A", message_id=7))
    may_raise_value_error(data)
    may_raise_value_error(struct.pack("!6H", 7, 0x8180, 0, 2, 0, 0) + data)


GOOD = [
    answer(("CNAME", "cdn.example."), ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")),
    answer(("HTTPS", HTTPS), asked="HTTPS"),
    answer(("TXT", '"one " "two"'), asked="TXT"),
]


@given(st.sampled_from(GOOD), st.data())
def test_a_damaged_answer_raises_nothing_but_value_error(good: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(good) - 1))
    may_raise_value_error(good[:at])
    may_raise_value_error(good[:at] + data.draw(st.binary(min_size=1, max_size=3)) + good[at + 1 :])
