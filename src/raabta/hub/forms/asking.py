"""``/subscribe``: somebody asks to be told.

Whether an address is known shows neither in the answer nor in the time it takes.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from raabta.hub.forms.host import Host
from raabta.hub.forms.incoming.reading import language_of, one, read_fields
from raabta.hub.forms.shown import Shown, complaint_of, other_language, shown_fields
from raabta.model.bulletin import Language
from raabta.model.subscription import Channel
from raabta.pipeline.informing.subscribing.asking import ask, is_full
from raabta.pipeline.informing.subscribing.wishes import Wishes, read_channel, read_wishes
from raabta.registry import Records


class SubscribeForm:
    """The form of who wants to be told."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._pages = host.pages

    async def show(self, request: Request) -> Response:
        """Show the empty form."""
        shown = Shown(invitation=request.query_params.get("invitation", ""))
        return self._form(language_of(request), shown, channel="email")

    async def take(self, request: Request) -> Response:
        """Take a request to be told. The answer is the same whether the address is known or not."""
        clock = asyncio.get_running_loop().time
        answer_at = clock() + self._host.even_s
        if not self._host.allows("subscribe", request):
            return self._pages.failed("too_often", language=language_of(request), status=429)
        fields = await read_fields(request)
        language = language_of(request, fields)
        address, channel = one(fields, "address"), one(fields, "channel") or "email"
        try:
            known = read_channel(channel)
            wishes = read_wishes(
                self._host.settings,
                language=one(fields, "language") or "both",
                component_ids=fields.get("component", ()),
                kinds=fields.get("kind", ()),
                products=fields.get("product", ()),
                invitation=one(fields, "invitation"),
            )
            taken = await self._host.change(lambda records: self._ask(records, address, channel=known, wishes=wishes))
        except ValueError as error:
            return self._form(language, shown_fields(fields), channel=channel, address=address, error=str(error))
        await asyncio.sleep(max(0.0, answer_at - clock()))
        if not taken:
            return self._pages.failed("full", language=language, status=503)
        return self._pages.told(
            self._pages.say("subscribe", "almost", language=language),
            self._pages.say("subscribe", f"sent_{known}", language=language),
            language=language,
        )

    def _ask(self, records: Records, address: str, *, channel: Channel, wishes: Wishes) -> bool:
        """Ask an address to confirm; say whether requests are taken at all now, which hangs on no address."""
        if channel == "chat":
            message = "channel: chat channels are the desk's."
            raise ValueError(message)
        if is_full(records):
            return False
        ask(records, address, channel=channel, wishes=wishes, settings=self._host.settings, made=self._host.made())
        return True

    def _form(self, language: Language, shown: Shown, *, channel: str, address: str = "", error: str = "") -> Response:
        return self._pages.page(
            "subscribe",
            self._pages.say("subscribe", "title", language=language),
            language=language,
            status=400 if error else 200,
            other_url=f"subscribe?l={other_language(language)}",
            wanted=shown,
            channel=channel,
            address=address,
            choices_of=self._pages.choices(language),
            **complaint_of(error, self._pages, language=language),
        )
