"""Follow-ups of connections: the same again, and another port of the same address."""

import asyncio
from collections import Counter
from typing import Final

from raabta.model.followup import FollowUp
from raabta.probe import tcp
from raabta.probe.places import AsnOf
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Connect, Contrast

APART_S: Final = 0.4
"""Between the beginnings of two tries: a burst of loss on a line seldom lasts as long. Not validated."""


async def connect_again(trace: Trace, follow_up: FollowUp, *, settings: ProbeSettings, asn_of: AsnOf) -> Contrast:
    """Take one of the follow-ups ``tcp.repeat`` and ``tcp.other_port``: connect ``n`` times to the port given.

    Returns:
        ``n_good`` counts connections. ``failure`` is the most frequent one, None without any; a refusal means that
        somebody there answers, though not with a connection. ``sender`` and ``asn`` are of an ICMP error.
    """

    async def once(number: int) -> Connect:
        await asyncio.sleep(number * APART_S)
        connect, stream = await tcp.connect(
            trace, follow_up.address, port=follow_up.port, settings=settings, asn_of=asn_of
        )
        if stream is not None:
            stream.close()
        return connect

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(once(number)) for number in range(max(1, follow_up.n))]
    return _sum_up(follow_up, [task.result() for task in tasks])


def _sum_up(follow_up: FollowUp, connects: list[Connect]) -> Contrast:
    failures = Counter(connect.status.failure for connect in connects if connect.status.failure is not None)
    icmp = next((connect.x_icmp for connect in connects if connect.x_icmp is not None), None)
    return Contrast(
        kind=follow_up.kind,
        address=follow_up.address,
        port=follow_up.port,
        name=follow_up.name,
        failure=failures.most_common(1)[0][0] if failures else None,
        n=len(connects),
        n_good=sum(connect.status.success for connect in connects),
        t0=min(connect.t0 for connect in connects),
        t=max(connect.t for connect in connects),
        rtt_ms=min((connect.x_rtt_ms for connect in connects if connect.x_rtt_ms is not None), default=None),
        sender="" if icmp is None else icmp.sender,
        asn=0 if icmp is None else icmp.asn,
        detail=" ".join(f"{failure} {n}" for failure, n in failures.most_common()),
        transaction_id=connects[0].transaction_id,
    )
