import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.refusals import REFUSAL_MAX_CHARS, looks_like_refusal, refusal_language, refusal_words


@pytest.mark.parametrize(
    ("language", "title", "body"),
    [
        ("en", "Access Denied", ""),
        ("en", "Notice", "<p>This website has been\n <b>blocked</b></p>"),
        ("ur", "", "<p>اس ویب سائٹ تک رسائی ممنوع ہے</p>"),
        ("ar", "", "<h1>عفوا، الموقع محجوب</h1>"),
        ("fa", "", "دسترسی به این سایت امکان پذیر نیست"),
        ("tr", "", "… KARARIYLA ERİŞİME ENGELLENMİŞTİR"),
        ("ru", "Доступ ограничен", ""),
        ("uk", "", "Доступ заблоковано"),
        ("id", "Internet Positif", ""),
        ("es", "", "Contenido bloqueado por requerimiento de la Autoridad Competente"),
        ("it", "SITO NON RAGGIUNGIBILE", ""),
        ("pt", "", "Bloqueado por ordem judicial"),
        ("fr", "Accès refusé", ""),
        ("ko", "", "불법·유해 정보사이트에 대한 차단"),
        ("th", "", "เว็บไซต์นี้ถูกระงับ"),
    ],
)
def test_refusals_are_understood_in_their_language(language: str, title: str, body: str) -> None:
    assert refusal_language(title, body) == language


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("", ""),
        ("Welcome", "<p>Fresh bread every day</p>"),
        ("404 Not Found", "<h1>Not Found</h1>"),
        ("How to unblock a sink when it is blocked", "<p>Use a plunger</p>"),
        pytest.param("News", "<script>if (x) say('this website has been blocked')</script>", id="in-a-script"),
        pytest.param("News", "this website has been blocked" + " x" * REFUSAL_MAX_CHARS, id="a-long-article"),
    ],
)
def test_other_pages_are_no_refusals(title: str, body: str) -> None:
    assert not looks_like_refusal(title, body)


@given(st.text(), st.text())
def test_no_text_raises(title: str, body: str) -> None:
    assert looks_like_refusal(title, body) in {True, False}


def test_every_phrase_is_understood_as_it_stands_in_the_table() -> None:
    phrases = [phrase for words in refusal_words().values() for phrase in words.phrases]
    assert [phrase for phrase in phrases if not looks_like_refusal("", phrase.upper())] == []
