"""One TCP connection attempt, with what the kernel knows of it: round-trip time, retransmissions, ICMP errors.

The round-trip time is the kernel's (TCP_INFO): the loop's own clock also measures how busy the loop is.
"""

import errno
from typing import Final

from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import IcmpError, IcmpSentError, Stream
from raabta.probe.places import AsnOf, knows_nothing, place_of
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Connect, Event, Icmp, Status

_PACKET_BYTES: Final = 60
"""A SYN with its options and headers, for the budget."""
_CONNECT_PACKETS: Final = 6
"""Three to open, three to close."""


async def connect(
    trace: Trace,
    address: str,
    *,
    port: int,
    settings: ProbeSettings,
    asn_of: AsnOf = knows_nothing,
    operator_asn: int = 0,
) -> tuple[Connect, Stream | None]:
    """Connect once.

    Args:
        trace: The measurement under way; it gets a ``connect`` event.
        address: Whom to connect to.
        port: Its port.
        settings: The time-out.
        asn_of: The table of networks, to say where the sender of an ICMP error stands.
        operator_asn: The person's operator, 0 where unknown.

    Returns:
        The observation, and the connection if there is one: the caller closes it.
    """
    t0 = trace.now()
    transaction = trace.next_id()
    stream, failure, icmp = None, None, None
    try:
        until = trace.network.clock() + settings.timeouts.tcp_s
        stream = await trace.network.open_tcp(address, port, until=until)
    except IcmpSentError as error:
        failure, icmp = _prohibited(error) or failure_of(error, operation="connect"), error.icmp
    except NETWORK_ERRORS as error:
        failure = failure_of(error, operation="connect")
    t = trace.now()
    trace.budget.spend(packets=_CONNECT_PACKETS, octets=_CONNECT_PACKETS * _PACKET_BYTES)
    trace.events.append(
        Event(
            operation="connect",
            address=endpoint(address, port),
            proto="tcp",
            failure=failure,
            t0=t0,
            t=t,
            transaction_id=transaction,
        )
    )
    observed = Connect(
        ip=address,
        port=port,
        status=Status(failure=failure, success=stream is not None),
        t0=t0,
        t=t,
        transaction_id=transaction,
    )
    if stream is not None:
        known = stream.info()
        observed.x_rtt_ms, observed.x_retransmits = known.rtt_ms, known.retransmits
    if icmp is not None:
        observed.x_icmp = _written(icmp, target=address, asn_of=asn_of, operator_asn=operator_asn)
    return observed, stream


def _prohibited(error: IcmpSentError) -> str | None:
    """Read ICMPv6 "administratively prohibited", which Linux calls EACCES, as ICMP's is: the host is unreachable."""
    return "host_unreachable" if error.errno == errno.EACCES else None


def _written(icmp: IcmpError, *, target: str, asn_of: AsnOf, operator_asn: int) -> Icmp:
    sender, asn = place_of(icmp.sender, target=target, asn_of=asn_of, operator_asn=operator_asn)
    return Icmp(type=icmp.type, code=icmp.code, sender=sender, asn=asn)


def endpoint(address: str, port: int) -> str:
    """Write an address and a port as OONI does."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
