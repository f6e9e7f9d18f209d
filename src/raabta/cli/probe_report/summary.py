"""One sentence for a whole round, and the exit code that says the same."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from raabta.cli.report.words import counted, findings_of
from raabta.model import Verdict
from raabta.pipeline.probing import Probed

ALL_WELL: Final = 0
SOMETHING_WRONG: Final = 1
OWN_NETWORK: Final = 3
NOT_FINISHED: Final = 5

STATE_WORDS: Final = {
    "blocked": "blocked",
    "throttled": "slowed down on purpose",
    "down": "down",
    "degraded": "working badly",
    "insufficient": "not clear",
}
"""States in the order in which they are told; ``ok`` is said by itself."""


def exit_code(found: Sequence[Probed]) -> int:
    """Give the code that says how a round ended."""
    if any(one.error for one in found):
        return NOT_FINISHED
    verdicts = verdicts_of(found)
    if any(one.unasked for one in found):
        return OWN_NETWORK
    if any(is_own_network(verdict) for verdict in verdicts) and all(verdict.state != "ok" for verdict in verdicts):
        return OWN_NETWORK
    wrong = [verdict for verdict in verdicts if verdict.state not in ("ok", "insufficient")]
    return SOMETHING_WRONG if wrong else ALL_WELL


def verdicts_of(found: Sequence[Probed]) -> list[Verdict]:
    """Give the verdicts of what was measured."""
    return [one.verdict for one in found if one.verdict is not None]


def is_own_network(verdict: Verdict) -> bool:
    """Say whether the fault is the machine's own network."""
    return verdict.locus == "vantage" and verdict.state != "ok"


def summary_of(found: Sequence[Probed]) -> str:
    """Say a whole round in one or two sentences."""
    verdicts = verdicts_of(found)
    if verdicts and found[0].unasked:
        return f"{_own(verdicts[0])} No service was asked."
    counts = Counter(verdict.state for verdict in verdicts)
    n = len(found)
    if counts["ok"] == n:
        return "It works from here." if n == 1 else f"All {counted(n, 'service')} work from here."
    own = [verdict for verdict in verdicts if is_own_network(verdict)]
    parts = [f"{counts[state]:,} {words}" for state, words in STATE_WORDS.items() if counts[state]]
    n_broken = sum(bool(one.error) for one in found)
    if n_broken:
        parts.append(f"{n_broken:,} not measured, by a fault of this program")
    sentence = f"{counts['ok']:,} of {counted(n, 'service')} work from here; {', '.join(parts)}."
    return f"{_own(own[0])} {sentence}" if own and len(own) == len(verdicts) - counts["ok"] else sentence


HINTS: Final = {
    "local.no_network": "Connect this machine to a network, then try again.",
    "local.captive_portal": "Open a web browser, sign in on the page that comes, then try again.",
    "local.clock": "Set this machine's clock, then try again.",
    "local.resolver": "Restart your router, or set another name resolver on this machine.",
    "outage.access": "Restart your router. If that does not help, ask your operator.",
}
"""What to try where the fault is near, by mechanism."""


def hint_of(verdict: Verdict) -> str:
    """Give what to try next, "" where nothing near helps."""
    return next((HINTS[name] for name in verdict.mechanisms if name in HINTS), "")


def _own(verdict: Verdict) -> str:
    words = findings_of(verdict)
    return f"It is your own network: {words}." if is_own_network(verdict) else f"{_capital(words)}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
