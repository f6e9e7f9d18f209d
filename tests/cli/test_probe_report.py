"""What people read of a round: the sentence first, then each trouble with its evidence; 80 columns, no colour."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from raabta.cli.probe_report.answers import print_answers
from raabta.cli.probe_report.summary import exit_code, summary_of
from raabta.cli.report.explain import questions_of
from raabta.pipeline import diagnose_document
from raabta.pipeline.probing import Probed, ProbeTarget
from tests.cases.rounds import diagnosis

DIAGNOSIS = diagnosis()


@pytest.fixture
def probed(document: Callable[..., bytes]) -> Callable[..., Probed]:
    """A finished measurement: one that is interfered with, or, with ``works``, one that is not."""

    def make(name: str, **fields: Any) -> Probed:
        found = diagnose_document(document(**fields).strip(), DIAGNOSIS)
        assert isinstance(found, tuple)
        target = ProbeTarget(url=found[0].input, name=name)
        return Probed(targets=(target,), document=b"{}", measurement=found[0], verdict=found[1])

    return make


def own_network(state: dict[str, Any], n_targets: int = 3) -> Probed:
    document = {
        "test_name": "web_connectivity",
        "input": "https://gazette.example/",
        "measurement_start_time": "2026-11-20 09:14:05",
        "test_keys": {"x_local": state},
    }
    import msgspec

    found = diagnose_document(msgspec.json.encode(document), DIAGNOSIS)
    assert isinstance(found, tuple)
    targets = tuple(ProbeTarget(url=f"https://{index}.example/") for index in range(n_targets))
    return Probed(targets=targets, measurement=found[0], verdict=found[1], unasked=True)


def shown(*found: Probed, width: int = 80) -> str:
    output = io.StringIO()
    console = Console(file=output, width=width, highlight=False, color_system=None)
    print_answers(console, found, questions=questions_of(DIAGNOSIS))
    return output.getvalue()


def test_all_well_is_one_sentence_and_the_names(probed: Callable[..., Probed]) -> None:
    found = [probed("github", works=True), probed("zoom", works=True)]
    assert summary_of(found) == "All 2 services work from here."
    assert exit_code(found) == 0
    assert shown(*found).splitlines()[0] == "All 2 services work from here."
    assert "  github, zoom" in shown(*found)


def test_the_sentence_comes_first_and_counts_what_does_not_work(probed: Callable[..., Probed]) -> None:
    found = [probed("github"), probed("zoom", works=True)]
    assert shown(*found).splitlines()[0] == "1 of 2 services work from here; 1 blocked."
    assert exit_code(found) == 1


def test_a_trouble_is_told_with_words_place_and_evidence(probed: Callable[..., Probed]) -> None:
    words = " ".join(shown(probed("github")).split())
    assert "✗ blocked github" in words
    assert "Where: in the network of the operator." in words
    assert "dB)" in words
    assert "tls.reset" not in words


def test_it_reads_well_at_80_columns(probed: Callable[..., Probed]) -> None:
    lines = shown(probed("github"), probed("zoom", works=True)).splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in shown(probed("github"))


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"interface": "none", "gateway": "none", "beyond": "silent"}, "no working network"),
        ({"portal": "portal"}, "sign-in page"),
    ],
)
def test_ones_own_network_is_a_verdict_said_plainly(state: dict[str, Any], says: str) -> None:
    found = own_network(state)
    assert summary_of([found]).startswith("It is your own network: ")
    assert says in summary_of([found])
    assert summary_of([found]).endswith("No service was asked.")
    assert exit_code([found]) == 3


def test_a_fault_of_the_program_is_told_as_one_and_not_as_a_finding(probed: Callable[..., Probed]) -> None:
    broken = Probed(targets=(ProbeTarget(url="https://x.example/", name="zoom"),), error="KeyError in f, line 7")
    found = [probed("github", works=True), broken]
    words = " ".join(shown(*found).split())
    assert summary_of(found) == "1 of 2 services work from here; 1 not measured, by a fault of this program."
    assert (
        "zoom: this program failed (KeyError in f, line 7). Please report it; it says nothing of the service." in words
    )
    assert exit_code(found) == 5
