"""HTTP/2 on an encrypted stream: one request, one answer, by h2's state machine."""

from typing import Final

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from raabta.probe.network import Stream
from raabta.probe.roundtrip import Ask, Page

_CONFIG: Final = h2.config.H2Configuration(client_side=True, header_encoding=None)
_SPARE_BYTES: Final = 65_536
"""Room beyond the body limit, so that a window never holds back what shows that a page is over the limit."""
_REFUSED: Final = "malformed HTTP/2 answer"


async def fetch(stream: Stream, ask: Ask, *, page: Page) -> None:
    """Send the request and fill ``page`` as the answer comes. Raises as ``http1.fetch`` does."""
    connection = h2.connection.H2Connection(config=_CONFIG)
    window = page.max_bytes + _SPARE_BYTES
    connection.local_settings = h2.settings.Settings(
        client=True,
        initial_values={
            h2.settings.SettingCodes.ENABLE_PUSH: 0,
            h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window,
            h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 65_536,
        },
    )
    connection.initiate_connection()
    connection.increment_flow_control_window(window)
    connection.send_headers(1, ask.pseudo, end_stream=True)
    await stream.send(connection.data_to_send())
    while not page.truncated:
        data = await stream.receive()
        if not data:
            raise EOFError
        try:
            whole = _take(connection.receive_data(data), page)
        except (h2.exceptions.ProtocolError, ValueError) as error:
            raise ValueError(_REFUSED) from error
        answer = connection.data_to_send()
        if whole:
            return
        if answer:
            await stream.send(answer)


def _take(events: list[h2.events.Event], page: Page) -> bool:
    """Fill in what the events say; True once the answer is whole."""
    for event in events:
        match event:
            case h2.events.ResponseReceived():
                page.begin_with_fields(event.headers or [])
            case h2.events.DataReceived():
                page.add(event.data or b"")
            case h2.events.StreamEnded():
                return True
            case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                if event.error_code == h2.errors.ErrorCodes.NO_ERROR and page.code:
                    return True
                raise EOFError
            case _:  # settings, windows, pings: the state machine's own matter
                pass
    return False
