"""Facts that are read in verdicts and measurements, as lines "name: value".

Strangers wrote what stands in a file. So what nobody sees, or turns the direction of letters, is dropped; a name that
holds what looks like a person's identity number is not shown; and nothing is long.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from raabta.model import Measurement, Rejection, Verdict
from raabta.pipeline.informing.desk.inspecting.documents import Document
from raabta.registry.incidents.texts import holds_identity_number
from raabta.wire.ooni import read_measurement

LISTED_MAX: Final = 8
"""So many names stand in one fact; further ones are counted."""
NAME_CHARACTERS_MAX: Final = 100
"""A host's name seldom has more."""
FACT_CHARACTERS_MAX: Final = 400
FACTS_MAX: Final = 20
NOT_SHOWN: Final = "(not shown)"


def as_verdict(document: Document) -> Verdict | None:
    """Read a verdict; None where it is none."""
    if not isinstance(document.value, dict) or not {"posterior", "state", "locus"} <= document.value.keys():
        return None
    try:
        return msgspec.json.decode(document.raw, type=Verdict)
    except msgspec.DecodeError:
        return None


def as_measurement(document: Document) -> Measurement | Rejection | None:
    """Read a measurement; None where it is none."""
    if not isinstance(document.value, dict) or "test_keys" not in document.value:
        return None
    return read_measurement(document.raw, file="-", line=1)


def tidied(facts: Iterable[str]) -> tuple[str, ...]:
    """Give facts as they are kept: printable, short, without people's numbers."""
    plain = [_clean(one, FACT_CHARACTERS_MAX) for one in facts]
    return tuple(one for one in plain if one and not holds_identity_number(one))[:FACTS_MAX]


def about_verdicts(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Give facts of verdicts."""
    states = Counter(one.state for one in verdicts)
    yield f"verdicts: {len(verdicts)}"
    yield f"state: {_counted(states)}"
    if mechanisms := Counter(name for one in verdicts for name in one.mechanisms):
        yield f"mechanism: {_counted(mechanisms)}"
    if loci := Counter(one.locus for one in verdicts if one.locus):
        yield f"place: {_counted(loci)}"
    for state in (name for name, _ in states.most_common() if name in verdicts[0].posterior):
        shares = sorted(one.posterior.get(state, 0.0) for one in verdicts if one.state == state)
        low, high = (round(shares[at] * 100) for at in (0, -1))
        yield f"probability of {state}: {low} %" if low == high else f"probability of {state}: {low} to {high} %"
    yield from _about_all([(one.probe_asn, one.measured_at, one.input) for one in verdicts])
    yield f"knowledge: {_counted(Counter(one.knowledge for one in verdicts))}"


def about_measurements(measured: Sequence[Measurement]) -> Iterator[str]:
    """Give facts of measurements."""
    if not measured:
        return
    yield f"measurements: {len(measured)}"
    yield f"test: {_counted(Counter(one.test_name for one in measured))}"
    yield from _about_all([(one.probe_asn, one.measured_at, one.input) for one in measured])


def _about_all(rows: Sequence[tuple[int, str, str]]) -> Iterator[str]:
    networks = Counter(f"AS{asn}" for asn, _, _ in rows if asn)
    yield f"networks: {_counted(networks) or 'not known'}"
    times = sorted(at for _, at, _ in rows if at)
    if times:
        yield f"measured: {times[0]}" if times[0] == times[-1] else f"measured: {times[0]} to {times[-1]}"
    if targets := Counter(_host(text) for _, _, text in rows if _host(text)):
        yield f"targets: {_counted(targets)}"


def _counted(counts: Counter[str]) -> str:
    shown = [(_name(name), n) for name, n in counts.most_common(LISTED_MAX)]
    named = [f"{name} {n}" if len(counts) > 1 or n > 1 else name for name, n in shown]
    rest = len(counts) - len(named)
    return ", ".join([*named, *((f"and {rest} more",) if rest else ())])


def _name(text: str) -> str:
    return NOT_SHOWN if holds_identity_number(text) else _clean(text, NAME_CHARACTERS_MAX)


def _clean(text: str, n_most: int) -> str:
    seen = "".join(" " if one.isspace() else one for one in text if one.isspace() or _is_seen(one))
    short = re.sub(" +", " ", seen).strip()
    return short if len(short) <= n_most else f"{short[: n_most - 1]}…"


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ"


def _host(text: str) -> str:
    """Give a target's host; what stands behind it in a URL is nobody's business."""
    if "://" not in text:
        return text[:NAME_CHARACTERS_MAX] if "/" not in text else ""
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""
