"""The kind of failure that the list of Kashmir had: 301 names, of which 126 work, told name by name and by rule."""

import functools

import pytest

from raabta.model.closure import Closure
from raabta.pipeline.closing import Closed, judge_names, measure_names
from raabta.probe.closure import ClosureBound
from tests.cases.kashmir import FILE, N_NAMES, N_USABLE, RULE_OF, TEXT, TRUTH, WORKS
from tests.cases.kashmir_network import kashmir_network
from tests.cases.linting import NOW, TABLES
from tests.cases.scripted import on_virtual_time
from tests.cases.scripted_web import web_settings


def measured(text: str, bound: ClosureBound | None = None) -> Closure:
    network = kashmir_network()
    closure = on_virtual_time(
        measure_names(text, network=network, settings=web_settings(), now=NOW, bound=bound or ClosureBound())
    )
    assert network.n_open == 0
    return closure


@functools.cache
def first_list() -> Closed:
    return judge_names(TEXT, measured(TEXT), tables=TABLES)


def test_the_file_of_names_is_the_one_that_is_judged() -> None:
    assert FILE.read_text(encoding="utf-8") == TEXT
    assert len(first_list().names) == N_NAMES == len(TRUTH)


def test_of_301_names_126_are_usable() -> None:
    works = [line.strip() for line, why in TRUTH if why in WORKS]
    assert len(first_list().usable) == N_USABLE
    assert list(first_list().usable) == works


@pytest.mark.parametrize("why", RULE_OF)
def test_each_kind_of_fault_is_told_by_its_rule(why: str) -> None:
    closed = first_list()
    hard = {(finding.place, finding.rule) for finding in closed.findings if finding.hard}
    faulty = [f"line {listed.line}" for listed, (_, made) in zip(closed.names, TRUTH, strict=True) if made == why]
    assert {place for place, _ in hard if place in faulty} == set(faulty)
    assert {rule for place, rule in hard if place in faulty} == {RULE_OF[why]}


def test_what_a_page_may_do_without_is_told_and_does_not_count() -> None:
    soft = [finding for finding in first_list().findings if not finding.hard]
    assert {finding.rule for finding in soft} == {"name.extra_missing"}
    assert len(soft) == sum(why == "does without" for _, why in TRUTH)


def test_a_misspelled_name_is_told_with_the_one_that_was_meant() -> None:
    told = [finding.words for finding in first_list().findings if finding.subject == "chiar-bank.example"]
    assert told == ["nobody has this name (dns_nxdomain_error); did somebody mean chinar-bank.example?"]


def test_with_the_missing_hosts_added_all_that_lead_somewhere_are_usable() -> None:
    fixable = [line for line, why in TRUTH if why in WORKS | {"chain", "sub-domain", "third party", "redirect"}]
    again = "\n".join([*fixable, *first_list().missing])
    closed = judge_names(again, measured(again), tables=TABLES)
    assert len(first_list().missing) == 20 + 45 + 35 + 15
    assert set(closed.usable) >= set(fixable)
    assert closed.missing == ()


def test_by_their_form_alone_only_misspelled_lines_and_repetitions_are_found() -> None:
    closed = judge_names(TEXT, None, tables=TABLES)
    assert {finding.rule for finding in closed.findings} == {"name.malformed", "name.duplicate"}
    assert len(closed.usable) == N_NAMES - 12 - 15


def test_a_bound_is_told_and_what_was_not_seen_is_not_usable() -> None:
    closed = judge_names(TEXT, measured(TEXT, ClosureBound(max_hosts=50)), tables=TABLES)
    assert closed.closure is not None
    assert (closed.closure.is_cut, len(closed.closure.facts)) == (True, 50)
    assert "name.unmeasured" in {finding.rule for finding in closed.findings}
    assert set(closed.usable) <= {fact.name for fact in closed.closure.facts}


def test_a_bound_on_time_ends_the_measurement() -> None:
    closure = measured(TEXT, ClosureBound(max_s=0.5))
    assert closure.is_cut
    assert len(closure.facts) < N_NAMES
