"""``raabta subscribe list|show|counts``."""

from typing import Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, opened
from raabta.cli.register.table import (
    PAGE,
    AfterOption,
    FormatOption,
    LimitOption,
    as_lines,
    tell_rest,
    write_lines,
    write_sheet,
    write_table,
)
from raabta.cli.subscribe.options import read_address


def list_(
    *,
    state: Annotated[
        str, typer.Option("--state", metavar="NAME", help="Only pending, confirmed, suspended or ended ones.")
    ] = "",
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="Only those on this channel.")] = "",
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
) -> None:
    """List subscribers by their id, without addresses: `raabta subscribe show ID` tells one.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.registry.subscribers import count_like, list_subscribers  # noqa: PLC0415  --help need not wait

        equal = {name: value for name, value in (("state", state), ("channel", channel)) if value}
        with found.look() as records:
            rows = list_subscribers(records, after=after, n_most=limit, **equal)
            n_all = len(rows) if len(rows) < limit else count_like(records, after=after, **equal)
    if as_lines(format_):
        write_lines(rows)
    else:
        heads = ("id", "state", "channel", "language", "about")
        write_table(heads, [(row.id, row.state, row.channel, row.language, _about(row.component_ids)) for row in rows])
    if rows:
        tell_rest(len(rows), n_all, rows[-1].id)


def _about(component_ids: tuple[str, ...]) -> str:
    return " ".join(component_ids) or "(all)"


def show(
    id_: Annotated[
        str, typer.Argument(metavar="[ID]", help="As su-…. Without it an address is asked for, or read from stdin.")
    ] = "",
    *,
    channel: Annotated[
        str, typer.Option("--channel", metavar="NAME", help="Of the address: email, webhook or chat.")
    ] = "email",
    format_: FormatOption = None,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Show all that is known of one subscriber. A webhook's secret is not shown.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from msgspec import structs  # noqa: PLC0415  --help need not wait for it

        from raabta.model.subscription import Subscriber  # noqa: PLC0415
        from raabta.pipeline.informing.subscribing.asking import find_address  # noqa: PLC0415
        from raabta.pipeline.informing.subscribing.wishes import read_channel  # noqa: PLC0415

        way = read_channel(channel)
        address = "" if id_ else read_address("Address")
        with desk.register.look() as records:
            if id_:
                found = records.get(Subscriber, id_)
            else:
                found = find_address(records, address, channel=way, settings=desk.settings)
    if found is None:
        fail("there is no such subscriber. Look with: raabta subscribe list")
    shown = structs.replace(found, secret="(kept)" if found.secret else "", address_hash="")
    if as_lines(format_):
        write_lines([shown])
        return
    write_sheet("Subscriber", shown)


def counts(*, format_: FormatOption = None, register: RegisterOption = None) -> None:
    """Count subscribers by state; of those who confirmed, by channel, language, component, kind and product.

    Exit code: 0 counted, 2 wrong usage, 1 the database failed.
    """
    with opened(register) as found:
        from raabta.registry.subscribers import count_subscribers  # noqa: PLC0415  --help need not wait for it

        with found.look() as records:
            rows = count_subscribers(records)
    if as_lines(format_):
        write_lines(rows)
        return
    write_table(("of", "name", "number"), [(row.of, row.name, f"{row.n:>9,}") for row in rows])
