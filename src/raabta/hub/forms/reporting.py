"""``/report``: "I cannot reach X", and what became of it.

What a visitor's machine is called or numbered does not come into it: ``take_report`` is given what they typed, and
nothing else.
"""

import datetime as dt
from typing import Final, get_args

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from raabta.hub.forms.host import Host
from raabta.hub.forms.incoming.reading import Fields, language_of, one, read_fields
from raabta.hub.forms.pages import Link
from raabta.hub.forms.shown import complaint_of, other_language
from raabta.model.bulletin import Language
from raabta.model.incident import MemberReport, Symptom
from raabta.pipeline.informing.desk.reports import ReportGiven, ReportState, state_of_report, take_report
from raabta.pipeline.informing.moments import read_moment
from raabta.pipeline.informing.subscribing.inviting import read_invitation
from raabta.publish.moments import iso, say_moment
from raabta.registry import Records
from raabta.registry.incidents.targets import make_code

CODE_BYTES: Final = 5
"""40 bits: eight signs. A network may ask 600 times an hour."""
WORDS_CHARACTERS_MAX: Final = 1000
"""As the form says; the desk may write more."""


class Told(Struct, frozen=True, kw_only=True):
    """What was typed into the form, as it was typed."""

    component: str = ""
    target: str = ""
    symptom: str = "no_connection"
    operator: str = ""
    place: str = ""
    began: str = ""
    words: str = ""
    contact: str = ""
    invitation: str = ""


class ReportForm:
    """The form of who cannot reach something."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._pages = host.pages

    async def show(self, request: Request) -> Response:
        """Show the empty form; a page of a component may link here with ``?component=ID``."""
        told = Told(component=request.query_params.get("component", ""))
        return self._form(language_of(request), told)

    async def take(self, request: Request) -> Response:
        """Take a report, and give its code."""
        if not self._host.allows("report", request):
            return self._pages.failed("too_often", language=language_of(request), status=429)
        fields = await read_fields(request)
        language = language_of(request, fields)
        told = _told(fields)
        try:
            report = await self._host.change(lambda records: self._take(records, told, language))
        except ValueError as error:
            return self._form(language, told, error=str(error))
        return self._pages.told(
            self._pages.say("report", "done", language=language),
            language=language,
            code=f"{report.code[:4]} {report.code[4:]}",
            link=Link(
                url=f"report/{report.code}?l={language}", words=self._pages.say("report", "ask", language=language)
            ),
        )

    async def state(self, request: Request) -> Response:
        """Say what became of a report."""
        language = language_of(request)
        if not self._host.allows("look", request):
            return self._pages.failed("too_often", language=language, status=429, up="../")
        code = request.path_params.get("code") or request.query_params.get("code", "")
        found = await self._host.look(lambda records: state_of_report(records, code))
        if found is None:
            return self._pages.failed("no_report", language=language, status=404, up="../")
        return self._state(found, language)

    def _take(self, records: Records, told: Told, language: Language) -> MemberReport:
        now = self._host.now()
        if len(told.words) > WORDS_CHARACTERS_MAX:
            message = f"words: at most {WORDS_CHARACTERS_MAX:,} characters."
            raise ValueError(message)
        symptom: dict[str, Symptom] = {name: name for name in get_args(Symptom)}
        given = ReportGiven(
            way="web",
            target=told.target or told.component,
            language=language,
            operator_id=told.operator,
            place=told.place,
            symptom=symptom.get(told.symptom, "other"),
            words=told.words,
            contact=told.contact,
            member_id=read_invitation(records, "".join(told.invitation.split()), now=now),
            began_at=self._began(told.began, now),
        )
        code = make_code(self._host.new_bytes(CODE_BYTES))
        return take_report(records, given, settings=self._host.settings, now=now, new_id=self._host.new_id, code=code)

    def _began(self, text: str, now: dt.datetime) -> dt.datetime | None:
        try:
            return read_moment(text, zone=self._host.settings.site.zone, now=now) if text else None
        except ValueError as error:
            message = f"began: {error}"
            raise ValueError(message) from error

    def _form(self, language: Language, told: Told, *, error: str = "") -> Response:
        return self._pages.page(
            "report",
            self._pages.say("report", "title", language=language),
            language=language,
            status=400 if error else 200,
            other_url=f"report?l={other_language(language)}",
            given=told,
            choices_of=self._pages.choices(language),
            **complaint_of(error, self._pages, language=language),
        )

    def _state(self, found: ReportState, language: Language) -> Response:
        site = self._host.settings.site
        names = dict(self._pages.choices(language).components)
        words = self._pages.say("report_state", found.state, language=language)
        at = say_moment(found.reported_at, site, language=language)
        return self._pages.page(
            "state",
            self._pages.say("report", "state_title", language=language, code=f"{found.code[:4]} {found.code[4:]}"),
            language=language,
            up="../",
            other_url=f"{found.code}?l={other_language(language)}",
            about=names.get(found.target, found.target),
            at=self._pages.name(at, at, language=language),
            at_iso=iso(found.reported_at),
            state=f"{words} {found.closed_because}".strip(),
            link=self._to_thread(found.thread_id, language) if found.thread_id else None,
        )

    def _to_thread(self, thread_id: str, language: Language) -> Link:
        url = f"{self._host.settings.site.url}/{language}/incident/{thread_id}.html"
        return Link(url=url, words=self._pages.say("report", "see", language=language))


def _told(fields: Fields) -> Told:
    return Told(**{name: one(fields, name) for name in Told.__struct_fields__})
