"""What is worth a look although both languages say the same."""

import pytest

from raabta.model.bulletin import BulletinText
from raabta.publish.bulletin.remarks import remarks
from tests.cases.bulletins import NOW, SITE, TEXTS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("یہ 14:00 پر شروع ہوا۔", "14:00 has no zone"),
        ("یہ 9 بجے (پاکستانی وقت) شروع ہوا۔", "may be morning or evening"),
        ("یہ کل ختم ہو گا۔", "looks both ways"),
        ("٤ نیٹ ورکس", "are Arabic's"),
        ("4 نیٹ ورکس، ۵ شہر", "stand in one text"),
    ],
)
def test_an_editor_is_told(words: str, told: str) -> None:
    text = BulletinText(language="ur", title="خبر", known=words)
    assert [one for one in remarks([text], SITE, at=NOW) if told in one]


def test_a_plain_bulletin_needs_no_look() -> None:
    assert remarks(TEXTS, SITE, at=NOW) == []
