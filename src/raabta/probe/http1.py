"""HTTP/1.1 on a stream: one request, one answer, by h11's state machine."""

import h11

from raabta.probe.network import Stream
from raabta.probe.roundtrip import Ask, Page

MAX_HEAD_BYTES = 65_536
"""Status line and headers together; servers in use stay below 32 kB."""


async def fetch(stream: Stream, ask: Ask, *, page: Page) -> None:
    """Send the request and fill ``page`` as the answer comes, so that what came is kept when the rest does not.

    Raises:
        OSError: The connection failed.
        EOFError: It ended before the answer was whole.
        ValueError: What came is no HTTP.
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    request = h11.Request(method=ask.method, target=ask.target, headers=list(ask.headers))
    data = connection.send(request) or b""
    await stream.send(data + (connection.send(h11.EndOfMessage()) or b""))
    ended = False
    while not page.truncated:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            if ended:
                raise EOFError from error
            raise ValueError("malformed HTTP answer") from error
        match event:
            case h11.NEED_DATA:
                data = await stream.receive()
                ended = not data
                connection.receive_data(data)
            case h11.Response():
                page.begin(event.status_code, event.headers)
            case h11.Data():
                page.add(event.data)
            case h11.EndOfMessage():
                return
            case h11.ConnectionClosed() | h11.PAUSED:
                raise EOFError
            case _:  # an interim answer (1xx)
                pass
