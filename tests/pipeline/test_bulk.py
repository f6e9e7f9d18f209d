"""Many documents: in order, the same in any number of processes, and none lost when a process dies."""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from raabta.pipeline import Outcome, Settings, diagnose_bulk
from tests.cases.documents import Document, as_bytes, changed, web, without_connection
from tests.cases.judging import SETTINGS, judge
from tests.cases.services import signal as signal_document

BODY = "x" * 30_000


def corpus(folder: Path, n_documents: int) -> str:
    """A file of documents of some 30 kB, each with its number as uid; every third is blocked."""
    works, fails = web(), without_connection(web(), "generic_timeout_error")
    works["test_keys"]["requests"][0]["response"]["body"] += BODY
    fails["padding"] = BODY
    documents = ({**(works if number % 3 else fails), "measurement_uid": str(number)} for number in range(n_documents))
    path = folder / "corpus.jsonl"
    path.write_bytes(as_bytes(*documents))
    return str(path)


def verdicts(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    return [json.loads(line) for outcome in outcomes for line in outcome.jsonl.splitlines()]


def written(outcomes: Iterable[Outcome]) -> bytes:
    return b"".join(outcome.jsonl for outcome in outcomes)


def test_verdicts_come_in_the_order_of_the_input(tmp_path: Path) -> None:
    found = verdicts(diagnose_bulk([corpus(tmp_path, 100)], SETTINGS))
    assert [verdict["measurement_uid"] for verdict in found] == [str(number) for number in range(100)]
    assert [verdict["state"] for verdict in found] == ["ok" if number % 3 else "blocked" for number in range(100)]


def test_several_processes_write_the_same_bytes_as_one(tmp_path: Path) -> None:
    path = corpus(tmp_path, 200)
    one, two = (list(diagnose_bulk([path], SETTINGS, jobs=jobs)) for jobs in (1, 2))
    assert len(one) > 4
    assert written(two) == written(one)
    assert sum(outcome.n_verdicts for outcome in two) == sum(outcome.n_verdicts for outcome in one)


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    path = corpus(tmp_path, 300)
    running = diagnose_bulk([path], SETTINGS, jobs=2)
    outcomes = [next(running)]
    victim = multiprocessing.active_children()[0].pid
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    outcomes += running
    assert written(outcomes) == written(diagnose_bulk([path], SETTINGS))
    assert [outcome.rejections for outcome in outcomes if outcome.rejections] == []


def test_all_processes_killed_twice_lose_nothing(tmp_path: Path) -> None:
    path = corpus(tmp_path, 300)
    running = diagnose_bulk([path], SETTINGS, jobs=2)
    outcomes = []
    for _ in range(2):
        outcomes.append(next(running))
        for child in multiprocessing.active_children():
            child.kill()
    outcomes += running
    assert written(outcomes) == written(diagnose_bulk([path], SETTINGS))


def test_a_run_that_is_given_up_leaves_no_process_behind(tmp_path: Path) -> None:
    running = diagnose_bulk([corpus(tmp_path, 200)], SETTINGS, jobs=2)
    next(running)
    assert multiprocessing.active_children() != []
    running.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_what_cannot_be_read_is_rejected_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(as_bytes(web()) + b"[]\n{broken\n\n" + as_bytes(signal_document()))
    outcomes = list(diagnose_bulk([str(path)], SETTINGS))
    rejections = [rejection for outcome in outcomes for rejection in outcome.rejections]
    assert [(rejection.file, rejection.line) for rejection in rejections] == [(str(path), 2), (str(path), 3)]
    assert [verdict["source"] for verdict in verdicts(outcomes)] == [f"{path}:1", f"{path}:5"]
    assert sum(outcome.n_verdicts for outcome in outcomes) == 2


def test_read_bytes_grow_to_the_size_of_the_files(tmp_path: Path) -> None:
    path = corpus(tmp_path, 100)
    progress = [outcome.read_bytes for outcome in diagnose_bulk([path, path], SETTINGS)]
    assert progress == sorted(progress)
    assert progress[-1] == 2 * Path(path).stat().st_size


# --- context -------------------------------------------------------------------------------------------------------


def by(document: Document, asn: int, *, report: str = "", cc: str = "PK") -> Document:
    """The same document as another network's probe would send it."""
    return changed(document, {"probe_asn": f"AS{asn}", "probe_cc": cc, "report_id": report or f"report of {asn}"})


def in_context(document: Document, context: Iterable[Document], folder: Path) -> dict[str, Any]:
    """The document's verdict in the company of others."""
    beside, alone = folder / "context.jsonl", folder / "alone.jsonl"
    beside.write_bytes(as_bytes(*context))
    alone.write_bytes(as_bytes(document))
    settings = Settings(today=SETTINGS.today, context=(str(beside),))
    (verdict,) = verdicts(diagnose_bulk([str(alone)], settings))
    return verdict


UNREACHED = without_connection(web(), "generic_timeout_error")
OTHERS = (64501, 64502, 64503)


def test_a_target_that_fails_from_other_networks_too_is_not_blocked_and_one_that_works_there_is(tmp_path: Path) -> None:
    alone = judge(UNREACHED)
    failing = in_context(UNREACHED, [by(UNREACHED, asn) for asn in OTHERS], tmp_path)
    working = in_context(UNREACHED, [by(web(), asn) for asn in OTHERS], tmp_path)
    assert failing["posterior"]["down"] > 3 * alone.posterior["down"]
    assert working["posterior"]["blocked"] > alone.posterior["blocked"] > failing["posterior"]["blocked"]


def test_a_vantage_point_that_fails_for_every_target_is_no_witness_of_blocking(tmp_path: Path) -> None:
    own = 17557
    elsewhere = [
        without_connection(web(f"https://site{number}.example/"), "generic_timeout_error") for number in range(5)
    ]
    fails = in_context(UNREACHED, [by(document, own, report=document["input"]) for document in elsewhere], tmp_path)
    works = in_context(
        UNREACHED, [by(web(f"https://site{number}.example/"), own, report=str(number)) for number in range(5)], tmp_path
    )
    alone = judge(UNREACHED)
    assert fails["posterior"]["down"] > 2 * alone.posterior["down"]
    assert (alone.state, works["state"], fails["state"] == "blocked") == ("blocked", "blocked", False)


def test_context_moves_nothing_that_went_well(tmp_path: Path) -> None:
    verdict = in_context(web(), [by(UNREACHED, asn) for asn in OTHERS], tmp_path)
    assert (verdict["state"], verdict["mechanisms"]) == ("ok", [])


def test_a_measurement_is_not_part_of_its_own_context(tmp_path: Path) -> None:
    assert in_context(UNREACHED, [UNREACHED] * 5, tmp_path)["posterior"] == judge(UNREACHED).posterior


def test_one_other_network_is_no_context(tmp_path: Path) -> None:
    crowd = [by(UNREACHED, OTHERS[0], report=str(number)) for number in range(20)]
    assert in_context(UNREACHED, crowd, tmp_path)["posterior"] == judge(UNREACHED).posterior


def test_a_hundred_documents_of_one_reporter_count_like_three(tmp_path: Path) -> None:
    honest = [by(web(), asn, report=f"{asn} {number}") for asn in OTHERS for number in range(3)]
    forged = by(UNREACHED, OTHERS[0], report="one forger")
    three = in_context(UNREACHED, [*honest, *[forged] * 3], tmp_path)
    hundred = in_context(UNREACHED, [*honest, *[forged] * 100], tmp_path)
    assert hundred["posterior"] == three["posterior"]


def test_one_network_has_one_voice_however_many_reporters_it_has(tmp_path: Path) -> None:
    honest = [by(web(), asn) for asn in (64501, 64502, 64503, 64504, 64505, 64506)]
    crowd = [by(UNREACHED, 64510, report=str(number)) for number in range(50)]
    assert (
        in_context(UNREACHED, [*honest, *crowd], tmp_path)["posterior"]
        == (in_context(UNREACHED, [*honest, crowd[0]], tmp_path)["posterior"])
    )
