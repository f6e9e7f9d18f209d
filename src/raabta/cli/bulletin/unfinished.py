"""What somebody typed at a terminal is not lost: on an error or Ctrl-C it is kept in a file, for ``--from``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import typer

from raabta.cli.bulletin.options import Typed
from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.prompting import ask_text, is_person
from raabta.cli.register.opening import now

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk


class Asked(NamedTuple):
    """What was typed at prompts so far."""

    texts: dict[str, str]
    """As {"known_en": …}."""
    values: dict[str, str]
    """Of a template, as {"news_en": …}."""


@contextmanager
def keeping(desk: "Desk", typed: Typed) -> Iterator[Asked]:
    """Keep what is typed at prompts inside, if anything goes wrong there: a refusal, an error, Ctrl-C."""
    asked = Asked({}, {})
    is_done = False
    try:
        yield asked
        is_done = True
    finally:
        if not is_done and any((*asked.texts.values(), *asked.values.values())):
            _keep(desk, typed, asked)


def resumed(typed: Typed) -> Typed:
    """Go on with a template's values, where ``--from`` names a file that holds them."""
    import msgspec  # noqa: PLC0415  --help need not wait for it

    if typed.file is None or str(typed.file) == STANDARD:
        return typed
    try:
        read = msgspec.toml.decode(typed.file.read_bytes())
    except (OSError, ValueError):
        return typed  # whoever reads its texts says what is wrong with it
    if not (isinstance(read, dict) and isinstance(read.get("set"), dict)):
        return typed
    values = [f"{name}={value}" for name, value in read["set"].items()]
    template = typed.template or str(read.get("template", "")) or None
    return typed._replace(file=None, template=template, values=[*values, *(typed.values or ())])


def ask_next(desk: "Desk", typed: Typed) -> Typed:
    """Ask a person first of all when the next update comes, until the answer can be kept."""
    from raabta.pipeline.informing.bulletins.fields import check_next_is_ahead  # noqa: PLC0415  as above
    from raabta.pipeline.informing.moments import read_moment  # noqa: PLC0415  as above

    if typed.final or "next" in typed.texts or not is_person():
        return typed
    site = desk.settings.site
    while True:
        answer = ask_text(None, "--next", "Next update (+1h, 22:30, or final)")
        if answer == "final":
            return typed._replace(final=True)
        try:
            check_next_is_ahead(read_moment(answer, zone=site.zone, now=now()), site, now=now())
        except ValueError as error:
            typer.echo(f"--next: {error}", err=True)
        else:
            return typed._replace(texts={**typed.texts, "next": answer})


def check_next(desk: "Desk", fields: dict[str, object]) -> None:
    """Refuse a next update in the past before anything is asked."""
    from raabta.pipeline.informing.bulletins.fields import check_next_is_ahead  # noqa: PLC0415  as above

    due = fields.get("next_update_at")
    if due is not None:
        check_next_is_ahead(due, desk.settings.site, now=now())  # type: ignore[arg-type]


def _keep(desk: "Desk", typed: Typed, asked: Asked) -> None:
    from raabta.pipeline.informing.bulletins.files import with_parts, write_table, write_texts  # noqa: PLC0415

    if asked.texts:
        whole = {"title_en": "", "title_ur": ""} | asked.texts
        content = write_texts(with_parts((), whole))
    else:
        given = dict(one.partition("=")[::2] for one in typed.values or ())
        content = write_table(typed.template or "correction", given | asked.values)
    file = desk.folder / f"bulletin-{now():%Y%m%dT%H%M%S%fZ}.toml"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(content)
    except OSError as error:
        fail(f"what you typed cannot be kept in {file}: {error.strerror}. Here it is:\n{content}")
    typer.echo(f"What you typed is kept. Go on with it: the same command with --from {file}", err=True)
