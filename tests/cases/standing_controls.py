"""Controls that run beside a test, by the machine's own clock, for commands that ask them from this process."""

import asyncio
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from raabta.control import ControlIdentity, ControlSettings, load_identity, serve
from raabta.probe.host import HostNetwork
from raabta.reference import load_tables

Now = Callable[[], dt.datetime]


def clock() -> dt.datetime:
    """What the time is."""
    return dt.datetime.now(dt.UTC)


@contextmanager
def standing_control(folder: Path, *, address: str = "127.0.0.1", behind_s: float = 0.0) -> Iterator[str]:
    """Run a control in a thread; gives what ``--control`` takes. ``behind_s``: how far its clock is behind."""

    def now() -> dt.datetime:
        return clock() - dt.timedelta(seconds=behind_s)

    identity = load_identity(folder, now=clock(), names=(address,))
    ready: Future[int] = Future()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(_serve(identity, address, now, ready),), daemon=True
    )
    thread.start()
    try:
        port = ready.result(timeout=20)
        yield f"https://{address}:{port}/ sha256/{identity.pin} ed25519/{identity.public_key}"
    finally:
        loop.call_soon_threadsafe(_cancel_all, loop)
        thread.join(timeout=20)
        loop.close()


async def _serve(identity: ControlIdentity, address: str, now: Now, ready: "Future[int]") -> None:
    settings = ControlSettings(listen=((address, 0),), tables=load_tables())
    try:
        await serve(
            settings,
            identity=identity,
            network=HostNetwork(),
            now=now,
            ready=lambda places: ready.set_result(places[0][1]),
            on_fault=print,
        )
    except asyncio.CancelledError:
        return


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
