"""How things are said to people: no ids, and nothing by which a document could forge what the terminal shows."""

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from rich.text import Text

from raabta.model import MECHANISMS, Verdict


class StateLook(Struct, frozen=True):
    """A state's sign and colour. The sign differs for each, so that the colour adds nothing needed."""

    sign: str
    style: str


LOOKS: Final = {
    "blocked": StateLook("✗", "bold red"),
    "throttled": StateLook("≈", "magenta"),
    "down": StateLook("!", "yellow"),
    "degraded": StateLook("~", "blue"),
    "ok": StateLook("✓", "green"),
    "insufficient": StateLook("?", "dim"),
}
"""Every state a verdict can have, the ones to look at first."""

LOCUS_WORDS: Final = {
    "vantage": "on the measuring machine or its own network",
    "access": "in the network of the operator",
    "transit": "in a network in between",
    "target": "at the site itself",
    "unknown": "cannot be told",
}


def state_text(state: str, *, n: int | None = None) -> Text:
    """Give a state with its sign, in its colour, never cut at a line's end; with a count where there is one."""
    look = LOOKS[state]
    parts = (look.sign, state) if n is None else (look.sign, f"{n:,}", state)
    return Text("\N{NO-BREAK SPACE}".join(parts), style=look.style)


def plain(text: str) -> str:
    """Give text with every character that could move a terminal's cursor, or the reading order, made visible as "�"."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)


def as_words(identifier: str) -> str:
    """Give a closed word of the program ("same_address") as words."""
    return identifier.replace("_s_", "'s ").replace("_", " ")


def percent(share: float) -> str:
    """Give a probability in whole percent; nothing is certain, so never 0 or 100."""
    whole = round(share * 100)
    return "<1 %" if whole < 1 else ">99 %" if whole > 99 else f"{whole} %"


def counted(n: int, noun: str) -> str:
    """Give a number and its noun, plural where it is one."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def target_of(verdict: Verdict) -> str:
    """Name what was measured: the host of the input, else the input, else the test."""
    if not verdict.input:
        return as_words(plain(verdict.test_name))
    try:
        host = urlsplit(verdict.input).hostname if "://" in verdict.input else ""
    except ValueError:
        host = ""
    return plain(host or verdict.input)


def network_of(verdict: Verdict) -> str:
    """Name the network that was measured from: its number and country."""
    asn = f"AS{verdict.probe_asn}" if verdict.probe_asn else "AS unknown"
    return plain(f"{asn} {verdict.probe_cc}".strip())


def time_of(verdict: Verdict) -> str:
    """Give when it was measured, to the minute, in UTC."""
    return plain(verdict.measured_at[:16].replace("T", " "))


def findings_of(verdict: Verdict) -> str:
    """Say what was found: the mechanisms, or why nothing is said; "" where all is well."""
    if verdict.mechanisms:
        return "; ".join(MECHANISMS[name].words if name in MECHANISMS else name for name in verdict.mechanisms)
    reason = verdict.reason if verdict.input else verdict.reason.removeprefix(f"{verdict.test_name}: ")
    return as_words(plain(reason))
