"""One page in clear, for the check of the machine's own network. What is *observed* of HTTP is ``probe.http``."""

from typing import Final, NamedTuple

import h11

from raabta.probe.failures import NETWORK_ERRORS
from raabta.probe.network import Stream
from raabta.probe.trace import Trace

_MAX_BODY_BYTES: Final = 65_536
"""A portal's page may be long; whether it is the known one shows at once."""
_PAGE_PACKETS: Final = 12


class Page(NamedTuple):
    """Status, the Date header as it is ("" without), and the body, cut at 64 kB."""

    status: int
    date: str
    body: bytes


async def get_in_clear(trace: Trace, address: str, *, host: str, path: str) -> Page | None:
    """Ask for a page on port 80; None where no answer came. The caller sets the deadline."""
    try:
        stream = await trace.network.open_tcp(address, 80)
    except NETWORK_ERRORS:
        return None
    try:
        page = await _exchange(stream, host=host, path=path)
    except (*NETWORK_ERRORS, h11.ProtocolError):
        return None
    finally:
        stream.close()
    trace.budget.spend(packets=_PAGE_PACKETS, octets=len(page.body) + _PAGE_PACKETS * 60)
    return page


async def _exchange(stream: Stream, *, host: str, path: str) -> Page:
    http = h11.Connection(h11.CLIENT)
    headers = [("Host", host), ("Accept", "*/*"), ("Connection", "close")]
    await stream.send(http.send(h11.Request(method="GET", target=path, headers=headers)) or b"")
    http.send(h11.EndOfMessage())
    status, date, body = 0, "", b""
    while True:
        match http.next_event():
            case h11.Response() as head:
                status = head.status_code
                date = next((value.decode("latin-1") for name, value in head.headers if name == b"date"), "")
            case h11.Data(data=data):
                body += data
                if len(body) >= _MAX_BODY_BYTES:
                    return Page(status, date, body[:_MAX_BODY_BYTES])
            case h11.EndOfMessage():
                return Page(status, date, body)
            case h11.NEED_DATA:
                http.receive_data(await stream.receive())
            case h11.ConnectionClosed() | h11.PAUSED:
                raise EOFError
            case _:  # an interim response (1xx)
                continue
