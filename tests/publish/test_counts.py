"""The public page of counts: true, without anybody in it, and without what could be worked out."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.model.exemption import ExemptionEntry
from raabta.model.vocabulary import SMALL
from raabta.publish.counts import PublicCounts, as_json, as_page, count, hide_small
from tests.cases.exemptions import DAY, HOSTILE_TEXTS, NOW, block, entry, listed


def some(n: int, first: int = 1, **fields: Any) -> list[ExemptionEntry]:
    return [entry(number, source=f"192.0.2.{number}/32", **fields) for number in range(first, first + n)]


def counted(entries: list[ExemptionEntry], **fields: Any) -> PublicCounts:
    return count([listed(entries, **fields)], at=NOW)


def test_what_is_in_force_is_counted_and_nothing_else() -> None:
    over, coming = some(1, 90, not_after=NOW), some(1, 91, not_before=NOW + DAY)
    found = counted([*some(7, basis="pk.A"), *some(6, 20, basis="pk.B"), *over, *coming])
    assert found.entries == 13
    assert found.tables["Entries by basis"] == {"pk.A": 7, "pk.B": 6}
    assert found.tables["Entries by operator"] == {"operator-1": 13}


def test_a_member_with_many_entries_is_one_member() -> None:
    found = counted([*some(9, organisation_ref="ref-1"), *some(5, 30)])
    assert found.tables["Members by operator"] == {"operator-1": 6}


def test_a_restriction_in_every_list_is_one() -> None:
    blocks = [block(number, target=f"bad{number}.example") for number in range(6)]
    lists = [listed([], blocks, recipient=name) for name in ("operator-1", "operator-2", "operator-3")]
    assert count(lists, at=NOW).restrictions == 6


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"a": 9, "b": 7}, {"a": 9, "b": 7}),
        ({"a": 9, "b": 4, "c": 7}, {"a": 9, "b": None, "c": None}),
        ({"a": 9, "b": 4, "c": 1}, {"a": 9, "b": None, "c": None}),
        ({"a": 9, "b": 1, "c": 1, "d": 8}, {"a": 9, "b": None, "c": None, "d": None}),
        ({"a": 9, "b": 0}, {"a": 9, "b": 0}),
        ({"a": 3}, {"a": None}),
        ({}, {}),
    ],
)
def test_a_small_count_is_hidden_and_never_alone(counts: dict[str, int], shown: dict[str, int | None]) -> None:
    assert hide_small(counts) == shown


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=8))
def test_no_small_count_is_shown_or_follows_from_the_total(counts: dict[str, int]) -> None:
    shown = hide_small(counts)
    assert [number for number in shown.values() if number is not None and 0 < number < SMALL] == []
    hidden = [counts[name] for name, number in shown.items() if number is None]
    is_all = len(hidden) == sum(1 for number in counts.values() if number)
    assert not hidden or is_all or (len(hidden) > 1 and sum(hidden) >= SMALL)
    assert {name: number for name, number in counts.items() if shown[name] is not None} == {
        name: number for name, number in shown.items() if number is not None
    }


def test_a_small_total_is_not_shown_either() -> None:
    assert counted(some(3)).entries is None
    assert counted([]).entries == 0


def test_two_lists_of_one_recipient_or_of_two_countries_are_refused() -> None:
    for lists in ([], [listed(), listed()], [listed(), listed(recipient="b", country="xx")]):
        with pytest.raises(ValueError, match="one list of each recipient"):
            count(lists, at=NOW)


def test_neither_page_nor_json_holds_an_address_a_reference_or_an_owner() -> None:
    found = count([listed(some(40), [block(number, target=f"bad{number}.example") for number in range(9)])], at=NOW)
    for raw in (as_page(found), as_json(found)):
        assert re.findall(rb"192\.0\.2|198\.51|ref-|x-0|bad\d|CERT", raw) == []


class Page(HTMLParser):
    """Tags of a page, and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # type: ignore[explicit-override]
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href", "onload", "srcset")]


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "<script src=//evil.example></script>", "'\"><img src=x>"])
def test_the_page_fetches_nothing_and_runs_nothing_also_with_hostile_codes(text: str) -> None:
    page = Page()
    raw = as_page(counted(some(9, basis=text, reviewed=text), recipient=text, country=text))
    page.feed(raw.decode())
    assert page.tags <= {"html", "meta", "title", "style", "h1", "h2", "p", "b", "table", "tr", "td", "th", "code"}
    assert page.links == []
    assert len(raw) < 10_000


def test_json_has_null_where_a_count_is_not_shown() -> None:
    document = json.loads(as_json(counted(some(3))))
    assert document["entries"] is None
    assert document["tables"]["Entries by operator"] == {"operator-1": None}
