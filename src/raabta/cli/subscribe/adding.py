"""``raabta subscribe add|invite``."""

from typing import Annotated

import typer

from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.organisations import OrganisationId
from raabta.cli.subscribe.options import (
    ChannelOption,
    ComponentOption,
    InvitationOption,
    KindOption,
    LanguageOption,
    ProductOption,
    made,
    read_address,
)


def add(
    *,
    channel: ChannelOption = "email",
    language: LanguageOption = None,
    component: ComponentOption = None,
    kind: KindOption = None,
    product: ProductOption = None,
    invitation: InvitationOption = None,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="They said yes elsewhere, and you can show it: no request is sent.")
    ] = False,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Write down who asked to be told. Prints their id. The address is asked for, or read from standard input.

    They are sent a request to confirm, with the next `raabta publish send`. For chat the address is the name of a
    channel in publishing.toml; it needs no confirmation. A webhook's secret is shown to whoever confirms.

    Exit code: 0 written down, or known already (said on standard error), 2 refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.subscribing.asking import add_asked, add_confirmed  # noqa: PLC0415  --help
        from raabta.pipeline.informing.subscribing.wishes import read_channel, read_wishes  # noqa: PLC0415

        way = read_channel(channel)
        wishes = read_wishes(
            desk.settings,
            language=language or "both",
            component_ids=component or (),
            kinds=kind or (),
            products=product or (),
            invitation=invitation or "",
        )
        address = read_address("Address" if way != "chat" else "Name of the chat channel")
        adding = add_confirmed if confirmed else add_asked
        with desk.register.change() as records:
            asked = adding(records, address, channel=way, wishes=wishes, settings=desk.settings, made=made())
    typer.echo(f"{asked.words}.", err=True)
    typer.echo(asked.subscriber.id)


def invite(
    organisation: OrganisationId,
    *,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long the code works.")] = 30,
    register: RegisterOption = None,
) -> None:
    """Make a code for a member: who subscribes with it gets what is for members. Prints it.

    Exit code: 0 made, 2 there is no such organisation, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.pipeline.informing.subscribing.inviting import make_invitation  # noqa: PLC0415  --help

        with found.look() as records:
            code = make_invitation(records, organisation, now=now(), days=days)
    typer.echo(code)
