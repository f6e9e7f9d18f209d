"""Follow-ups of lookups: the same question again, asked otherwise, or asked of somebody who is no resolver.

``detail`` holds the addresses that were answered, or the failure. They are addresses of targets, not of people.
"""

import asyncio
from collections import Counter
from typing import Final

from msgspec.structs import replace

from raabta.model.followup import FollowUp
from raabta.probe.dns import addresses, look_up
from raabta.probe.places import AsnOf
from raabta.probe.settings import Engine, ProbeSettings, Resolver
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Contrast, Query

_ENGINES: Final[dict[str, Engine]] = {"dns.tcp": "tcp", "dns.dot": "dot", "dns.doh": "doh", "dns.doq": "doq"}
_OTHER_NAME: Final = frozenset({"dns.other_name", "dns.no_resolver_other_name"})
_NO_RESOLVER: Final = frozenset({"dns.no_resolver", "dns.no_resolver_other_name"})

NO_RESOLVER_S: Final = 2.0
"""An answer from where no resolver is comes from the way there: sooner than any round trip, with one repeat."""


async def ask_again(trace: Trace, follow_up: FollowUp, *, settings: ProbeSettings, asn_of: AsnOf) -> Contrast:  # noqa: ARG001  all follow-ups are called alike
    """Take one of the follow-ups ``dns.*`` other than the walk.

    Args:
        trace: The measurement under way.
        follow_up: Its kind, the name in question, and ``n`` tries.
        settings: The resolvers, the harmless name, anchors for an address where no resolver is.
        asn_of: Not needed here.

    Returns:
        ``n_good`` counts answers with addresses. ``n`` is 0 where the settings name nobody to ask.
    """
    resolver = _own_resolver(trace) if follow_up.kind == "dns.system" else _resolver(follow_up.kind, settings)
    if resolver is None:
        return Contrast(kind=follow_up.kind, name=follow_up.name, n=0, detail="nobody to ask is set")
    if follow_up.kind in _NO_RESOLVER:
        settings = replace(settings, timeouts=replace(settings.timeouts, dns_s=NO_RESOLVER_S))
    name = settings.other_name if follow_up.kind in _OTHER_NAME else follow_up.name
    async with asyncio.TaskGroup() as group:
        asking = [
            group.create_task(look_up(trace, name, query_type="A", resolver=resolver, settings=settings))
            for _ in range(max(1, follow_up.n))
        ]
    return _sum_up(follow_up, [task.result()[0] for task in asking])


def _own_resolver(trace: Trace) -> Resolver | None:
    """Give the resolver that the system asks. Its address is asked and never written; what it says is."""
    own = trace.network.surroundings().resolvers
    return Resolver(engine="udp", address=own[0], port=53) if own else None


def _resolver(kind: str, settings: ProbeSettings) -> Resolver | None:
    """Choose whom to ask; None where the settings name nobody."""
    plain = settings.plain_resolver
    if kind in _NO_RESOLVER:
        anchors = [*settings.anchors, *([settings.control_anchor] if settings.control_anchor else [])]
        fit = next((anchor for anchor in anchors if anchor.address != plain.address), None)
        return Resolver(engine="udp", address=fit.address, port=53) if fit else None
    engine = _ENGINES.get(kind)
    if engine is None:
        return plain
    if engine == "tcp":
        return Resolver(engine="tcp", address=plain.address, port=plain.port)
    return next((resolver for resolver in settings.encrypted_resolvers if resolver.engine == engine), None)


def _sum_up(follow_up: FollowUp, queries: list[Query]) -> Contrast:
    failures = Counter(query.failure for query in queries if query.failure is not None)
    failure = failures.most_common(1)[0][0] if failures else None
    found = dict.fromkeys(address for query in queries for address in addresses(query.answers))
    return Contrast(
        kind=follow_up.kind,
        address=follow_up.address,
        port=follow_up.port,
        name=follow_up.name,
        failure=failure,
        n=len(queries),
        n_good=sum(query.failure is None for query in queries),
        t0=min(query.t0 for query in queries),
        t=max(query.t for query in queries),
        detail=" ".join(found) or failure or "",
        transaction_id=queries[0].transaction_id,
    )
