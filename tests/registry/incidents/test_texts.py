import pytest

from raabta.registry.incidents.texts import needed, tidy_line, tidy_text, tidy_url


def test_pasted_text_is_put_right_without_a_word() -> None:
    pasted = "\ufeffLine\u00a0one\u200b \r\n\tline  two\n\n"
    assert tidy_text("text", pasted) == "Line one\n line  two"
    assert tidy_line("title", "  VPNs\u202f fail  ") == "VPNs fail"


def test_urdu_keeps_its_joiners_and_direction_marks() -> None:
    urdu = "وی\u200cپی این \u200eexample.pk\u200f ناکام"
    assert tidy_line("title", urdu) == urdu


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\r", "\u202e", "\u2066", "\u2028", "\ud800", "\uffff"])
def test_control_characters_and_turned_directions_are_refused(sign: str) -> None:
    with pytest.raises(ValueError, match=r"^note: it holds the control character U\+[0-9A-F]{4}"):
        tidy_text("note", f"before {sign} after")


@pytest.mark.parametrize("number", ["35202-1234567-1", "3520212345671", "35202\u200b1234567\u200b1", "۳۵۲۰۲-۱۲۳۴۵۶۷-۱"])
def test_identity_numbers_are_refused_and_not_repeated(number: str) -> None:
    with pytest.raises(ValueError, match="identity number") as caught:
        tidy_text("text", f"He is {number}.")
    assert number not in str(caught.value)


@pytest.mark.parametrize(
    "number",
    [
        "35202   1234567   1",
        "35202 - 1234567 - 1",
        "35202\u200c1234567\u200c1",
        "35202\u200e-\u200e1234567\u200f-\u200f1",
        "3 5 2 0 2 1 2 3 4 5 6 7 1",
        "3-5-2-0-2-1-2-3-4-5-6-7-1",
        "35 202 123 4567 1",
        "35202\u061c12\u200d34567\u200e1",
        "35202\n1234567\n1",
        "۳۵۲۰۲   ۱۲۳۴۵۶۷   ۱",
    ],
)
def test_an_identity_number_is_found_through_blanks_and_hidden_signs(number: str) -> None:
    with pytest.raises(ValueError, match="identity number"):
        tidy_text("text", f"He is {number} there.")


@pytest.mark.parametrize(
    "text",
    [
        "2024-11-10 09:00:30 to 2024-11-10 10:30",
        "1. 2024-11-10 09:00",
        "call 0300 1234567 10 times, or +92 21 111 222 333",
        "92 21 111 222 333",
        "203.0.113.9, 192.0.2.10 and 198.51.100.1",
        "AS64500 12 345 678 packets",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "2 000 000 000 rupees",
    ],
)
def test_times_phones_addresses_and_amounts_are_no_identity_numbers(text: str) -> None:
    assert tidy_text("text", text) == text


def test_a_line_has_no_second_one_and_texts_end_somewhere() -> None:
    with pytest.raises(ValueError, match="several lines"):
        tidy_line("title", "one\ntwo")
    with pytest.raises(ValueError, match="201 characters; 200 are allowed"):
        tidy_line("title", "x" * 201)
    with pytest.raises(ValueError, match="title: it is empty"):
        needed("title", tidy_line("title", " \u00a0 "))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https://user@example.pk/",
        "https://example.pk/<b>",
        'https://example.pk/"onclick',
        "//example.pk/",
        "https://example.pk/a b",
        "ftp://example.pk/",
        "https://exämple.pk/",
    ],
)
def test_what_is_no_address_of_a_page_is_no_link(url: str) -> None:
    with pytest.raises(ValueError, match="no address of a page"):
        tidy_url("url", url)


def test_pages_are_links() -> None:
    for url in ("https://www.example.pk/news?id=4&x=%20#top", "http://example.pk", "https://example.pk:8443/"):
        assert tidy_url("url", url) == url
