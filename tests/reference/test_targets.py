import collections
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.targets import OWN, SCHEMES, TargetKind, load_targets, read_targets, url_problem

LIST = load_targets()
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "targets.md"
GOOD = """\
[target.first]
title = "The first"
kind = "code"
endpoints.web = "https://first.example/"
"""


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.field) for problem in read_targets(text, file="mine.toml")[1]]


# --- the package's list -------------------------------------------------------------------------------------------


def test_the_list_has_about_150_services_and_a_date() -> None:
    assert 140 <= len(LIST.targets) <= 160
    assert LIST.version.startswith("targets 20")


def test_every_kind_of_service_that_the_industry_needs_is_there() -> None:
    counts = collections.Counter(target.kind for target in LIST.targets)
    missing = {kind: counts[kind] for kind in get_args(TargetKind) if counts[kind] < 4}
    assert missing == {"other": 0}


def test_ids_end_points_and_titles_are_unique() -> None:
    urls = [endpoint.url for target in LIST.targets for endpoint in target.endpoints]
    for values in ([target.name for target in LIST.targets], [target.title for target in LIST.targets], urls):
        assert [value for value, n in collections.Counter(values).items() if n > 1] == []


def test_every_provider_is_one_of_the_table_or_own() -> None:
    table = tomllib.loads((files("raabta.reference") / "providers.toml").read_text("utf-8"))["provider"]
    assert {target.provider for target in LIST.targets} - set(table) == {OWN}


def test_nothing_puts_a_volunteer_at_risk() -> None:
    assert {target.risk for target in LIST.targets} == {"low"}


def test_national_services_say_whose_they_are() -> None:
    kinds = {"national", "bank"}
    assert {target.countries for target in LIST.targets if target.kind in kinds} == {("PK",)}


def test_every_end_point_is_good_and_every_scheme_but_one_is_used() -> None:
    urls = [endpoint.url for target in LIST.targets for endpoint in target.endpoints]
    assert [url for url in urls if url_problem(url)] == []
    assert {url.partition(":")[0] for url in urls} == set(SCHEMES)


def test_the_guide_counts_the_services_of_each_kind() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    counts = collections.Counter(target.kind for target in LIST.targets)
    assert {kind: int(n) for kind, n in rows} == {kind: counts[kind] for kind in get_args(TargetKind)}


# --- lists of one's own -------------------------------------------------------------------------------------------


def test_a_row_is_read_with_what_is_left_out_filled_in() -> None:
    (target,), found = read_targets(GOOD, file="mine.toml")
    assert found == ()
    assert (target.name, target.title, target.kind) == ("first", "The first", "code")
    assert (target.provider, target.risk, target.countries) == ("own", "low", ())
    assert [(item.name, item.url) for item in target.endpoints] == [("web", "https://first.example/")]


@pytest.mark.parametrize(
    ("line", "field", "says"),
    [
        ('endpoints.web = "htp://x.example/"', "endpoints.web", "https://"),
        ('endpoints.web = "https://"', "endpoints.web", "https://example.com/"),
        ('endpoints.web = "https://x.example:port/"', "endpoints.web", "https://example.com/"),
        ('endpoints.web = "https://a b.example/"', "endpoints.web", "no spaces"),
        ('endpoints.web = "https://me:word@x.example/"', "endpoints.web", "no user"),
        ('endpoints.ssh = "tcp://x.example"', "endpoints.ssh", "tcp://x.example:22"),
        ("endpoints.web = 5", "endpoints.web", "between quotes"),
        ('endpoints.Web = "https://x.example/"', "endpoints.Web", "small letters"),
        ('endpoints = "https://x.example/"', "endpoints", "endpoints.web"),
        ("endpoints = {}", "endpoints", "endpoints.web"),
        ('kind = "codes"', "kind", "code, packages"),
        ('risk = "none"', "risk", "low, medium, high"),
        ('countries = "PK"', "countries", '["PK"]'),
        ('countries = ["pk"]', "countries", '["PK"]'),
        ('provider = ""', "provider", "between quotes"),
        ("title = 5", "title", "between quotes"),
        ('titel = "x"', "titel", "title, kind"),
        ("title = x", "target", "no TOML"),
        ('title = "x', "target", "no TOML"),
        ("nonsense", "target", "no TOML"),
    ],
)
def test_a_wrong_row_is_told_with_its_line_its_field_and_what_to_try(line: str, field: str, says: str) -> None:
    rest = {"title": 'title = "Second"', "endpoints": 'endpoints.web = "https://second.example/"'}
    others = [text for name, text in rest.items() if not line.startswith((name, f"{name}."))]
    text = "\n".join([GOOD, "# a remark", "[target.second]", *others, "", line, "[target.third]", *rest.values()])
    number = text.split("\n").index(line) + 1
    good, found = read_targets(text, file="mine.toml")
    assert [target.name for target in good] == ["first", "third"]
    assert [(item.file, item.line, item.field) for item in found] == [("mine.toml", number, field)]
    assert says in found[0].reason


def test_what_is_missing_is_told_at_the_head_of_its_block() -> None:
    assert problems(f"{GOOD}\n[target.second]\n") == [(6, "title"), (6, "endpoints")]


def test_a_name_that_stands_twice_is_told_and_the_first_one_holds() -> None:
    assert problems(GOOD + GOOD) == [(5, "target")]


@pytest.mark.parametrize("head", ["[targets.x]", "[[target]]", "[target]", "[target.x.endpoints]", "[target.x", "[]"])
def test_a_head_that_is_none_of_a_target_is_told(head: str) -> None:
    good, found = read_targets(f'{GOOD}{head}\ntitle = "x"\n', file="mine.toml")
    assert found[0].line == 5
    assert len(good) <= 1


def test_an_id_is_of_small_letters_digits_and_underscores() -> None:
    assert problems(GOOD.replace("first", "First", 1)) == [(1, "target")]
    assert problems(GOOD.replace("first", '"fir-st"', 1)) == [(1, "target")]


def test_before_the_first_block_only_remarks_and_a_date_may_stand() -> None:
    assert problems(f'# mine\nreviewed = "2026-01-01"\n\n{GOOD}') == []
    assert problems(f"https://first.example/\n{GOOD}") == [(1, "target")]


def test_a_plain_list_has_one_url_a_line() -> None:
    text = "# mine\nhttps://one.example/\n\ntwo.example   # a remark\none.example/path#part\ntcp://one.example:22\n"
    good, found = read_targets(text, file="mine.txt")
    assert found == ()
    assert [(target.name, target.endpoints[0].url) for target in good] == [
        ("one_example", "https://one.example/"),
        ("two_example", "https://two.example/"),
        ("one_example_2", "https://one.example/path#part"),
        ("one_example_3", "tcp://one.example:22"),
    ]


def test_a_wrong_line_of_a_plain_list_is_told_with_its_number() -> None:
    good, found = read_targets("one.example\nhttp//x\none.example\ntwo words\n10.0.0.1\n", file="mine.txt")
    assert [target.name for target in good] == ["one_example", "host_10_0_0_1"]
    assert [(item.line, item.field) for item in found] == [(2, "url"), (3, "url"), (4, "url")]


def test_an_empty_list_holds_nothing_and_is_no_problem() -> None:
    assert read_targets("\ufeff# nothing yet\n", file="mine.txt") == ((), ())


def test_brackets_without_end_are_told(tmp_path: object) -> None:
    assert problems(f"[target.x]\ntitle = {'[' * 5000}") == [(1, "target")]


@given(st.text(max_size=200) | st.text(alphabet='[]target.x="\n# {}:/', max_size=80))
def test_no_text_raises_and_every_problem_has_a_line_of_the_text(text: str) -> None:
    _, found = read_targets(text, file="x")
    n_lines = len(text.splitlines())
    assert all(1 <= item.line <= n_lines and item.reason for item in found)
