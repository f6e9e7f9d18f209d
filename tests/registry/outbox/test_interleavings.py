"""However expanding, starting, settling, leaving and crashing follow each other: each message goes out once, or the
further ones say that they may be repetitions; and none is lost."""

import datetime as dt
from collections import Counter
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from raabta.model.subscription import Delivery, Subscriber
from raabta.registry.outbox.expanding import expand_some
from raabta.registry.outbox.outcome import SENT, Outcome
from raabta.registry.outbox.queue import due, recover, settle, start
from tests.registry.outbox.specimens import bulletin, dispatch, subscriber
from tests.registry.specimens import NOW, opened

OUTCOMES: Final = (
    SENT,
    Outcome(kind="later", failure="busy"),
    Outcome(kind="later", failure="cut after the last byte", uncertain=True),
)


class Outbox(RuleBasedStateMachine):
    """A sender, its register, and a receiver that counts."""

    @initialize(n_before=st.integers(1, 5))
    def open_(self, n_before: int) -> None:
        self.now = NOW
        self.register = opened()
        self.arrived: list[tuple[str, bool]] = []
        self.under_way: list[Delivery] = []
        self.tried: list[tuple[Delivery, Outcome]] = []
        self.wanted: set[str] = set()
        self.left: set[str] = set()
        self.n_subscribers = self.n_bulletins = 0
        for _ in range(n_before):
            self.subscribe(at=5)
        self.publish()
        self.expand(n_most=4, cut=False)

    def teardown(self) -> None:  # type: ignore[explicit-override]  # Python 3.11 has no typing.override
        if not hasattr(self, "register"):
            return
        self.crash()
        for _ in range(400):
            if not self.work():
                break
        self.each_message_once_or_marked()
        assert {id_ for id_, _ in self.arrived} >= self.wanted
        self.register.close()

    @rule(at=st.integers(0, 9))
    def subscribe(self, at: int) -> None:
        id_ = f"su-{at}{self.n_subscribers:04}"  # before or after the cursor
        self.n_subscribers += 1
        with self.register.change() as records:
            records.add(subscriber(id_, confirmed_at=self.now))

    @rule()
    def publish(self) -> None:
        self.tick()
        self.n_bulletins += 1
        id_ = f"bu-{self.n_bulletins}"
        with self.register.change() as records:
            records.add(bulletin(id_))
            records.add(dispatch(id_, created_at=self.now))
            self.wanted |= {f"bulletin/{id_}/{one.id}" for one in records.find(Subscriber, state="confirmed")}
        self.tick()

    def tick(self) -> None:
        self.now += dt.timedelta(seconds=1)

    @rule(n_most=st.integers(1, 4), cut=st.booleans())
    def expand(self, n_most: int, cut: bool) -> None:
        try:
            with self.register.change() as records:
                expand_some(records, n_most=n_most)
                if cut:
                    raise InterruptedError
        except InterruptedError:
            self.crash()

    @rule(n_most=st.integers(1, 3), cut=st.booleans())
    def settle_and_start(self, n_most: int, cut: bool) -> None:
        try:
            with self.register.change() as records:
                settle(records, self.tried, now=self.now)
                begun = start(records, due(records, "email", now=self.now, n_most=n_most), now=self.now)
                if cut:
                    raise InterruptedError
            self.tried = []
            self.under_way += begun
        except InterruptedError:
            self.crash()

    @rule(outcome=st.sampled_from(OUTCOMES))
    def send(self, outcome: Outcome) -> None:
        while self.under_way:
            one = self.under_way.pop(0)
            if outcome.kind == "sent" or outcome.uncertain:
                self.arrived.append((one.id, one.repeated))
            self.tried.append((one, outcome))

    @rule()
    def crash(self) -> None:
        """Lose all that was not on the disk."""
        self.under_way, self.tried = [], []
        with self.register.change() as records:
            recover(records, now=self.now)

    @invariant()
    def each_message_once_or_marked(self) -> None:
        if hasattr(self, "arrived"):
            unmarked = Counter(id_ for id_, repeated in self.arrived if not repeated)
            assert all(number == 1 for number in unmarked.values())
            assert {id_ for id_, _ in self.arrived} <= self.wanted

    def work(self) -> bool:
        """Let an hour pass, in which all goes well; say whether anything was left."""
        self.now += dt.timedelta(hours=1)
        with self.register.change() as records:
            expanded = expand_some(records, n_most=2)
            settle(records, self.tried, now=self.now)
            self.tried = [(one, SENT) for one in start(records, due(records, "email", now=self.now, n_most=3), now=NOW)]
        self.arrived += [(one.id, one.repeated) for one, _ in self.tried]
        return bool(self.tried or expanded)


def test_however_steps_and_crashes_follow_each_other_each_message_goes_out_once_or_is_marked() -> None:
    few = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(Outbox, settings=few)
