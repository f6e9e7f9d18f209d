"""The rules of lint as data: permanent id, what is wrong, what to try, whether a review may let it pass.

The table is ``data/rules.toml``. Code names a rule by its id only; an id that the table lacks is a fault that a test
finds.
"""

import functools
import importlib.resources
import re
from collections.abc import Collection, Iterable

import msgspec

from raabta.model.exemption import LintFinding
from raabta.remedy.linting.personal import in_code, masked

_MAX_CHARS = 80
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]|[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule.

    Attributes:
        words: What is wrong, with places for ``{value}`` and ``{detail}``.
        advice: What to try next.
        hard: Whether it keeps the entry out.
        review: Whether a named person may let it pass.
    """

    words: str
    advice: str
    hard: bool = True
    review: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: dict[str, Rule]


@functools.cache
def load_rules() -> dict[str, Rule]:
    """The rules by id, in the order of the file. Read once."""
    raw = importlib.resources.files("raabta.remedy").joinpath("data/rules.toml").read_bytes()
    return msgspec.toml.decode(raw, type=_File).rule


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What findings are about: its id, and the rules that a review lets pass for it."""

    id: str
    reviewed: Collection[str] = ()

    def finding(self, rule: str, place: str, *, value: object = "", detail: object = "") -> LintFinding:
        """Say that a rule is broken at a field.

        Args:
            rule: Its id.
            place: The field.
            value: What stands there. Long numbers and e-mail addresses are masked: they may be a person's.
            detail: What it is compared with.
        """
        found, words, advice = _told(rule, shown(value), shown(detail))
        return LintFinding(
            rule=rule,
            hard=found.hard and not (found.review and rule in self.reviewed),
            subject=shown(self.id) if in_code(self.id) else self.id,
            place=place,
            words=words,
            advice=advice,
        )


# One cloud's address stands in many entries of a list: 100,000 findings take half the time.
@functools.lru_cache(maxsize=4096)
def _told(rule: str, value: str, detail: str) -> tuple[Rule, str, str]:
    found = load_rules()[rule]
    return found, found.words.format(value=value, detail=detail), found.advice.format(value=value, detail=detail)


def shown(value: object) -> str:
    """Give text as it may be shown: short, on one line, without what looks like a person's number or address."""
    if isinstance(value, int) or not value:
        return str(value)
    text = _UNPRINTABLE.sub("?", masked(str(value)))
    return text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 1]}…"


def reviewed_rules(text: str) -> frozenset[str]:
    """Read ``ExemptionEntry.reviewed``: ids joined by blanks."""
    return frozenset(text.split()) if text else frozenset()


def misplaced_reviews(rules: Iterable[str]) -> list[str]:
    """The ids among those reviewed that no review can let pass."""
    known = load_rules()
    return sorted(rule for rule in rules if rule not in known or not known[rule].review)
