"""What every form works with: register, settings, pages, limits, and where time, ids and chance come from."""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Final, TypeVar

from msgspec import Struct
from starlette.requests import Request

from raabta.hub.forms.incoming.limits import Act, Limits
from raabta.hub.forms.incoming.reading import client_of
from raabta.hub.forms.pages import Pages
from raabta.hub.forms.register import LastingRegister
from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.subscribing.asking import Made
from raabta.registry import Records

Answer = TypeVar("Answer")

ANSWER_S: Final = 20.0
"""Until a request is told to come back. A writer of the register waits 10 s at most."""


class Host(Struct, frozen=True, kw_only=True):
    """What every form works with. ``now``, ``new_id`` and ``new_bytes`` may be called from any thread.

    ``even_s`` is how long an answer takes at least where its time would tell whether an address is known.
    ``behind_proxy``: the client is who the proxy in front says. ``tell`` says something to whoever runs the server.
    """

    register: LastingRegister
    settings: Publishing
    pages: Pages
    limits: Limits
    now: Callable[[], dt.datetime]
    new_id: Callable[[str], str]
    new_bytes: Callable[[int], bytes]
    tell: Callable[[str], None]
    behind_proxy: bool = False
    even_s: float = 0.3

    def made(self) -> Made:
        """Give what new rows are made with, at this moment."""
        return Made(now=self.now(), new_id=self.new_id, new_bytes=self.new_bytes)

    def allows(self, act: Act, request: Request) -> bool:
        """Count an act of who asks, and say whether it may go on."""
        return self.limits.allow(act, client_of(request, behind_proxy=self.behind_proxy))

    async def change(self, work: Callable[[Records], Answer]) -> Answer:
        """Change the register in a thread.

        Raises:
            OSError: It failed, or took too long: then nobody knows whether it was done.
        """

        def run() -> Answer:
            with self.register.change() as records:
                return work(records)

        async with asyncio.timeout(ANSWER_S):
            return await asyncio.to_thread(run)

    async def look(self, work: Callable[[Records], Answer]) -> Answer:
        """Look into the register in a thread.

        Raises:
            OSError: It failed, or took too long.
        """

        def run() -> Answer:
            with self.register.look() as records:
                return work(records)

        async with asyncio.timeout(ANSWER_S):
            return await asyncio.to_thread(run)
