"""Those who get messages, real ones on loopback: a mail server (aiosmtpd), and an HTTP server that keeps what it got.

Both run on a thread of their own, on ports that the system chose.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any, Final, NamedTuple, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from msgspec import Struct, field

LOOPBACK: Final = "127.0.0.1"


class Arrived(NamedTuple):
    """One e-mail as it arrived."""

    sender: str
    to: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, read."""
        return message_from_bytes(self.raw, policy=POLICY)


class Mailbox:
    """An aiosmtpd handler. ``answers`` give other answers than 250 to RCPT or DATA, by the receiver's address."""

    def __init__(self) -> None:
        self.got: list[Arrived] = []
        self.rcpt_answers: dict[str, str] = {}
        self.data_answers: dict[str, str] = {}
        self.mail_answer = ""
        self.n_sessions = 0

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.n_sessions += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802  as above
        if self.mail_answer:
            return self.mail_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802  as above
        if answer := self.rcpt_answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802  as above
        answer = self.data_answers.get(envelope.rcpt_tos[0], "")
        if not answer or answer == "drop":
            raw = cast("bytes", envelope.original_content)
            for address in envelope.rcpt_tos:
                self.got.append(Arrived(str(envelope.mail_from), address, raw))
        if answer == "drop":
            server.transport.abort()
        return answer or "250 OK"


@contextmanager
def mail_server(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, password: str = "", starttls: bool = False, port: int = 0
) -> Iterator[int]:
    """Run a mail server; gives its port."""
    options: dict[str, Any] = {}
    if starttls:
        options |= {"tls_context": tls, "require_starttls": True}
    if password:

        def login(server: Any, session: Any, envelope: Any, mechanism: str, auth: LoginPassword) -> AuthResult:
            return AuthResult(success=auth.password == password.encode())

        options |= {"authenticator": login, "auth_required": True, "auth_require_tls": starttls or tls is not None}
    controller = Controller(
        mailbox,
        hostname=LOOPBACK,
        port=port or free_port(),
        ssl_context=None if starttls else tls,
        decode_data=False,
        **options,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class Request(NamedTuple):
    """One call as it arrived."""

    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request], bytes | float | None]
"""The whole answer; or after how many seconds 204; or None: hang up."""


class Web(Struct, kw_only=True):
    """An HTTP server that keeps what it got."""

    port: int = 0
    got: list[Request] = field(default_factory=list)
    answer: Answer = lambda _: 0.0
    n_connections: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self.port}"


def status(code: int, *heads: str) -> bytes:
    """Write an answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {code} X", "Content-Length: 0", "Connection: close", *heads, "", ""]).encode()


@contextmanager
def web_server(answer: Answer = lambda _: 0.0, *, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Web]:
    """Run an HTTP server."""
    web = Web(answer=answer)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(lambda r, w: _attend(web, r, w), LOOPBACK, port, ssl=tls)
        web.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()

    def work() -> None:
        loop.run_until_complete(serve())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield web
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


async def _attend(web: Web, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    web.n_connections += 1
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(head[0].split(" ")[1], headers, body)
        answer = web.answer(request)
        web.got.append(request)
        if isinstance(answer, (int, float)):
            await asyncio.sleep(answer)
            answer = status(204)
        if answer is not None:
            writer.write(answer)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


@contextmanager
def dripping_server(first: bytes, then: bytes) -> Iterator[int]:
    """Run a server for one connection that says something, and then the same again and again without end."""
    stop = threading.Event()

    def drip(server: socket.socket) -> None:
        taken, _ = server.accept()
        with taken:
            taken.sendall(first)
            while not stop.wait(0.02):
                try:
                    taken.sendall(then)
                except OSError:
                    return

    with socket.create_server((LOOPBACK, 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stop.set()
            thread.join(5)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])
