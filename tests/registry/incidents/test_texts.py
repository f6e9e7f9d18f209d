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
