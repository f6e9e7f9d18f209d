"""DNS over HTTPS (RFC 8484): a query as a POST request, over HTTP/2 or HTTP/1.1.

No cookie and no agent: nothing in a request names the asker. HTTP/2 is what the RFC asks for, and some resolvers speak
nothing else; one stream at a time is all that is used of it.
"""

from typing import Final

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h11

from raabta.probe.asking import Reply
from raabta.probe.failures import MISBEHAVING
from raabta.probe.secure import SecureStream

_MAX_ANSWER_BYTES: Final = 65_535
_KIND: Final = "application/dns-message"


class Http1:
    """Queries as requests of HTTP/1.1."""

    def __init__(self, stream: SecureStream, *, host: str, path: str) -> None:
        self._stream = stream
        self._http = h11.Connection(h11.CLIENT)
        self._headers = [
            ("Host", host),
            ("Accept", _KIND),
            ("Content-Type", _KIND),
        ]
        self._path = path

    async def ask(self, query: bytes) -> Reply:
        """Send one query and give its answer."""
        headers = [*self._headers, ("Content-Length", str(len(query)))]
        request = h11.Request(method="POST", target=self._path, headers=headers)
        parts = (request, h11.Data(data=query), h11.EndOfMessage())
        await self._stream.send(b"".join(self._http.send(part) or b"" for part in parts))
        try:
            status, body = await self._response()
            self._http.start_next_cycle()
        except h11.ProtocolError:
            return Reply(failure=MISBEHAVING)
        return Reply(body) if status == 200 else Reply(failure=MISBEHAVING)

    async def _response(self) -> tuple[int, bytes]:
        status, body = 0, b""
        while True:
            match self._http.next_event():
                case h11.Response(status_code=status):
                    continue
                case h11.Data(data=data):
                    body += data
                    if len(body) > _MAX_ANSWER_BYTES:
                        raise h11.RemoteProtocolError("longer than a DNS message")
                case h11.EndOfMessage():
                    return status, body
                case h11.NEED_DATA:
                    await self._read()
                case h11.ConnectionClosed() | h11.PAUSED:
                    raise EOFError
                case _:  # an interim response (1xx), a request's own parts
                    continue

    async def _read(self) -> None:
        data = await self._stream.receive()
        if not data and self._http.their_state is h11.SEND_RESPONSE:
            raise EOFError
        self._http.receive_data(data)

    def close(self) -> None:
        """Close at once."""
        self._stream.close()


class Http2:
    """Queries as requests of HTTP/2 (RFC 9113)."""

    def __init__(self, stream: SecureStream, *, host: str, path: str) -> None:
        self._stream = stream
        self._http = h2.connection.H2Connection(h2.config.H2Configuration())
        self._headers = [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", host),
            (":path", path),
            ("accept", _KIND),
            ("content-type", _KIND),
        ]
        self._is_begun = False

    async def ask(self, query: bytes) -> Reply:
        """Send one query and give its answer."""
        if not self._is_begun:
            self._http.initiate_connection()
            self._is_begun = True
        try:
            number = self._http.get_next_available_stream_id()
            self._http.send_headers(number, [*self._headers, ("content-length", str(len(query)))])
            self._http.send_data(number, query, end_stream=True)
            await self._stream.send(self._http.data_to_send())
            return await self._response(number)
        except h2.exceptions.ProtocolError:
            return Reply(failure=MISBEHAVING)

    async def _response(self, number: int) -> Reply:
        status, body = b"", b""
        while True:
            data = await self._stream.receive()
            if not data:
                raise EOFError
            for event in self._http.receive_data(data):
                match event:
                    case h2.events.ResponseReceived() if event.stream_id == number:
                        status = dict(event.headers).get(b":status", b"")
                    case h2.events.DataReceived() if event.stream_id == number:
                        body += event.data
                        self._http.acknowledge_received_data(event.flow_controlled_length, number)
                    case h2.events.StreamEnded() if event.stream_id == number:
                        return Reply(body) if status == b"200" else Reply(failure=MISBEHAVING)
                    case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                        raise EOFError
                    case _:
                        continue
            await self._stream.send(self._http.data_to_send())
            if len(body) > _MAX_ANSWER_BYTES:
                return Reply(failure=MISBEHAVING)

    def close(self) -> None:
        """Close at once."""
        self._stream.close()
