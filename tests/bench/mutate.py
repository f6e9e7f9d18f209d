"""The reader and the diagnosis on documents that nobody meant to write: nothing may raise, hang or grow.

    python -m tests.bench.mutate --count 100000 --seed 1     a run
    python -m tests.bench.mutate --seed 1 --only 4711        one document of it again, with the traceback

Every document goes through ``cut_documents``, ``read_measurement``, ``Diagnosis.diagnose``, a context and the encoder.
Exit code 1 where a claim fails.
"""

import argparse
import datetime as dt
import gc
import math
import random
import re
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from raabta.diagnose import Context, Diagnosis
from raabta.model import STATES_OF_THE_WORLD, Measurement, Rejection
from raabta.pipeline import Settings, load_diagnosis
from raabta.wire.ooni import cut_documents, read_measurement
from raabta.wire.ooni.streams import Batch
from tests.bench import places
from tests.bench.generate import Pool, collect, generate
from tests.bench.mutations import Mutated, Source, break_bytes, mutate

LONGEST_S: Final = 2.0
"""CPU time that no document may exceed."""
GROWTH_BYTES: Final = 30_000_000
"""Memory that the last nine tenths of a run may add."""
TODAY: Final = dt.date(2026, 11, 22)
_SHOWN: Final = 20
_NUMBERS: Final = re.compile(r"0x[0-9a-f]+|\d+")
_PAGE_BYTES: Final = 4096
_STATES: Final = {*STATES_OF_THE_WORLD, "insufficient"}


class ClaimError(Exception):
    """A document was read or judged otherwise than it should."""


def sources() -> list[Source]:
    """Read every QA and real document; those with handshakes also as if each certificate had been refused."""
    qa = [Source(path.stem, path.read_bytes()) for path in sorted(places.QA.glob("*.json"))]
    real = [Source(f"real:{line}", text.encode()) for line, text in enumerate(places.real_texts(), start=1)]
    return [*qa, *real, *(refused for source in real if (refused := _refused(source)) is not None)]


def _refused(source: Source) -> Source | None:
    """Give a document in which the chains are looked at, as few ask for; None where it has no handshake."""
    tree = msgspec.json.decode(msgspec.json.encode(source.tree))
    keys = tree.get("test_keys")
    steps = keys.get("tls_handshakes") if isinstance(keys, dict) else None
    for step in steps or ():
        step["failure"] = "ssl_invalid_hostname"
    return Source(f"{source.name} with refused certificates", msgspec.json.encode(tree)) if steps else None


def make(listed: list[Source], pool: Pool, *, seed: int, index: int) -> Mutated:
    """Make document number ``index`` of a seed."""
    rng = random.Random(f"{seed}:{index}")
    source = rng.choice(listed)
    if len(source.paths) > 5_000 and rng.random() < 0.8:
        source = rng.choice(listed)  # the largest documents take most of the time
    way = rng.random()
    if way < 0.6:
        made = mutate(source, rng, n_changes=1)
    elif way < 0.8:
        made = mutate(source, rng, n_changes=rng.choice((2, 3, 5, 10, 50)))
    elif way < 0.92:
        made = break_bytes(source, rng)
    else:
        made = generate(pool, rng)
    return msgspec.structs.replace(made, what=f"{source.name}: {made.what}") if made.kind != "generated" else made


def try_document(made: Mutated, diagnosis: Diagnosis) -> str:
    """Cut, read, diagnose and encode what was made; give the outcome, of the first document where it is several.

    Raises:
        ClaimError: What came out is not what it should be.
    """
    outcomes = []
    for cut in cut_documents(Batch(1, made.data)):
        measurement = read_measurement(cut.data, file="mutated", line=cut.line)
        if isinstance(measurement, Rejection):
            msgspec.json.encode(measurement)
            outcomes.append("rejected")
            if made.one_field:
                raise ClaimError(f"one bad field loses the document: {measurement.field}: {measurement.reason[:120]}")
            continue
        outcomes.append(_judge(measurement, diagnosis))
        diagnosis.add_to_context(measurement, Context())
    if made.one_field and len(outcomes) != 1:
        raise ClaimError(f"one document was cut into {len(outcomes)}")
    return outcomes[0] if outcomes else "blank"


def _judge(measurement: Measurement, diagnosis: Diagnosis) -> str:
    verdict = diagnosis.diagnose(measurement)
    total = math.fsum(verdict.posterior.values())
    if not abs(total - 1.0) < 1e-6 or set(verdict.posterior) != set(STATES_OF_THE_WORLD):
        raise ClaimError(f"the posterior sums to {total!r}: {verdict.posterior}")
    if verdict.state not in _STATES:
        raise ClaimError(f"no such state: {verdict.state!r}")
    again = msgspec.json.decode(msgspec.json.encode(verdict))
    if not all(isinstance(step["decibans"], (int, float)) for step in again["evidence"]):
        raise ClaimError("decibans that are no number")
    return f"{verdict.state}{', with notes' if verdict.notes else ''}"


def resident_bytes() -> int:
    """Give the memory that this process holds now (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


class Tally:
    """Counts outcomes and failures, and keeps the slowest documents."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.outcomes: Counter[str] = Counter()
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.failures: Counter[str] = Counter()
        self.slowest: list[tuple[float, int, str]] = []

    def fail(self, key: str, index: int, made: Mutated) -> None:
        """Count a failure; show the first of its kind."""
        self.failures[key] += 1
        if self.failures[key] == 1 and len(self.failures) <= _SHOWN:
            print(
                f"FAILED  --seed {self.seed} --only {index}  {made.kind}: {key}\n        {made.what[:300]}", flush=True
            )

    def add(self, outcome: str, *, took_s: float, index: int, made: Mutated) -> None:
        """Count one document."""
        self.outcomes[outcome] += 1
        self.kinds[made.kind, "rejected" if outcome == "rejected" else "failed" if outcome == "failed" else "read"] += 1
        self.slowest = sorted(
            [*self.slowest, (took_s, index, f"{made.kind}, {len(made.data):,} bytes: {made.what[:90]}")]
        )[-5:]

    def show(self) -> None:
        """Print the counts."""
        for outcome, count in self.outcomes.most_common():
            print(f"  {count:>8,}  {outcome}")
        print("  by kind:      read  rejected  failed")
        for kind in sorted({kind for kind, _ in self.kinds}):
            counts = [self.kinds[kind, what] for what in ("read", "rejected", "failed")]
            print(f"  {kind:<16}{counts[0]:>8,}{counts[1]:>8,}{counts[2]:>8,}")
        for took_s, index, what in reversed(self.slowest):
            print(f"  slowest: {took_s * 1000:,.0f} ms CPU  --only {index}  {what}")


def run(*, count: int, seed: int) -> bool:
    """Try ``count`` documents; say whether every claim held."""
    listed = sources()
    pool = collect(listed)
    diagnosis = load_diagnosis(Settings(today=TODAY))
    tally = Tally(seed)
    begun_s = time.monotonic()
    early = resident_bytes()
    for index in range(count):
        if index == count // 10:
            early = resident_bytes()
        if index and not index % max(1, count // 10):
            print(f"  … {index:,} after {time.monotonic() - begun_s:.0f} s", file=sys.stderr, flush=True)
        made = make(listed, pool, seed=seed, index=index)
        start_s = time.process_time()
        try:
            outcome = try_document(made, diagnosis)
        except Exception as error:  # noqa: BLE001  that nothing raises is the claim
            outcome = "failed"
            tally.fail(_name(error), index, made)
        took_s = time.process_time() - start_s
        if took_s > LONGEST_S:
            tally.fail(f"takes {took_s:.0f} s", index, made)
        tally.add(outcome, took_s=took_s, index=index, made=made)
    growth = resident_bytes() - early
    print(f"{count:,} documents, seed {seed}, {time.monotonic() - begun_s:.0f} s:")
    tally.show()
    grown = places.judge(growth / 1e6, target=GROWTH_BYTES / 1e6, at_most=True, unit=" MB")
    print(f"  memory grew by {growth / 1e6:.1f} MB after the first tenth: {grown}")
    print(f"  failures: {sum(tally.failures.values()):,} of {len(tally.failures)} kinds")
    for key, n in tally.failures.most_common(_SHOWN):
        print(f"  {n:>8,}  {key}")
    return not tally.failures and growth <= GROWTH_BYTES


def _name(error: Exception) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "raabta" in Path(frame.filename).parts]
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""
    text = str(error).partition(":")[0] if isinstance(error, ClaimError) else _NUMBERS.sub("#", str(error))[:80]
    return f"{type(error).__name__}{place}: {text}"


def show_one(*, seed: int, index: int) -> None:
    """Make one document again, write it to standard output and let it fail."""
    listed = sources()
    made = make(listed, collect(listed), seed=seed, index=index)
    print(f"{made.kind}: {made.what}", file=sys.stderr)
    sys.stdout.buffer.write(made.data + b"\n")
    sys.stdout.buffer.flush()
    print(try_document(made, load_diagnosis(Settings(today=TODAY))), file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mutate")
    parser.add_argument("--count", type=int, default=places.sizes().n_mutated)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, default=None, metavar="INDEX")
    chosen: Any = parser.parse_args(arguments)
    if absent := places.missing_data():
        print(absent)
        return 0
    if chosen.only is not None:
        show_one(seed=chosen.seed, index=chosen.only)
        return 0
    return 0 if run(count=chosen.count, seed=chosen.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
