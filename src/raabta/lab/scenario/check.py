"""Meaning of a scenario file: names that exist, words of the vocabulary, numbers in their range.

Rows whose shape is wrong have been blamed before and are left out here, and so a mistake is told once.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from raabta.lab.scenario.shape import Draft, suggest
from raabta.lab.scenario.types import Condition, Interference, Line, Network, Target, Truth
from raabta.lab.scenario.vocabulary import (
    ACTIONS,
    ANSWERS,
    AT_THE_OPERATOR,
    COMMON,
    CONDITIONS,
    ICMP,
    TRIGGERS,
    UNTARGETED,
    fields_of,
)
from raabta.model import LOCI, MECHANISMS

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_FAMILY: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_MAX_REPEAT: Final = 1_000
_MAX_ADDRESSES: Final = 50
_MAX_PORT: Final = 65_535
_STATUS: Final = range(200, 600)

Row = tuple[str, dict[str, Any]]


class _Known(Struct, frozen=True):
    """Names that rows may refer to; the targets that are well written, and which of them send visitors on to TLS."""

    networks: tuple[str, ...]
    targets: tuple[str, ...]
    targets_by_name: dict[str, Target]
    led_to_tls: frozenset[str]


def check_meaning(draft: Draft) -> None:
    """Keep every mistake of a draft that is not one of shape."""
    networks = draft.rows("network", Network)
    targets = draft.rows("target", Target)
    _check_head(draft)
    _check_names(draft, "network")
    _check_names(draft, "target")
    for place, _, network in networks:
        if isinstance(network.line, Line):
            _check_line(draft, f"{place}.line", network.line)
    for place, _, target in targets:
        _check_target(draft, place, target)
    conditions = draft.rows("condition", Condition)
    target_names = _names(draft, "target")
    leading = [row for _, _, row in conditions if row.kind == "http_to_https"]
    known = _Known(
        networks=_names(draft, "network"),
        targets=target_names,
        targets_by_name={target.name: target for _, _, target in targets},
        led_to_tls=frozenset(name for row in leading for name in row.targets or target_names),
    )
    for place, content, interference in draft.rows("interference", Interference):
        n_before = len(draft.mistakes)
        _check_selection(draft, place, content, known=known)
        _check_interference(draft, place, content, row=interference)
        if len(draft.mistakes) == n_before:
            _check_effect(draft, f"{place}.trigger", interference.trigger, targets=interference.targets, known=known)
    for place, content, condition in conditions:
        n_before = len(draft.mistakes)
        _check_selection(draft, place, content, known=known)
        _check_condition(draft, place, content, row=condition)
        if len(draft.mistakes) == n_before:
            _check_effect(draft, f"{place}.kind", condition.kind, targets=condition.targets, known=known)
    for place, content, truth in draft.rows("truth", Truth):
        _check_selection(draft, place, content, known=known)
        _check_truth(draft, place, truth)


def _check_head(draft: Draft) -> None:
    for name in ("family", "twin"):
        value = draft.content.get(name)
        if isinstance(value, str) and value and not _FAMILY.fullmatch(value):
            draft.blame(name, "use lower-case words with dots between them, such as tls.reset.sni.access")
    repeat = draft.content.get("repeat", 1)
    if isinstance(repeat, int) and not 1 <= repeat <= _MAX_REPEAT:
        draft.blame("repeat", f"{repeat} is not in 1..{_MAX_REPEAT}")
    servers = sorted({str(row.get("server", "python")) for row in _tables(draft, "target")} - {"python"})
    if servers and draft.content.get("tier", 0) == 0:
        draft.blame("tier", f"{', '.join(servers)}: a server of the system needs tier = 1")


def _check_names(draft: Draft, section: str) -> None:
    seen: set[str] = set()
    for index, row in enumerate(_tables(draft, section)):
        name = row.get("name")
        place = f"{section}[{index}].name"
        if not isinstance(name, str):
            continue
        if not _NAME.fullmatch(name):
            draft.blame(place, f"{name!r}: use lower-case letters, digits and -")
        if name in seen:
            draft.blame(place, f"{name!r} stands twice: take another name")
        seen.add(name)


def _check_line(draft: Draft, place: str, line: Line) -> None:
    _check_share(draft, f"{place}.loss", line.loss)
    for name in ("delay_ms", "jitter_ms", "rate_mbit"):
        if getattr(line, name) < 0:
            draft.blame(f"{place}.{name}", "it cannot be negative")


def _check_target(draft: Draft, place: str, target: Target) -> None:
    host = target.host or f"{target.name}.example"
    if target.host and not _HOST.fullmatch(target.host):
        draft.blame(f"{place}.host", f"{target.host!r} is no host name: use one such as news.example")
    if target.url:
        _check_url(draft, f"{place}.url", target.url, host=host)
    if not 1 <= target.n_addresses <= _MAX_ADDRESSES:
        draft.blame(f"{place}.n_addresses", f"{target.n_addresses} is not in 1..{_MAX_ADDRESSES}")
    if target.page_bytes < 0:
        draft.blame(f"{place}.page_bytes", "it cannot be negative")
    if target.quic and target.server not in ("python", "caddy"):
        draft.blame(f"{place}.quic", f"{target.server} speaks no QUIC here: use python or caddy")
    if target.line:
        _check_line(draft, f"{place}.line", target.line)


def _check_url(draft: Draft, place: str, url: str, *, host: str) -> None:
    try:
        parts = urlsplit(url)
        found = (parts.scheme, parts.hostname)
    except ValueError:
        found = ("", None)
    if found[0] not in ("http", "https"):
        draft.blame(place, f"{url!r} is no web address: begin it with http:// or https://")
    elif found[1] != host:
        draft.blame(place, f"its host is not the target's: use {host}, or set host")


def _check_selection(draft: Draft, place: str, content: dict[str, Any], *, known: _Known) -> None:
    for field, names in (("networks", known.networks), ("targets", known.targets)):
        for name in content.get(field, ()):
            if name not in names:
                draft.blame(f"{place}.{field}", f"there is no {name!r}: {suggest(name, names)}")


_EFFECTS: Final[dict[str, tuple[Callable[[Target], bool], str]]] = {
    "sni": (
        lambda target: not target.url.startswith("http://"),
        "there is no ClientHello where the url is http://; use the trigger host, or an https:// url",
    ),
    "quic_sni": (lambda target: target.quic, "it speaks no QUIC; add quic = true to the target"),
    "quic_down": (lambda target: target.quic, "it speaks no QUIC; add quic = true to the target"),
    "http_to_https": (
        lambda target: target.url.startswith("http://"),
        "nobody asks it in clear; give the target an http:// url",
    ),
    "partial_pool": (
        lambda target: target.n_addresses > 1,
        "it has one address; set n_addresses to 2 or more, or use server_down",
    ),
}
"""Triggers and kinds that not every target can show: which can, and what to try for the others."""


def _check_effect(draft: Draft, place: str, word: str, *, targets: list[str], known: _Known) -> None:
    """Blame a row that names targets to which it can do nothing; without names, one that can do nothing to any."""
    if word not in _EFFECTS:
        return
    shows, reason = _EFFECTS[word]
    idle = [
        name
        for name in targets or known.targets
        if (target := known.targets_by_name.get(name)) is not None
        and not shows(target)
        and not (word == "sni" and name in known.led_to_tls)
    ]
    if idle and (targets or len(idle) == len(known.targets)):
        field = f"{place.rpartition('.')[0]}.targets" if targets else place
        draft.blame(field, f"{word} does nothing to {', '.join(idle)}: {reason}")


def _check_interference(draft: Draft, place: str, content: dict[str, Any], *, row: Interference) -> None:
    action = ACTIONS.get(row.action)
    if action is None:
        draft.blame(f"{place}.action", f"there is no {row.action!r}: {suggest(row.action, ACTIONS)}")
    if row.trigger not in TRIGGERS:
        draft.blame(f"{place}.trigger", f"there is no {row.trigger!r}: {suggest(row.trigger, TRIGGERS)}")
    elif action is not None and row.trigger not in action.triggers:
        draft.blame(f"{place}.trigger", f"{row.action} does not go with it; it goes with {', '.join(action.triggers)}")
    elif action is not None:
        _check_pair(draft, place, content, row=row)
    _check_numbers(draft, place, row)


def _check_pair(draft: Draft, place: str, content: dict[str, Any], *, row: Interference) -> None:
    pair = f"{row.action} by {row.trigger}"
    must, may = fields_of(row.action, row.trigger)
    for field in sorted(must - content.keys()):
        draft.blame(f"{place}.{field}", f"{pair} needs it: add it")
    for field in content:
        if field not in may and field not in COMMON:
            draft.blame(f"{place}.{field}", f"{pair} does not use it; it uses {', '.join(sorted(may)) or 'no more'}")
    if row.engine == "kernel" and row.trigger not in ACTIONS[row.action].kernel:
        kernel = ", ".join(ACTIONS[row.action].kernel)
        reason = f"{pair} is done by the middlebox only: leave it out"
        draft.blame(f"{place}.engine", f"{reason}, or use a trigger out of {kernel}" if kernel else reason)
    if row.where == "transit" and row.action in AT_THE_OPERATOR:
        draft.blame(f"{place}.where", f"{row.action} is done by the operator: leave it out")
    if row.targets and row.trigger in UNTARGETED and row.action != "proxy":
        draft.blame(f"{place}.targets", f"{row.trigger} does not look at targets: leave it out")


def _check_numbers(draft: Draft, place: str, row: Interference) -> None:
    _check_share(draft, f"{place}.probability", row.probability)
    _check_share(draft, f"{place}.loss", row.loss)
    for field in ("rate_kbit", "after_bytes", "delay_ms", "residual_s"):
        if getattr(row, field) < 0:
            draft.blame(f"{place}.{field}", "it cannot be negative")
    for port in row.ports:
        if not 1 <= port <= _MAX_PORT:
            draft.blame(f"{place}.ports", f"{port} is not in 1..{_MAX_PORT}")
    for field, words in (("answer", ANSWERS), ("icmp", ICMP)):
        word = getattr(row, field)
        if word and word not in words:
            draft.blame(f"{place}.{field}", f"there is no {word!r}: {suggest(word, words)}")
    if any(not word for word in row.words):
        draft.blame(f"{place}.words", "an empty word is in everything: leave it out")


def _check_condition(draft: Draft, place: str, content: dict[str, Any], *, row: Condition) -> None:
    kind = CONDITIONS.get(row.kind)
    if kind is None:
        draft.blame(f"{place}.kind", f"there is no {row.kind!r}: {suggest(row.kind, CONDITIONS)}")
        return
    for field in kind.must:
        if field not in content:
            draft.blame(f"{place}.{field}", f"{row.kind} needs it: add it")
    allowed = {"kind", *kind.must, *kind.may}
    allowed |= {"networks"} if kind.per_network else set()
    allowed |= {"targets"} if kind.per_target else set()
    for field in content:
        if field not in allowed:
            draft.blame(f"{place}.{field}", f"{row.kind} does not use it: leave it out")
    _check_share(draft, f"{place}.share", row.share)
    if row.seconds < 0:
        draft.blame(f"{place}.seconds", "it cannot be negative")
    if row.status and row.status not in _STATUS:
        draft.blame(f"{place}.status", f"{row.status} is no status of a web answer: use 200..599")


def _check_truth(draft: Draft, place: str, row: Truth) -> None:
    for mechanism in row.one_of:
        if mechanism not in MECHANISMS:
            draft.blame(f"{place}.one_of", f"there is no mechanism {mechanism!r}: {_suggest_mechanism(mechanism)}")
    if row.locus and row.locus not in LOCI:
        draft.blame(f"{place}.locus", f"there is no locus {row.locus!r}: {suggest(row.locus, LOCI)}")
    states = {MECHANISMS[mechanism].state for mechanism in row.one_of if mechanism in MECHANISMS}
    if row.state in ("ok", "insufficient"):
        return
    if not row.one_of:
        draft.blame(f"{place}.one_of", f"a cell that is {row.state} has a mechanism: add it")
    elif states and row.state not in states:
        draft.blame(f"{place}.state", f"its mechanisms make a cell {' or '.join(sorted(states))}, not {row.state}")


def _suggest_mechanism(mechanism: str) -> str:
    """List what is close, else the tree below the same layer, else the layers."""
    layer = mechanism.partition(".")[0]
    below = [known for known in MECHANISMS if known == layer or known.startswith(f"{layer}.")]
    return suggest(mechanism, below or [known for known in MECHANISMS if "." not in known])


def _check_share(draft: Draft, place: str, share: float) -> None:
    if not 0.0 <= share <= 1.0:
        draft.blame(place, f"{share:g} is not in 0..1")


def _tables(draft: Draft, section: str) -> Iterable[dict[str, Any]]:
    value = draft.content.get(section)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _names(draft: Draft, section: str) -> tuple[str, ...]:
    names = (row.get("name") for row in _tables(draft, section))
    return tuple(name for name in names if isinstance(name, str))
