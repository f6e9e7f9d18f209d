"""An e-mail says what it should in both forms and both languages, and no field of it can begin a header."""

import datetime as dt
import itertools
import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from raabta.publish.message import Letter, MailHead, Paragraph, write_mail
from raabta.publish.message.letters import Links, bulletin_body, bulletin_letter, confirm_letter
from raabta.publish.message.mail import one_line, return_address
from tests.cases.hostile import CONTROLS, INJECTED, MARKUP, TURNED, WORDS
from tests.cases.publication import example_site
from tests.registry.outbox.specimens import bulletin

AT = dt.datetime(2026, 11, 23, 10, 30, tzinfo=dt.UTC)
LEAVE = "https://desk.example.pk/leave/su-a-mark"
NAMES = {
    "From", "Subject", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "References", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
}  # fmt: skip


def head(**fields: Any) -> MailHead:
    given: dict[str, Any] = {
        "from_name": "رابطہ مرکز",
        "sender": "desk@example.pk",
        "to": "u.1+x@example.com",
        "at": AT,
        "delivery_id": "bulletin/bu-a/su-a",
        "return_path": "bounces+su-a-mark@example.pk",
        "in_list": True,
        "leave_url": LEAVE,
        "thread_id": "in-a",
    }
    return MailHead(**(given | fields))


def letters(*languages: Any, **links: str) -> list[Letter]:
    told = structs.replace(bulletin(), component_ids=("cloudflare",))
    site = example_site()
    return [
        bulletin_letter(
            bulletin_body(told, site, language=language), site, language=language, links=Links(leave=LEAVE, **links)
        )
        for language in languages
    ]


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=SMTP)


def text_of(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def test_both_languages_stand_in_both_forms() -> None:
    message = read(write_mail(head(), letters("en", "ur")).raw)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    for subtype in ("plain", "html"):
        found = text_of(message, subtype)
        for words in ("A CDN cannot be reached", "ایک سی ڈی این تک رسائی نہیں", LEAVE, "16:30 PKT (UTC+05:00)"):
            assert words in found
    assert "\u2068example.com\u2069" in text_of(message, "plain")
    assert '<bdi dir="ltr">example.com</bdi>' in text_of(message, "html")
    assert '<div lang="ur" dir="rtl"' in text_of(message, "html")
    assert not message.defects
    assert message["content-language"] == "en, ur"


@pytest.mark.parametrize("language", ["en", "ur"])
def test_who_wants_one_language_gets_one(language: str) -> None:
    message = read(write_mail(head(), letters(language)).raw)
    found = text_of(message, "plain")
    assert ("A CDN cannot be reached" in found) == (language == "en")
    assert ("ایک سی ڈی این تک رسائی نہیں" in found) == (language == "ur")


def test_one_click_leaves() -> None:
    message = read(write_mail(head(), letters("en")).raw)
    assert message["list-unsubscribe"] == f"<{LEAVE}>"
    assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert message["list-id"] == "<bulletins.example.pk>"
    assert message["auto-submitted"] == "auto-generated"


def test_without_a_page_one_leaves_by_mail() -> None:
    message = read(write_mail(head(leave_url="", leave_mail="desk@example.pk"), letters("en")).raw)
    assert message["list-unsubscribe"] == "<mailto:desk@example.pk?subject=leave>"
    assert message["list-unsubscribe-post"] is None


def test_a_letter_to_one_names_no_list() -> None:
    site = example_site()
    letter = confirm_letter(site, language="en", links=Links(confirm="https://desk.example.pk/confirm/t"))
    message = read(write_mail(head(in_list=False), [letter]).raw)
    assert message["list-id"] is message["list-unsubscribe"] is None
    assert "https://desk.example.pk/confirm/t" in text_of(message, "plain")


def test_a_repetition_has_the_same_id_and_says_what_it_is() -> None:
    first, again = (read(write_mail(head(repeated=repeated), letters("en")).raw) for repeated in (False, True))
    assert first["message-id"] == again["message-id"]
    assert (first["raabta-repeated"], again["raabta-repeated"]) == (None, "possible")


def test_each_delivery_has_its_own_id_and_a_thread_stands_together() -> None:
    first, other = (read(write_mail(head(delivery_id=id_), letters("en")).raw) for id_ in ("a", "b"))
    assert first["message-id"] != other["message-id"]
    assert first["references"] == other["references"]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert write_mail(head(), letters("en", "ur")).raw == write_mail(head(), letters("en", "ur")).raw


@pytest.mark.parametrize(
    "words",
    [
        *WORDS,
        "a\nBcc: x@example.org",
        "a\rBcc: x@example.org",
        "=?utf-8?q?a=0ABcc:_x?=",
        "==??utf-8?q?a=0D=0ABcc:_x?=?=",
    ],
)
def test_no_text_begins_a_header(words: str) -> None:
    site = structs.replace(example_site(), name_en=words, name_ur=words)
    told = bulletin(texts=tuple(structs.replace(one, title=words, known=words) for one in bulletin().texts))
    made = [
        bulletin_letter(bulletin_body(told, site, language=language), site, language=language, links=Links(leave=LEAVE))
        for language in ("en", "ur")
    ]
    raw = write_mail(head(from_name=words), made).raw
    message = read(raw)
    assert set(message.keys()) == NAMES
    top = raw.partition(b"\r\n\r\n")[0]
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", top) is None
    assert "<script>" not in text_of(message, "html")


@given(st.text(max_size=60), st.sampled_from(["from_name", "to", "sender", "return_path", "leave_url", "leave_mail"]))
def test_any_field_is_one_line_or_refused(text: str, name: str) -> None:
    letter = Letter("en", text, (Paragraph("x"),))
    try:
        raw = write_mail(head(**{name: text}), [letter]).raw
    except (ValueError, UnicodeEncodeError):
        return
    names = [line.partition(b":")[0] for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"]
    assert {one.decode() for one in names} <= NAMES


@pytest.mark.parametrize(
    "address",
    [
        "a@example.pk\r\nBcc: b@example.pk",
        "a@example.pk, b@example.pk",
        '"a b"@example.pk',
        "a@[127.0.0.1]",
        "a b@example.pk",
        "<a@example.pk>",
        "a@exаmple.pk",
        "a@b@example.pk",
        ".a@example.pk",
        "a..b@example.pk",
        "",
        "@example.com",
        "a" * 65 + "@example.pk",
    ],
)
def test_only_plain_addresses_are_sent_to(address: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address") as refused:
        write_mail(head(to=address), letters("en"))
    assert not address or address not in str(refused.value)


def test_lines_are_short_enough_for_every_server() -> None:
    long = [Letter("en", "x" * 5000, (Paragraph("y" * 50_000), Paragraph("z", url=LEAVE)))]
    raw = write_mail(head(), long).raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert "y" * 50_000 in text_of(read(raw), "plain")


@pytest.mark.parametrize("words", ["Desk", 'A "quoted" \\ name', "رابطہ مرکز " * 7, "👩‍💻👍🏽 🇵🇰 ☎️", "a, b <c@d>; e"])
def test_subject_and_name_are_read_as_they_were_written(words: str) -> None:
    raw = write_mail(head(from_name=words), [Letter("en", words, (Paragraph("x"),))]).raw
    assert read(raw)["subject"] == words.strip()
    # Not by the newer policy: in Python 3.11 it puts blanks between the encoded words of a name.
    sender = str(make_header(decode_header(message_from_bytes(raw)["from"])))
    assert parseaddr(sender) == (words.strip(), "desk@example.pk")


def test_bounces_come_back_with_a_token_where_it_fits() -> None:
    assert return_address("bounces@example.pk", "su-a-mark") == "bounces+su-a-mark@example.pk"
    assert return_address("b" * 60 + "@example.pk", "su-a-mark") == "b" * 60 + "@example.pk"
    assert return_address("bounces@example.pk", "") == "bounces@example.pk"


@pytest.mark.parametrize("words", [MARKUP, CONTROLS, TURNED, INJECTED])
def test_one_line_is_one_printable_line(words: str) -> None:
    found = one_line(words, 80)
    assert len(found) <= 80
    assert not set(found) & set(map(chr, itertools.chain(range(32), range(0x202A, 0x202F), range(0x2066, 0x206A))))
