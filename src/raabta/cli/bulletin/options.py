"""Options that commands on bulletins share."""

from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

FIELDS: Final = {
    "next": "When the next update comes: 14:00, +2h, 2026-11-22 14:00.",
    "state": "The state that it tells. Default: the incident's.",
    "severity": "none, minor, major or critical. Default: the incident's.",
    "evidence": "Class of evidence for the cause. Default: the incident's newest cause.",
    "probability": "Of the cause, 0 to 100.",
    "audience": "public, members or product_users (advisories). Default: public.",
    "starts": "Of a meeting: when it begins.",
    "ends": "Of a meeting: when it ends.",
    "place": "Of a meeting: where, in English.",
    "place_ur": "The same in Urdu.",
    "url": "Of a meeting: the address to join it.",
    "affected": "Of an advisory: affected versions.",
    "fixed": "Of an advisory: versions that are not affected.",
    "score": "Of an advisory: CVSS, as its source gives it.",
}

BulletinArgument = Annotated[str, typer.Argument(metavar="BULLETIN", help="Its id, or the beginning of it.")]
TemplateOption = Annotated[
    str | None, typer.Option("--template", "-t", metavar="NAME", help="See `raabta bulletin templates`.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A value of the template; may be repeated.")
]
FromOption = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Both texts, as `show --toml` writes them; - is stdin.")
]
TextOption = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="PART=WORDS", help="As known_en=…, title_ur=…; may be repeated."),
]
ComponentOption = Annotated[
    list[str] | None, typer.Option("--component", metavar="ID", help="Default: the incident's. May be repeated.")
]
OperatorOption = Annotated[
    list[str] | None, typer.Option("--operator", metavar="ID", help="Default: the incident's. May be repeated.")
]
ProductOption = Annotated[
    list[str] | None, typer.Option("--product", metavar="ID", help="Of an advisory; may be repeated.")
]
IdentifierOption = Annotated[
    list[str] | None, typer.Option("--identifier", metavar="ID", help="Of an advisory: CVE-2024-3400; repeatable.")
]
FinalOption = Annotated[bool, typer.Option("--final", help="No further update is promised.")]


class Typed(NamedTuple):
    """What was typed: fields by name, and where the texts come from."""

    texts: dict[str, str]
    template: str | None = None
    values: list[str] | None = None
    file: Path | None = None
    parts: list[str] | None = None
    component: list[str] | None = None
    operator: list[str] | None = None
    product: list[str] | None = None
    identifier: list[str] | None = None
    final: bool = False

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Typed":
        """Take what belongs here out of a command's own arguments (``locals()``)."""
        return cls(**{name: given[name] for name in cls._fields if name in given})
