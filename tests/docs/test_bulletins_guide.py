"""The guide of bulletins says what the check does."""

import re

from raabta.model.vocabulary import SMALL
from raabta.publish.bulletin.comparing import compare_parts
from raabta.publish.bulletin.templates import all_templates
from tests.cases.bulletins import KNOWN, pairs
from tests.docs.test_pages import DOCS, tables, text_of

GUIDE = text_of(DOCS / "guides" / "bulletins.md")


def test_templates_that_the_guide_uses_are_there() -> None:
    used = set(re.findall(r"-t (\w+)", GUIDE))
    assert used
    assert used <= set(all_templates())


def test_the_guide_gives_the_smallest_count_that_is_shown() -> None:
    assert f"from {SMALL} on" in GUIDE


def test_the_guide_counts_the_pairs_that_there_are() -> None:
    (rows,) = (rows for _, head, rows in tables(GUIDE) if head[0] == "pairs")
    for name, _, missed, alarms, _ in rows:
        read = pairs(name.strip("`").removesuffix(".toml"))
        planted = sum(bool(pair.only) for pair in read)
        told = (missed.partition(" ")[2], alarms.partition(" ")[2])
        assert told == (f"of {planted}", f"of {len(read) - planted}")


def test_what_the_guide_calls_one_fact_is_one() -> None:
    for english, urdu in (
        ("15 networks", "پندرہ نیٹ ورکس"),
        ("31,000", "31 ہزار"),
        ("1.2 million", "12 لاکھ"),
        ("90 minutes", "ڈیڑھ گھنٹہ"),
        ("at 8:45 pm", "رات پونے نو بجے"),
        ("14:00 PKT", "09:00 UTC"),
    ):
        assert compare_parts([("known", english, urdu)], known=KNOWN, local="+05:00") == []
