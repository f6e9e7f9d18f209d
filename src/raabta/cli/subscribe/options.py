"""Options that commands of ``raabta subscribe`` share, and how an address is read."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.prompting import is_person

if TYPE_CHECKING:
    from raabta.pipeline.informing.subscribing.asking import Made

ADDRESS_CHARACTERS_MAX: Final = 2000

SubscriberId = Annotated[str, typer.Argument(metavar="ID", help="The subscriber's id, as su-….")]
ChannelOption = Annotated[str, typer.Option("--channel", metavar="NAME", help="email, webhook or chat.")]
LanguageOption = Annotated[str | None, typer.Option("--language", metavar="NAME", help="en, ur or both.")]
ComponentOption = Annotated[
    list[str] | None, typer.Option("--component", metavar="ID", help="About this; repeatable. Default: all.")
]
KindOption = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="NAME", help="incident, notice, meeting, advisory; repeatable. Default: all."),
]
ProductOption = Annotated[
    list[str] | None, typer.Option("--product", metavar="ID", help="Runs this: gets advisories on it; repeatable.")
]
InvitationOption = Annotated[
    str | None, typer.Option("--invitation", metavar="CODE", help="A member's code: gets what is for members.")
]


def read_address(words: str) -> str:
    """Ask for an address, or read it from standard input: arguments are seen by everybody on the machine."""
    if is_person():
        return str(typer.prompt(words, err=True)).strip()
    address = sys.stdin.readline(ADDRESS_CHARACTERS_MAX).strip()
    if not address:
        fail("the address is missing: it is read from standard input, as one line.")
    return address


def made() -> "Made":
    """Give what new rows are made with."""
    from raabta.cli.register.opening import new_bytes, new_id, now  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.informing.subscribing.asking import Made  # noqa: PLC0415

    return Made(now=now(), new_id=new_id, new_bytes=new_bytes)
