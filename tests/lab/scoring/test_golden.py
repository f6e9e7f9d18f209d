"""Golden files: written from results, and replayed: what the lab measured is judged as it was judged then."""

import json
from datetime import date
from pathlib import Path

from raabta.lab.scenario.load import load_packaged
from raabta.lab.scoring.golden import Golden, GoldenCell, read_golden, see, write_golden
from raabta.lab.world.country import plan_country
from raabta.lab.world.tables import lab_tables
from raabta.model import Measurement
from raabta.pipeline import Settings, example_document, load_diagnosis
from raabta.reference.tables import Tables
from raabta.wire.ooni import read_measurement
from tests.lab.scoring.made_up import SNI, result, verdict

FOLDER = Path(__file__).parents[1] / "golden"
GOLDEN = list(read_golden(FOLDER))

TODAY = date(2026, 11, 22)
"""The lab's tables are always as new as the day: which day it is makes no difference."""

DOCUMENT = example_document().decode()


def read(document: bytes) -> Measurement:
    found = read_measurement(document, file="golden", line=1)
    assert isinstance(found, Measurement), found
    return found


# --- replaying ------------------------------------------------------------------------------------------------


def test_golden_files_are_there_once_their_folder_says_so() -> None:
    assert GOLDEN or not (FOLDER / "README").exists()


def test_what_was_measured_is_read_and_judged_as_it_was() -> None:
    differ = {f"{golden.scenario} {cell.network}/{cell.target}" for golden in GOLDEN for cell in changed(golden)}
    assert differ == set()


def changed(golden: Golden) -> list[GoldenCell]:
    """The cells of a file that are now read or judged in another way."""
    country = plan_country(load_packaged()[golden.scenario])
    tables = lab_tables(country, as_of=TODAY)
    return [cell for cell in golden.cells if replay(cell, tables) != expected(cell)]


def replay(cell: GoldenCell, tables: Tables) -> tuple[object, ...]:
    measurement = read(bytes(cell.document))
    diagnosis = load_diagnosis(Settings(today=TODAY, prior=cell.prior), tables=tables)
    verdict = diagnosis.diagnose(measurement)
    return see(measurement), verdict.state, verdict.mechanisms, verdict.locus


def expected(cell: GoldenCell) -> tuple[object, ...]:
    return cell.seen, cell.state, cell.mechanisms, cell.locus


# --- writing --------------------------------------------------------------------------------------------------


def test_one_cell_for_each_different_truth_of_a_scenario_is_kept(tmp_path: Path) -> None:
    results = [
        result(scenario="s", target="bank", document=DOCUMENT),
        result(SNI, scenario="s", target="news", document=DOCUMENT, said=verdict("tls.reset.sni")),
        result(SNI, scenario="s", target="video", document=DOCUMENT),
        result(scenario="s", target="bank", repeat=1, document=DOCUMENT),
        result(scenario="unmeasured", target="bank"),
    ]
    (path,) = write_golden(results, tmp_path / "golden")
    (golden,) = read_golden(path.parent)
    assert (golden.scenario, [cell.target for cell in golden.cells]) == ("s", ["bank", "news"])
    assert golden.cells[1].mechanisms == ["tls.reset.sni"]
    assert golden.cells[1].truth == [SNI]
    assert json.loads(bytes(golden.cells[0].document)) == json.loads(DOCUMENT)
    assert golden.cells[0].seen == see(read(DOCUMENT.encode()))


def test_the_same_results_make_the_same_files(tmp_path: Path) -> None:
    results = [result(scenario="s", document=DOCUMENT)]
    first, second = (write_golden(results, tmp_path / name)[0].read_bytes() for name in ("a", "b"))
    assert first == second


def test_what_was_seen_has_a_line_for_each_step() -> None:
    measurement = read(DOCUMENT.encode())
    lines = see(measurement)
    assert len(lines) == len(measurement.lookups) + len(measurement.connects) + len(measurement.handshakes) + len(
        measurement.exchanges
    )
    assert any(line.startswith("handshake tcp ") and "reset" in line for line in lines)
