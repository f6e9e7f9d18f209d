"""``raabta publish send`` and ``outbox``: send what is due, and see what waits and what failed."""

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import PAGE, FormatOption, LimitOption, as_lines, write_lines, write_table, write_text

if TYPE_CHECKING:
    from raabta.hub.outbox.sender import Tally
    from raabta.model.subscription import Delivery
    from raabta.registry import Records

NOT_ALL: Final = 3


def send(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Go on until stopped (Ctrl-C or SIGTERM).")] = False,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Send what is due: bulletins to subscribers, requests to confirm, answers to reports, alarms.

    One sender works on a register at a time. Stop it as you like, also with kill -9: nothing is lost, and what may have
    been sent twice is marked.

    Exit code: 0 all that was due is sent or came back, 3 something failed and waits for its next try or was given up,
    2 wrong usage or another sender is at work, 1 the database failed.
    """
    from raabta.hub.outbox.carriers import make_carriers  # noqa: PLC0415  --help need not wait for it
    from raabta.hub.outbox.sender import Sender  # noqa: PLC0415
    from raabta.pipeline.informing.composing import Composer  # noqa: PLC0415

    with opened_desk(register, settings) as desk, _until_stopped() as stop:
        if keep:
            gc.enable()  # unlike a command that ends soon
        made = make_carriers(desk.settings, folder=desk.settings_file.parent)
        for channel, words in made.complaints.items():
            typer.echo(f"{channel}: {words}", err=True)
        composer = Composer(desk.settings, desk.register.key)
        tally = Sender(desk.register, composer, made.carriers, stop=stop).run(keep=keep)
        with desk.register.look() as records:
            n_left = _n_left(records)
    _tell(tally, n_left)
    if tally.n("waiting") or tally.n("given_up") > tally.n_bounced or n_left:
        fail("not all was sent. See: raabta publish outbox --failures", code=NOT_ALL)


def outbox(
    *,
    failures: Annotated[bool, typer.Option("--failures", help="List what failed, with the reason.")] = False,
    again: Annotated[
        list[str] | None, typer.Option("--again", metavar="ID", help="Try one once more that was given up.")
    ] = None,
    limit: LimitOption = PAGE,
    format_: FormatOption = None,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Count what waits, what is sent and what failed, by channel.

    With --again prints the ids of what is tried once more.

    Exit code: 0 shown, 2 wrong usage or nothing such was given up, 1 the database failed.
    """
    from raabta.registry.outbox.counting import count_channels, failing, open_dispatches  # noqa: PLC0415  as above
    from raabta.registry.outbox.queue import try_again  # noqa: PLC0415

    with opened_desk(register, settings) as desk:
        if again:
            with desk.register.change() as records:
                done = try_again(records, again, now=now())
            typer.echo("\n".join(one.id for one in done))
            return
        with desk.register.look() as records:
            counts = count_channels(records, now=now())
            n_open = len(open_dispatches(records))
            failed = failing(records, now=now(), n_most=limit) if failures else []
    if failures:
        _show_failures(failed, lines=as_lines(format_))
        return
    if as_lines(format_):
        write_lines(counts)
        return
    heads = ["channel", "due", "waiting", "sending", "sent", "given up", "dropped"]
    rows = [(one.channel, one.due, one.waiting, one.sending, one.sent, one.given_up, one.dropped) for one in counts]
    write_table(heads, rows)
    if n_open:
        typer.echo(f"Bulletins not yet addressed to all: {n_open}. Send: raabta publish send", err=True)


def _show_failures(failed: "list[Delivery]", *, lines: bool) -> None:
    if lines:
        write_lines(failed)
        return
    for one in failed:
        next_try = f"; next {one.next_try_at:%Y-%m-%d %H:%M UTC}" if one.state == "waiting" else ""
        typer.echo(one.id)
        write_text(f"{one.state.replace('_', ' ')}, {one.n_tries} tries{next_try}: {one.failure}", indent="    ")


def _n_left(records: "Records") -> int:
    from raabta.registry.outbox.counting import count_channels  # noqa: PLC0415  as above

    return sum(one.due for one in count_channels(records, now=now()))


def _tell(tally: "Tally", n_left: int) -> None:
    words = [f"{tally.n('sent'):,} sent"]
    counts = (
        (tally.n("waiting"), "failed, to be tried again"),
        (tally.n("given_up") - tally.n_bounced, "given up"),
        (tally.n_bounced, "came back: the address does not work"),
    )
    words += [f"{n:,} {name}" for n, name in counts if n]
    if n_left:
        words.append(f"{n_left:,} due and not tried: their channel does not work")
    if tally.n_recovered:
        words.append(f"{tally.n_recovered:,} put back after a stop, and marked as possible repetitions")
    typer.echo("; ".join(words) + ".", err=True)
    for name, n in tally.faults.items():
        typer.echo(f"Could not be made, {n} times: {name}. Mend the settings, or report it.", err=True)


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and SIGTERM set: what is under way is then still settled."""
    stop = threading.Event()
    earlier = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, was in earlier.items():
            signal.signal(number, was)
