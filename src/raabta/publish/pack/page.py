"""The summary as one page of HTML, that needs nothing beside it: no script, no picture, no font, no network."""

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from raabta.model.incident import EVIDENCE_CLASSES
from raabta.model.pack import PackContent
from raabta.publish.moments import iso, local, say_moment
from raabta.publish.pack.instructions import FOLDERS, names_of
from raabta.publish.pack.names import some
from raabta.publish.words import say

_TEMPLATES: Final = Path(__file__).with_name("templates")


def summary_html(content: PackContent) -> bytes:
    """Write the summary, in both languages where bulletins have both."""
    words = _template().render(
        content=content,
        incident=content.incident,
        site=content.site,
        cause=content.causes[-1] if content.causes else None,
        classes=EVIDENCE_CLASSES,
        folders=FOLDERS,
        say=say,
        some=some,
        iso=iso,
        here=lambda at: local(at, content.site).isoformat(timespec="seconds"),
        moment=lambda at: say_moment(at, content.site, language="en"),
        names=names_of(content.site),
        parties={party.id: party.name_en for party in content.parties},
    )
    return (words.rstrip() + "\n").encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("summary.html")
