"""What one try came to, and when the next one is due."""

import datetime as dt
import zlib
from typing import Final, Literal

from msgspec import Struct, structs

from raabta.model.subscription import Delivery

TRY_AGAIN_S: Final = (60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, 43_200)
"""After the first try, after the second, and so on; the last one then stays. As Standard Webhooks proposes (from
seconds to a day), and slow enough for mail servers that put strangers off for minutes (greylisting)."""
TRY_ALARM_AGAIN_S: Final = (10, 30, 60, 120, 300, 600)
"""Alarms, and answers that a person waits for."""
GIVE_UP_AFTER: Final = dt.timedelta(days=3)
"""Between RFC 5321's 4 to 5 days and what a bulletin is still worth then."""
SPREAD_SHARE: Final = 0.1
"""Delays are so much longer at most, by the delivery's id: receivers that failed together do not come back together."""
RETRY_AFTER_MAX_S: Final = 86_400
"""A receiver may ask for a later try, but not for one after its message is given up."""
FAILURE_CHARACTERS_MAX: Final = 200


class Outcome(Struct, frozen=True, kw_only=True):
    """What one try came to.

    ``later`` is tried again, ``never`` is not; ``dropped`` was not even tried, since nobody wants it any more.
    """

    kind: Literal["sent", "later", "never", "dropped"]
    failure: str = ""
    """In words without an address."""
    uncertain: bool = False
    """It may have arrived although this says that it failed: the next try is marked."""
    retry_after_s: int = 0
    """When the receiver wants the next try; 0 where it does not say."""
    bounce: Literal["", "hard", "soft"] = ""
    """What it says of the address, should this have been the last try."""
    place_down: bool = False
    """Nothing else will get there now either."""


SENT: Final = Outcome(kind="sent")


def settled(delivery: Delivery, outcome: Outcome, *, now: dt.datetime) -> Delivery:
    """Give a delivery as it is after a try."""
    failure = outcome.failure[:FAILURE_CHARACTERS_MAX]
    match outcome.kind:
        case "sent":
            return structs.replace(delivery, state="sent", settled_at=now, failure="")
        case "dropped":
            return structs.replace(delivery, state="dropped", settled_at=now, failure=failure)
        case "never":
            return structs.replace(delivery, state="given_up", settled_at=now, failure=failure)
        case "later":
            return _put_back(structs.replace(delivery, failure=failure), outcome, now=now)


def wait_s(delivery: Delivery) -> int:
    """Say how long to wait after a delivery's newest try."""
    table = TRY_AGAIN_S if delivery.reason == "bulletin" else TRY_ALARM_AGAIN_S
    step = table[min(max(delivery.n_tries, 1), len(table)) - 1]
    return step + int(step * SPREAD_SHARE * (zlib.crc32(delivery.id.encode()) % 1000) / 1000)


def _put_back(delivery: Delivery, outcome: Outcome, *, now: dt.datetime) -> Delivery:
    wait = max(wait_s(delivery), min(outcome.retry_after_s, RETRY_AFTER_MAX_S))
    next_at = now + dt.timedelta(seconds=wait)
    if next_at > delivery.created_at + GIVE_UP_AFTER:
        return structs.replace(delivery, state="given_up", settled_at=now)
    repeated = delivery.repeated or outcome.uncertain
    return structs.replace(delivery, state="waiting", next_try_at=next_at, repeated=repeated)
