"""A round from the command line, on the scripted network: what goes where, and how the command ends."""

import json
from pathlib import Path

import pytest

from raabta.cli.probe import ProbeFormat
from raabta.cli.probe_budget import Wishes, budget_of
from raabta.cli.probe_run import ProbeRequest, run_round
from raabta.pipeline.probing import ProbeTarget
from raabta.probe.network import Surroundings
from tests.cases.rounds import HOST, Control, gazette, good_answer, make_round, world
from tests.cases.scripted import ScriptedNetwork

TARGET = ProbeTarget(url=f"https://{HOST}/", name="gazette")


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


def run(kind: ProbeFormat, *, on: ScriptedNetwork | None = None, output: str = "-", control: bool = True) -> int:
    request = ProbeRequest(targets=(TARGET,), kind=kind, output=output)
    asked = Control(good_answer()) if control else None
    round_ = make_round(on or world(gazette()), control=asked, total=budget_of(1, Wishes()))
    return run_round(request, round_)


def test_the_table_is_on_standard_output_and_the_budget_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(ProbeFormat.TABLE) == 0
    said = capfd.readouterr()
    assert said.out.splitlines()[0] == "It works from here."
    assert "Asking 1 service. At most 60 s, 3.0 MB, 4,000 packets" in said.err


def test_documents_go_to_standard_output_and_the_sentence_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(ProbeFormat.JSONL) == 0
    said = capfd.readouterr()
    assert json.loads(said.out)["input"] == TARGET.url
    assert said.err.splitlines()[-1] == "It works from here."


def test_documents_in_a_file_leave_the_answer_on_the_screen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "today.jsonl"
    assert run(ProbeFormat.JSONL, output=str(place)) == 0
    said = capfd.readouterr()
    assert json.loads(place.read_bytes())["input"] == TARGET.url
    assert said.out.splitlines()[0] == "It works from here."
    assert f"raabta diagnose {place}" in said.err


def test_ones_own_network_is_exit_code_3_and_the_first_words(capfd: pytest.CaptureFixture[str]) -> None:
    on = world(gazette(), around=Surroundings(), names={})
    assert run(ProbeFormat.TABLE, on=on) == 3
    assert capfd.readouterr().out.startswith("It is your own network: the measuring machine has no working network.")


def test_what_the_machine_or_the_call_lacks_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    on = world(gazette(), around=Surroundings(interfaces=("eth0",), missing=("the sender of ICMP errors",)))
    run(ProbeFormat.TABLE, on=on, control=False)
    said = capfd.readouterr().err
    assert said.count("This machine cannot tell: the sender of ICMP errors.") == 1
    assert said.count("Without a control") == 1


def test_a_budget_grows_with_the_list_and_each_part_can_be_set() -> None:
    small, large = budget_of(1, Wishes()), budget_of(150, Wishes())
    assert (small.max_s, small.max_bytes, small.max_packets) == (60.0, 3_000_000, 4_000)
    assert (large.max_s, large.max_bytes, large.max_packets) == (600.0, 60_000_000, 120_000)
    assert budget_of(150, Wishes(max_bytes=5)).max_bytes == 5
