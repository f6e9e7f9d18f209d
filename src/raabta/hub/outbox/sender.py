"""The sender: a loop that alone writes to the register, and threads that send.

Each turn takes what came back, settles it, expands a bit, starts what can be sent next, all in one commit
(``pipeline.informing.sending``), and hands it to the threads. A channel that is dead or slow keeps its own threads
waiting and nobody else's. Killed at any moment, what was started and not settled is marked at the next start.

The loop leaves the register's lock to others at least half of the time: a command of the desk that wants to write
while 100,000 messages go out waits for some hundredths of a second.
"""

import datetime as dt
import queue
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from msgspec import Struct, field

from raabta.hub.outbox.flights import RULES, Flights
from raabta.model.subscription import Channel, Delivery
from raabta.pipeline.informing.composing import Composer, Task
from raabta.pipeline.informing.sending import Exchanged, Wanted, exchange, has_work, tidy_up
from raabta.registry import Register
from raabta.registry.outbox.lock import only_sender
from raabta.registry.outbox.outcome import Outcome
from raabta.registry.outbox.queue import recover

POLL_S: Final = 1.0
"""How long an idle sender waits before it looks again."""
PAUSE_MIN_S: Final = 0.02
"""Between two looks at the register, however soon the next one may find something."""
MARGIN_S: Final = 0.1
"""After what waits for a receiver is due again, before a run that is to end does."""
TIDY_EVERY_S: Final = 60.0
REST_SHARE: Final = 1.0
"""After a commit the lock is left alone for as long as it was held, if nothing is to be settled meanwhile."""
REST_MAX_S: Final = 0.1


class Carrier(Protocol):
    """What brings messages of one channel to their receivers. Its threads share it."""

    def send(self, message: Any, /) -> Outcome:
        """Send one message, and say what came of it."""

    def close(self) -> None:
        """Let go of connections."""


class _Carried(NamedTuple):
    """What came of a message, and the fault of ours for which it could not even be made."""

    outcome: Outcome
    fault: str = ""


class Tally(Struct, kw_only=True):
    """What a run did. ``states`` counts tries by what became of them, by channel."""

    n_recovered: int = 0
    n_expanded: int = 0
    n_bounced: int = 0
    """Of those given up: the address does not work, and its subscriber was told nothing more."""
    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    """Faults of ours or of the settings, by name or in words: the message is tried again, and somebody should look."""

    def n(self, state: str) -> int:
        """Count the tries that ended in a state."""
        return sum(n for (_, found), n in self.states.items() if found == state)


class Sender:
    """Sends what the outbox of a register holds."""

    def __init__(
        self,
        register: Register,
        composer: Composer,
        carriers: Mapping[Channel, Carrier],
        *,
        stop: threading.Event,
    ) -> None:
        self._register = register
        self._composer = composer
        self._carriers = carriers
        self._stop = stop
        self._flights = {channel: Flights(RULES[channel]) for channel in carriers}
        self._back: queue.SimpleQueue[tuple[Delivery, Future[_Carried]]] = queue.SimpleQueue()
        self._rest_until_s = self._tidy_from_s = self._waits_until_s = self._dry_until_s = 0.0
        self._dry: set[Channel] = set()
        """Channels that had less than could be sent, until somebody looks again."""
        self._expanding = True
        self._idles = False
        self.tally = Tally()

    def run(self, *, keep: bool) -> Tally:
        """Send until nothing is due, or with ``keep`` until the event is set that was given.

        Raises:
            ValueError: Another sender is at work.
            OSError: The database failed.
        """
        with only_sender(self._register) as still_only:
            with self._register.change() as records:
                self.tally.n_recovered = recover(records, now=self._register.now())
            pools = {
                channel: ThreadPoolExecutor(RULES[channel].n_threads, thread_name_prefix=f"raabta-{channel}")
                for channel in self._carriers
            }
            try:
                while self._turn(pools, keep=keep):
                    still_only()
            finally:
                for pool in pools.values():
                    pool.shutdown(wait=True, cancel_futures=True)
                for carrier in self._carriers.values():
                    carrier.close()
        return self.tally

    def _turn(self, pools: Mapping[Channel, ThreadPoolExecutor], *, keep: bool) -> bool:
        """Do one turn; say whether there is to be another."""
        self._rest()
        back = self._take_back()
        if self._stop.is_set() and not back and not self._n_under_way():
            return False
        at_s = time.monotonic()
        if back and at_s >= self._dry_until_s:
            self._dry.clear()  # it writes anyway: one channel's many must not keep others from being looked at
            self._dry_until_s = at_s + POLL_S
        wanted = self._wanted(at_s)
        if not (back or wanted or self._may_expand()):
            return self._idle(keep=keep)
        done = self._exchange(back, wanted)
        self._rest_until_s = time.monotonic() + min((time.monotonic() - at_s) * REST_SHARE, REST_MAX_S)
        for task in done.tasks:
            channel = task.delivery.channel
            self._flights[channel].begin(task.delivery.id, task.place, at_s=time.monotonic())
            future = pools[channel].submit(self._carry, task)
            future.add_done_callback(partial(self._hand_back, task.delivery))
        n_begun = Counter(task.delivery.channel for task in done.tasks)
        self._dry |= {channel for channel, many in wanted.items() if n_begun[channel] < many.n}
        self._expanding = done.expanding
        self._idles = False
        if done.n_expanded:
            self._dry.clear()
        if done.waits:
            self._waits_until_s = max(self._waits_until_s, time.monotonic() + done.waits.total_seconds() + MARGIN_S)
        return True

    def _exchange(self, back: list[tuple[Delivery, Outcome]], wanted: Mapping[Channel, Wanted]) -> Exchanged:
        now = self._register.now()
        with self._register.change() as records:
            done = exchange(
                records, back, wanted=wanted, composer=self._composer, now=now, expands=not self._stop.is_set()
            )
        self.tally.n_expanded += done.n_expanded
        self.tally.n_bounced += sum(outcome.kind == "never" and outcome.bounce == "hard" for _, outcome in back)
        for one in done.settled:
            self.tally.states[one.channel, one.state] += 1
        return done

    def _wanted(self, at_s: float) -> dict[Channel, Wanted]:
        """Say of each channel that may have something how much can be sent."""
        if self._stop.is_set():
            return {}
        now = self._register.now()
        return {
            channel: Wanted(
                n=n,
                busy=flights.busy(at_s=at_s),
                down={place: now + dt.timedelta(seconds=s) for place, s in flights.down(at_s=at_s).items()},
                trusted=flights.trusted(),
                doubted=flights.doubted(),
                n_doubtful=flights.room_for_doubtful(),
            )
            for channel, flights in self._flights.items()
            if channel not in self._dry and (n := flights.room(at_s=at_s))
        }

    def _may_expand(self) -> bool:
        return self._expanding and not self._stop.is_set()

    def _rest(self) -> None:
        """Leave the register's lock to others."""
        rest_s = self._rest_until_s - time.monotonic()
        if rest_s > 0:
            time.sleep(rest_s)

    def _take_back(self) -> list[tuple[Delivery, Outcome]]:
        """Give what came back; wait for it where there is nothing else to do."""
        back: list[tuple[Delivery, Outcome]] = []
        ready = self._may_expand() or self._wanted(time.monotonic())
        wait_s = self._pause_s() if not ready and (self._n_under_way() or self._idles) else 0.0
        try:
            back.append(self._came_back(*self._back.get(block=wait_s > 0, timeout=wait_s or None)))
            while True:
                back.append(self._came_back(*self._back.get_nowait()))
        except queue.Empty:
            return back

    def _pause_s(self) -> float:
        """Say how long to wait for what comes back, before there may be something else to do."""
        at_s = time.monotonic()
        soonest_s = min((one.room_in_s(at_s=at_s, n_most=POLL_S) for one in self._flights.values()), default=POLL_S)
        wakes = (one - at_s for one in (self._waits_until_s,) if one > at_s)
        return max(PAUSE_MIN_S, min(POLL_S, soonest_s, *wakes))

    def _hand_back(self, delivery: Delivery, made: "Future[_Carried]") -> None:
        self._back.put((delivery, made))

    def _came_back(self, delivery: Delivery, made: "Future[_Carried]") -> tuple[Delivery, Outcome]:
        error = made.exception()
        if error is None:
            outcome, fault = made.result()
        else:
            fault = type(error).__name__
            outcome = Outcome(kind="later", failure=f"a fault of ours ({fault})", uncertain=True)
        if fault:
            self.tally.faults[fault] += 1
        self._flights[delivery.channel].end(delivery.id, place_down=outcome.place_down, at_s=time.monotonic())
        return delivery, outcome

    def _carry(self, task: Task) -> "_Carried":
        """Make and send one message: on a thread of its channel."""
        try:
            message = self._composer.compose(task, now=self._register.now())
        except (ValueError, LookupError) as error:
            # Of the settings, mostly: whoever mends them must find the message still waiting.
            words = str(error) if isinstance(error, ValueError) else type(error).__name__
            return _Carried(Outcome(kind="later", failure=f"cannot be made: {words}"), words)
        return _Carried(self._carriers[task.delivery.channel].send(message))

    def _idle(self, *, keep: bool) -> bool:
        """See without writing whether there is work again; say whether to go on."""
        now = self._register.now()
        at_s = time.monotonic()
        open_ = [channel for channel, flights in self._flights.items() if flights.room(at_s=at_s)]
        with self._register.look() as records:
            work = not self._stop.is_set() and has_work(records, now=now, channels=open_)
        self._idles = not work
        if work:
            self._dry.clear()
            self._expanding = True
            return True
        if at_s > self._tidy_from_s and not self._stop.is_set():
            with self._register.change() as records:
                n_gone = tidy_up(records, now=now)
            self._tidy_from_s = at_s + (0.0 if n_gone else TIDY_EVERY_S)
        return keep or self._n_under_way() > 0 or at_s < self._waits_until_s

    def _n_under_way(self) -> int:
        return sum(map(len, self._flights.values()))
