"""``/confirm/TOKEN``, ``/change/TOKEN`` and ``/leave/TOKEN``: what whoever holds a link from a message of ours may do.

A GET shows a page with a button and changes nothing; what changes is a POST. Leaving is never held back by a limit:
mail programs of thousands leave from the same few networks.
"""

from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from raabta.hub.forms.host import Host
from raabta.hub.forms.incoming.reading import Fields, language_of, one, read_fields
from raabta.hub.forms.pages import Link, masked
from raabta.hub.forms.shown import complaint_of, other_language, shown_fields, shown_of
from raabta.model.bulletin import Language
from raabta.model.subscription import Subscriber
from raabta.pipeline.informing.subscribing.confirming import change, confirm, confirmable, renew_secret, required
from raabta.pipeline.informing.subscribing.leaving import leave
from raabta.pipeline.informing.subscribing.wishes import Wishes, read_wishes
from raabta.pipeline.informing.tokens import Purpose, make_token, read_token
from raabta.registry import Records


class _Visit(Struct, frozen=True, kw_only=True):
    """One request that came by a link. ``said`` is the language that it asks for, ``asked`` the browser's else."""

    records: Records
    id: str
    token: str
    said: str
    fields: Fields
    asked: Language

    def language(self, found: Subscriber) -> Language:
        """Choose the page's language: what was said, else the subscriber's own, else the browser's."""
        if not self.said and found.language in ("en", "ur"):
            return "ur" if found.language == "ur" else "en"
        return self.asked


class LinkForms:
    """The pages behind links."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._pages = host.pages

    async def confirm_page(self, request: Request) -> Response:
        """Show the button that confirms."""
        return await self._at_link(request, "confirm", self._show_confirm)

    async def confirm(self, request: Request) -> Response:
        """Confirm; a webhook's secret is shown this once."""
        return await self._at_link(request, "confirm", self._confirm, fields=await read_fields(request))

    async def change_page(self, request: Request) -> Response:
        """Show what a subscriber chose."""
        return await self._at_link(request, "change", self._show_change)

    async def change(self, request: Request) -> Response:
        """Keep what a subscriber chooses now."""
        return await self._at_link(request, "change", self._change, fields=await read_fields(request))

    async def new_secret(self, request: Request) -> Response:
        """Make a webhook a new secret, and show it this once."""
        return await self._at_link(request, "change", self._new_secret, fields=await read_fields(request))

    async def leave_page(self, request: Request) -> Response:
        """Show the button that ends a subscription."""
        return await self._at_link(request, "leave", self._show_leave)

    async def leave(self, request: Request) -> Response:
        """End a subscription: by the button, or by a mail program with one click (RFC 8058), in any type of form."""
        pressed = b"page=1" in await request.body()
        fields = await read_fields(request) if pressed else {}
        work = self._leave if pressed else self._leave_by_program
        return await self._at_link(request, "leave", work, fields=fields)

    async def _at_link(
        self, request: Request, purpose: Purpose, work: Callable[[_Visit], Response], *, fields: Fields | None = None
    ) -> Response:
        """Do what a link is for, in one transaction, with words of its own for a link that is none of ours."""
        language = language_of(request, fields)
        if purpose != "leave" and not self._host.allows("look", request):
            return self._pages.failed("too_often", language=language, status=429, up="../")
        run = self._host.look if fields is None else self._host.change

        def at(records: Records) -> Response:
            token = request.path_params["token"]
            try:
                id_ = read_token(records.key, purpose, token=token)
            except ValueError:
                return self._pages.failed("link", language=language, status=404, up="../")
            said = one(fields or {}, "l") or request.query_params.get("l", "")
            visit = _Visit(records=records, id=id_, token=token.lower(), said=said, fields=fields or {}, asked=language)
            try:
                return work(visit)
            except (KeyError, IndexError):
                raise
            except LookupError:
                return self._pages.failed("gone", language=language, status=410, up="../")

        return await run(at)

    def _show_confirm(self, visit: _Visit) -> Response:
        try:
            found = confirmable(visit.records, visit.id, now=self._host.now())
        except ValueError:
            return self._pages.failed("link_old", language=visit.asked, status=410, up="../")
        language = visit.language(found)
        if found.state == "confirmed":
            return self._confirmed(visit, found, language, "already")
        lead = self._pages.say("confirm", "lead", language=language, address=masked(found.address))
        lines = (self._pages.say("confirm", "not_you", language=language),)
        return self._press("confirm", visit, language, lead=lead, lines=lines)

    def _confirm(self, visit: _Visit) -> Response:
        try:
            found, is_new = confirm(visit.records, visit.id, now=self._host.now())
        except ValueError:
            return self._pages.failed("link_old", language=visit.asked, status=410, up="../")
        return self._confirmed(visit, found, visit.language(found), "done_words", secret=found.secret if is_new else "")

    def _confirmed(
        self, visit: _Visit, found: Subscriber, language: Language, name: str, *, secret: str = ""
    ) -> Response:
        return self._pages.told(
            self._pages.say("confirm", "done", language=language),
            self._pages.say("confirm", name, language=language),
            language=language,
            up="../",
            secret=secret,
            link=self._link("change", visit.records, found, language=language),
        )

    def _show_change(self, visit: _Visit) -> Response:
        return self._change_form(visit, required(visit.records, visit.id))

    def _change(self, visit: _Visit) -> Response:
        found = required(visit.records, visit.id)
        try:
            changed = change(visit.records, visit.id, wishes=self._wishes(visit.fields), now=self._host.now())
        except ValueError as error:
            return self._change_form(visit, found, complaint=str(error))
        language = visit.language(changed)
        return self._pages.told(
            self._pages.say("change", "done", language=language),
            language=language,
            up="../",
            link=self._link("change", visit.records, changed, language=language),
        )

    def _new_secret(self, visit: _Visit) -> Response:
        found = required(visit.records, visit.id)
        language = visit.language(found)
        try:
            renewed = renew_secret(visit.records, visit.id, new_bytes=self._host.new_bytes)
        except ValueError:
            return self._pages.failed("form", language=language, status=400, up="../../")
        title = self._pages.say("change", "secret_title", language=language)
        return self._pages.told(title, language=language, up="../../", secret=renewed.secret)

    def _show_leave(self, visit: _Visit) -> Response:
        found = required(visit.records, visit.id)
        language = visit.language(found)
        lead = self._pages.say("leave", "lead", language=language, address=masked(found.address))
        link = self._link("change", visit.records, found, language=language)
        return self._press("leave", visit, language, lead=lead, link=link)

    def _leave(self, visit: _Visit) -> Response:
        return self._left(visit, goodbye=True)

    def _leave_by_program(self, visit: _Visit) -> Response:
        return self._left(visit, goodbye=False)

    def _left(self, visit: _Visit, *, goodbye: bool) -> Response:
        left = leave(visit.records, visit.id, now=self._host.now(), goodbye=goodbye)
        language = visit.asked if left is None else visit.language(left)
        return self._pages.told(
            self._pages.say("leave", "done", language=language),
            self._pages.say("leave", "done_words", language=language),
            language=language,
            up="../",
        )

    def _press(
        self,
        group: str,
        visit: _Visit,
        language: Language,
        *,
        lead: str,
        lines: tuple[str, ...] = (),
        link: Link | None = None,
    ) -> Response:
        return self._pages.page(
            "press",
            self._pages.say(group, "title", language=language),
            language=language,
            up="../",
            other_url=f"?l={other_language(language)}",
            token=visit.token,
            lead=lead,
            button=self._pages.say(group, "button", language=language),
            lines=lines,
            link=link,
        )

    def _change_form(self, visit: _Visit, found: Subscriber, *, complaint: str = "") -> Response:
        language = visit.language(found)
        shown = shown_fields(visit.fields) if complaint else shown_of(found)
        return self._pages.page(
            "change",
            self._pages.say("change", "title", language=language),
            language=language,
            status=400 if complaint else 200,
            up="../",
            other_url=f"?l={other_language(language)}",
            token=visit.token,
            leave_token=make_token(visit.records.key, "leave", id_=found.id),
            address=masked(found.address),
            is_member=bool(found.member_id),
            is_webhook=found.channel == "webhook",
            wanted=shown,
            choices_of=self._pages.choices(language),
            **complaint_of(complaint, self._pages, language=language),
        )

    def _link(self, purpose: Purpose, records: Records, found: Subscriber, *, language: Language) -> Link:
        token = make_token(records.key, purpose, id_=found.id)
        return Link(url=f"../{purpose}/{token}?l={language}", words=self._pages.say(purpose, "link", language=language))

    def _wishes(self, fields: Fields) -> Wishes:
        return read_wishes(
            self._host.settings,
            language=one(fields, "language"),
            component_ids=fields.get("component", ()),
            kinds=fields.get("kind", ()),
            products=fields.get("product", ()),
            invitation=one(fields, "invitation"),
        )
