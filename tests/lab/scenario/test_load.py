"""A scenario file is read, or every mistake in it is told with its line and what to try."""

from pathlib import Path

import pytest

from raabta.lab.results import truth_of
from raabta.lab.scenario.load import ScenarioError, load_packaged, load_scenario, parse_scenario
from raabta.lab.scenario.types import Line

GOOD = """\
title = "A resolver lies"
family = "dns.lies"
network = [
  { name = "north", line = "median_pk" },
  { name = "south", line = { delay_ms = 20, loss = 0.05 } },
]

[[target]]
name = "news"
url = "http://news.example/"

[[target]]
name = "bank"

[[interference]]
action = "lie"
trigger = "name"
networks = ["north"]
targets = ["news"]
answer = "bogon"

[[truth]]
networks = ["north"]
targets = ["news"]
state = "blocked"
one_of = ["dns.injection.bogon"]
locus = "access"
"""


def mistakes(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, file="mine.toml")
    return [(mistake.line, mistake.field, mistake.reason) for mistake in caught.value.mistakes]


def one_mistake(old: str, new: str) -> tuple[int, str, str]:
    """The only mistake of the good file with one thing changed."""
    assert old in GOOD
    (found,) = mistakes(GOOD.replace(old, new, 1))
    return found


def test_a_good_file_is_read() -> None:
    scenario = parse_scenario(GOOD)
    assert [network.name for network in scenario.network] == ["north", "south"]
    assert scenario.network[1].line == Line(delay_ms=20.0, loss=0.05)
    assert scenario.interference[0].answer == "bogon"


def test_a_cell_has_the_rows_that_are_about_it() -> None:
    scenario = parse_scenario(GOOD)
    assert truth_of(scenario, network="north", target="news") == scenario.truth
    assert truth_of(scenario, network="north", target="bank") == []
    assert truth_of(scenario, network="south", target="news") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ('family = "dns.lies"', "", 1, "family", "missing"),
        ('title = "A', 'twinn = "x"\ntitle = "A', 1, "twinn", "did you mean twin"),
        ('"median_pk"', '"medium"', 4, "network[0].line", "'median_pk'"),
        ("loss = 0.05", "loss = 5", 5, "network[1].line.loss", "0..1"),
        ("delay_ms = 20", "delay_s = 20", 5, "network[1].line", "delay_s"),
        ('name = "bank"', 'name = "news"', 13, "target[1].name", "twice"),
        ('name = "bank"', 'name = "The Bank"', 13, "target[1].name", "lower-case"),
        ('name = "bank"', 'name = "bank"\nn_addresses = "two"', 14, "target[1].n_addresses", "int"),
        ('name = "bank"', 'name = "bank"\nserver = "unbound"', 1, "tier", "tier = 1"),
        ('"http://news.example/"', '"http://other.example/"', 10, "target[0].url", "news.example"),
        ('"http://news.example/"', '"news.example"', 10, "target[0].url", "http://"),
        ('action = "lie"', 'action = "lye"', 16, "interference[0].action", "did you mean lie"),
        ('trigger = "name"', 'trigger = "nam"', 17, "interference[0].trigger", "did you mean name"),
        ('trigger = "name"', 'trigger = "sni"', 17, "interference[0].trigger", "it goes with name"),
        ('answer = "bogon"', 'answer = "bogus"', 20, "interference[0].answer", "did you mean bogon"),
        ('answer = "bogon"', "", 15, "interference[0].answer", "needs it"),
        ('answer = "bogon"', 'answer = "bogon"\nrate_kbit = 3', 21, "interference[0].rate_kbit", "does not use it"),
        ('answer = "bogon"', 'answer = "bogon"\nprobability = 1.5', 21, "interference[0].probability", "0..1"),
        ('answer = "bogon"', 'answer = "bogon"\nwhere = "transit"', 21, "interference[0].where", "operator"),
        ('answer = "bogon"', 'answer = "bogon"\nengine = "kernel"', 21, "interference[0].engine", "middlebox only"),
        ('networks = ["north"]', 'networks = ["nort"]', 18, "interference[0].networks", "did you mean north"),
        ('targets = ["news"]\nanswer', 'targets = ["shop"]\nanswer', 19, "interference[0].targets", "news, bank"),
        ('"dns.injection.bogon"', '"dns.injection.bogus"', 26, "truth[0].one_of", "dns.injection.bogon"),
        ('"dns.injection.bogon"', "", 26, "truth[0].one_of", "has a mechanism"),
        ('state = "blocked"', 'state = "down"', 25, "truth[0].state", "make a cell blocked"),
        ('locus = "access"', 'locus = "acess"', 27, "truth[0].locus", "did you mean access"),
        ("[[interference]]", "[[interferences]]", 15, "interferences", "did you mean interference"),
    ],
)
def test_a_mistake_is_told_with_line_field_and_what_to_try(
    old: str, new: str, line: int, field: str, says: str
) -> None:
    found_line, found_field, reason = one_mistake(old, new)
    assert (found_line, found_field) == (line, field)
    assert says in reason


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ('kind = "server_dwn"', "kind", "did you mean server_down"),
        ('kind = "status"', "status", "needs it"),
        ('kind = "status"\nstatus = 99', "status", "200..599"),
        ('kind = "server_down"\nnetworks = ["north"]', "networks", "does not use it"),
        ('kind = "captive_portal"\ntargets = ["news"]', "targets", "does not use it"),
        ('kind = "partial_pool"\nshare = 2', "share", "0..1"),
        ('kind = "slow_server"\nseconds = -1', "seconds", "negative"),
    ],
)
def test_a_mistake_in_a_condition_is_told(row: str, field: str, says: str) -> None:
    ((_, found, reason),) = mistakes(f"{GOOD}\n[[condition]]\n{row}\n")
    assert found == f"condition[0].{field}"
    assert says in reason


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ('action = "drop"\ntrigger = "port"', "ports", "needs it"),
        ('action = "drop"\ntrigger = "port"\nports = [70000]', "ports", "65535"),
        ('action = "drop"\ntrigger = "dot"\ntargets = ["news"]', "targets", "does not look at targets"),
        ('action = "reset"\ntrigger = "keyword"\nwords = [""]', "words", "empty word"),
        ('action = "unreachable"\ntrigger = "address"\nicmp = "hosts"', "icmp", "did you mean host"),
        ('action = "throttle"\ntrigger = "sni"\nrate_kbit = 9\nengine = "kernel"', "engine", "address, all"),
        ('action = "freeze"\ntrigger = "sni"\nafter_bytes = -1', "after_bytes", "negative"),
    ],
)
def test_a_mistake_in_a_rule_is_told(row: str, field: str, says: str) -> None:
    ((_, found, reason),) = mistakes(f"{GOOD}\n[[interference]]\n{row}\n")
    assert found == f"interference[1].{field}"
    assert says in reason


SNI, HOST = 'action = "reset"\ntrigger = "sni"', 'action = "reset"\ntrigger = "host"'


@pytest.mark.parametrize(
    ("section", "row", "field", "says"),
    [
        ("interference", f'{SNI}\ntargets = ["news"]', "targets", "does nothing to news: there is no ClientHello"),
        ("interference", f'{SNI}\ntargets = ["bank", "news"]', "targets", "does nothing to news:"),
        ("interference", 'action = "drop"\ntrigger = "quic_sni"\ntargets = ["bank"]', "targets", "add quic = true"),
        ("interference", 'action = "drop"\ntrigger = "quic_sni"', "trigger", "does nothing to news, bank:"),
        ("condition", 'kind = "quic_down"', "kind", "add quic = true"),
        ("condition", 'kind = "http_to_https"\ntargets = ["bank"]', "targets", "an http:// url"),
        ("condition", 'kind = "partial_pool"\nshare = 0.5\ntargets = ["news"]', "targets", "n_addresses to 2"),
    ],
)
def test_a_row_that_can_do_nothing_is_told_with_what_to_try(section: str, row: str, field: str, says: str) -> None:
    text = f"{GOOD}\n[[{section}]]\n{row}\n"
    ((line, found, reason),) = mistakes(text)
    assert found == f"{section}[{int(section == 'interference')}].{field}"
    assert text.splitlines()[line - 1].startswith(f"{field} =")
    assert says in reason


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(f"[[interference]]\n{SNI}", id="one-target-of-all-shows-it"),
        pytest.param(f'[[interference]]\n{SNI}\ntargets = ["bank"]', id="no-url-is-https"),
        pytest.param(f'[[interference]]\n{HOST}\ntargets = ["news"]', id="host-in-clear"),
        pytest.param(
            f'[[interference]]\n{SNI}\ntargets = ["news"]\n[[condition]]\nkind = "http_to_https"\ntargets = ["news"]',
            id="visitors-are-led-to-tls",
        ),
    ],
)
def test_a_row_that_some_visit_meets_is_no_mistake(row: str) -> None:
    parse_scenario(f"{GOOD}\n{row}\n")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        GOOD.replace('"median_pk"', '"medium"').replace('"bogon"', '"bogus"').replace('locus = "access"', 'locus = "a"')
    )
    assert [field for _, field, _ in mistakes(text)] == ["network[0].line", "interference[0].answer", "truth[0].locus"]


def test_what_is_no_toml_is_told_with_its_line() -> None:
    ((line, _, reason),) = mistakes('title = "x"\nfamily = \n')
    assert (line, reason.startswith("this is not TOML")) == (2, True)


def test_an_empty_file_lacks_everything() -> None:
    assert {field for _, field, _ in mistakes("")} == {"title", "family", "network", "target"}


def test_a_single_table_where_several_may_stand_is_told() -> None:
    found = mistakes(GOOD.replace("[[truth]]", "[truth]"))
    assert [(field, reason) for _, field, reason in found] == [
        ("truth", "write each truth as a table of its own under [[truth]]")
    ]


def test_the_message_names_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace('"bogon"', '"bogus"'), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"mine\.toml:20: interference\[0\]\.answer: there is no 'bogus'"):
        load_scenario(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "absent.toml")


def test_packaged_scenarios_are_named_as_their_files() -> None:
    assert load_packaged()["tls-reset-sni"].family == "tls.reset.sni.access"
