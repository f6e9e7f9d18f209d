"""``raabta subscribe change|leave|forget``."""

from typing import Annotated

import typer

from raabta.cli.prompting import confirm
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, new_bytes, now, opened
from raabta.cli.subscribe.options import (
    ComponentOption,
    InvitationOption,
    KindOption,
    LanguageOption,
    ProductOption,
    SubscriberId,
)


def change(
    id_: SubscriberId,
    *,
    language: LanguageOption = None,
    component: ComponentOption = None,
    kind: KindOption = None,
    product: ProductOption = None,
    all_: Annotated[bool, typer.Option("--all", help="All components and kinds, whatever was chosen.")] = False,
    invitation: InvitationOption = None,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make a webhook a new secret, and print it this once.")
    ] = False,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Change what a subscriber gets; what is not named stays. Prints the id, or the new secret.

    Exit code: 0 changed, 2 refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.subscribing import confirming  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.subscribing.wishes import read_wishes  # noqa: PLC0415

        with desk.register.change() as records:
            found = confirming.required(records, id_)
            wishes = read_wishes(
                desk.settings,
                language=language or found.language,
                component_ids=() if all_ else component or found.component_ids,
                kinds=() if all_ else kind or found.kinds,
                products=found.products if product is None else product,
                invitation=invitation or "",
            )
            confirming.change(records, id_, wishes=wishes, now=now())
            renewed = confirming.renew_secret(records, id_, new_bytes=new_bytes) if new_secret else None
    typer.echo(renewed.secret if renewed else id_)


def leave(
    id_: SubscriberId,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Send no last message, and forget the address now.")] = False,
    register: RegisterOption = None,
) -> None:
    """End a subscription for somebody who asked the desk to. Prints the id.

    Exit code: 0 ended, or had ended before (said on standard error), 1 the database failed, 2 wrong usage.
    """
    if not yes and not confirm(f"End the subscription {id_}?"):
        raise typer.Exit
    with opened(register) as found:
        from raabta.pipeline.informing.subscribing.leaving import leave as end  # noqa: PLC0415  --help

        with found.change() as records:
            left = end(records, id_, now=now(), goodbye=not quiet)
    if left is None:
        typer.echo("It had ended before, or never was there.", err=True)
    typer.echo(id_)


def forget(*, register: RegisterOption = None) -> None:
    """Remove who never confirmed within 7 days, and what is left of who left 3 days ago.

    `raabta publish serve` does so by itself, each hour. Prints how many. At most 500 at once: run it again for more.

    Exit code: 0 removed, 1 the database failed, 2 wrong usage.
    """
    with opened(register) as found:
        from raabta.pipeline.informing.subscribing.leaving import forget as remove  # noqa: PLC0415  --help

        with found.change() as records:
            n_gone = remove(records, now=now())
    typer.echo(n_gone)
