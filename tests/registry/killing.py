"""Writers that are killed: each adds cases and says each one's id on a pipe once it is committed."""

import os
import random
import select
import signal
import time
from typing import NamedTuple

from raabta.model.register import Case, Consent, Organisation
from tests.registry.specimens import NOW, opened, organisation

LONGEST_S = 0.03


class Killed(NamedTuple):
    """What became of it: ids that were acknowledged and are not there, and cases that came without their consent."""

    lost: list[str]
    n_acknowledged: int
    n_half: int


def kill_at_random_moments(url: str, *, n_times: int, chance: random.Random) -> Killed:
    """Kill a writer so often, each a random while after its first word."""
    with opened(url) as register, register.change() as records:
        records.add(organisation())
    acknowledged: list[str] = []
    for turn in range(n_times):
        acknowledged += _kill_one(url, turn, chance.uniform(0, LONGEST_S))
    with opened(url) as register, register.look() as records:
        cases = {case.id for case in records.find(Case)}
        consents = {consent.id for consent in records.find(Consent)}
        assert records.count(Organisation) == 1
    return Killed(
        lost=sorted(set(acknowledged) - cases), n_acknowledged=len(acknowledged), n_half=len(cases ^ consents)
    )


def _kill_one(url: str, turn: int, after_s: float) -> list[str]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _write_for_ever(url, turn, writer)
    os.close(writer)
    select.select([reader], [], [], 20)
    time.sleep(after_s)  # the random moment itself: nothing is waited for
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader, encoding="ascii") as told:
        *whole, _cut = told.read().split("\n")
    return whole


def _write_for_ever(url: str, turn: int, writer: int) -> None:
    try:
        register = opened(url)
        for number in range(100_000):
            id_ = f"c-{turn:03}-{number:05}"
            with register.change() as records:
                records.add(Case(id=id_, organisation_id="o-a", kind="pk.A", created_at=NOW, changed_at=NOW))
                records.add(Consent(id=id_, organisation_id="o-a", purpose="contact", recipient="op", given_at=NOW))
            os.write(writer, f"{id_}\n".encode())
    finally:
        os._exit(1)
