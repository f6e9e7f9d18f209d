"""``raabta gateway run``: the agent as a service."""

import signal
import threading
from typing import Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.gateway.opening import COULD_NOT, DEFAULT_CONFIG, REFUSED, ConfigOption, in_words, open_agent


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and leave: for a timer.")] = False,
) -> None:
    """Pull, apply, and look after the table, until stopped (SIGTERM, SIGINT). What fails is told; last-good stays.

    Exit code: 0 stopped; with --once 0 all is well, 3 something failed or was refused; 1 the folder cannot be written;
    2 wrong usage.
    """
    from raabta.gateway.running import start, step  # noqa: PLC0415  --help need not wait for it

    agent = open_agent(config)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    due = start(agent)
    last: tuple[str, ...] = ()
    while not stopped.is_set():
        try:
            turn = step(agent, due)
        except OSError as error:
            fail(str(error), code=COULD_NOT)
        due = turn.due
        if turn.told and turn.told != last:
            last = turn.told
            for words in turn.told:
                typer.echo(words, err=True)
        if once:
            with in_words():
                trouble = agent.store.notes().trouble
            raise typer.Exit(REFUSED if trouble else 0)
        stopped.wait(agent.settings.run.check_s)
