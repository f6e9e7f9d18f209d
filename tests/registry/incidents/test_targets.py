import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.model.site import Component
from raabta.registry.incidents.targets import CODE_ALPHABET, host_of, make_code, read_code, read_target, scrub_words

COMPONENTS = (Component(id="cdn", name_en="Sites behind a CDN", name_ur="سی ڈی این", hosts=("cdn.example.com",)),)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("cdn", "cdn", id="a-component"),
        pytest.param(" Sites  behind a CDN ", "cdn", id="its-english-name"),
        pytest.param("سی ڈی این", "cdn", id="its-urdu-name"),
        pytest.param("www.example.pk", "www.example.pk", id="a-host"),
        pytest.param("WWW.Example.PK.", "www.example.pk", id="capitals-and-a-last-dot"),
        pytest.param("https://www.example.pk/private/page?user=amina#x", "www.example.pk", id="a-url-loses-its-path"),
        pytest.param("www.example.pk/private/page", "www.example.pk", id="a-path-without-a-scheme"),
        pytest.param("https://amina:secret@www.example.pk:8443/x", "www.example.pk", id="user-password-and-port"),
        pytest.param("//www.example.pk/x", "www.example.pk", id="no-scheme"),
        pytest.param("https://www.example.pk\\@evil.example/x", "www.example.pk", id="a-backslash-ends-it"),
        pytest.param("amina@example.pk", "example.pk", id="a-mailbox-loses-its-name"),
        pytest.param("مثال.example", "xn--mgbh0fb.example", id="a-name-in-urdu"),
    ],
)
def test_a_target_is_a_component_or_a_bare_host(typed: str, kept: str) -> None:
    assert read_target(typed, components=COMPONENTS) == kept


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("39.40.1.1", id="an-address"),
        pytest.param("http://39.40.1.1/x", id="a-url-of-an-address"),
        pytest.param("http://[2001:db8::1]/x", id="an-ipv6-address"),
        pytest.param("39-40-1-1.pool.example.pk", id="a-name-with-an-address"),
        pytest.param("amina-laptop.lan", id="a-name-at-home"),
        pytest.param("localhost", id="this-machine"),
        pytest.param("35202-1234567-1.example.pk", id="an-identity-number"),
        pytest.param("javascript:alert(1)", id="a-script"),
        pytest.param("<b>x</b>", id="markup"),
        pytest.param("the internet", id="words"),
        pytest.param("a" * 3000 + ".pk", id="too-long"),
        pytest.param("x\r\nBcc: a@example.pk", id="a-header"),
    ],
)
def test_what_is_no_target_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(ValueError, match="target: choose a service") as refused:
        read_target(typed, components=COMPONENTS)
    assert typed == "" or typed not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param("https://x.example.pk/a/b?c slow", "x.example.pk slow", id="a-url"),
        pytest.param("see example.pk/secret/page now", "see example.pk now", id="a-path"),
        pytest.param("I am 39.40.1.1", "I am (address)", id="an-address"),
        pytest.param("میں ۳۹.۴۰.۱.۱ پر ہوں", "میں (address) پر ہوں", id="in-urdu-digits"),
        pytest.param("from 2001:db8::7 too", "from (address) too", id="ipv6"),
        pytest.param("00:1b:44:11:3a:b7 is mine", "(address) is mine", id="hardware"),
        pytest.param("write amina@example.pk", "write (contact)", id="e-mail"),
        pytest.param("call 0300 1234567 or +92 300 1234567", "call (number) or (number)", id="phones"),
        pytest.param("call 300-1234567", "call (number)", id="a-phone-without-its-nought"),
        pytest.param("or 92 300 1234567 now", "or (number) now", id="a-country-without-its-plus"),
        pytest.param("0300\u200e1234567", "(number)", id="a-phone-with-a-hidden-mark"),
        pytest.param("0300\u200c123\u200d4567", "(number)", id="a-phone-with-joiners"),
        pytest.param("４２3００123456", "(number)", id="wide-digits"),
        pytest.param("me＠x.pk", "(contact)", id="a-wide-at"),
        pytest.param("me\u200e@x．pk", "(contact)", id="a-mark-and-a-wide-dot"),
        pytest.param("me [at] x.pk", "(contact)", id="an-at-in-brackets"),
        pytest.param("x.example.pk\\secret", "x.example.pk", id="a-path-with-backslashes"),
        pytest.param("on 2024-11-10 14:05 and 10-11-2024", "on 2024-11-10 14:05 and 10-11-2024", id="days-stay"),
        pytest.param("30 000 of 50 000 packets", "30 000 of 50 000 packets", id="counts-stay"),
        pytest.param("وی\u200cپی این", "وی\u200cپی این", id="urdu-keeps-its-joiners"),
        pytest.param("since 10:30:15, 30-40 % slower", "since 10:30:15, 30-40 % slower", id="times-and-shares-stay"),
        pytest.param("and/or 24/7 at 09:00", "and/or 24/7 at 09:00", id="slashes-stay"),
    ],
)
def test_words_lose_addresses_contacts_and_paths(said: str, kept: str) -> None:
    assert scrub_words(said) == kept


@given(st.text(max_size=60))
def test_a_host_is_never_more_than_a_host(text: str) -> None:
    host = host_of(text)
    assert not set(host) - set("abcdefghijklmnopqrstuvwxyz0123456789-._")
    assert host_of(f"https://{host}/path") == host if host else True


@given(st.binary(min_size=5, max_size=5))
def test_a_code_is_read_back_however_it_is_written(raw: bytes) -> None:
    code = make_code(raw)
    sloppy = code.lower().replace("0", "o").replace("1", "l")
    assert (len(code), set(code) <= set(CODE_ALPHABET)) == (8, True)
    assert read_code(f" {sloppy[:4]}-{sloppy[4:]} ") == code


@pytest.mark.parametrize("text", ["", "1234567", "123456789", "1234567*", "' OR 1=1", "۱۲۳۴۵۶۷۸"])
def test_what_is_no_code_is_none(text: str) -> None:
    assert read_code(text) == ""


def test_two_codes_of_different_bytes_differ() -> None:
    assert make_code(b"\x00\x00\x00\x00\x01") != make_code(b"\x00\x00\x00\x00\x02")
    with pytest.raises(ValueError, match="5 random bytes"):
        make_code(b"12345678")
