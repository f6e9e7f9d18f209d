"""The routes of the forms, and what is said when something is amiss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from raabta.hub.forms.asking import SubscribeForm
from raabta.hub.forms.host import Host
from raabta.hub.forms.incoming.guarding import Guarding
from raabta.hub.forms.incoming.reading import language_of
from raabta.hub.forms.links import LinkForms
from raabta.hub.forms.pages import STYLE
from raabta.hub.forms.reporting import ReportForm
from raabta.pipeline.informing.subscribing.leaving import forget
from raabta.pipeline.informing.subscribing.limits import FORGET_AT_ONCE_MAX

FORGET_EVERY_S: Final = 3600.0
_WORDS: Final = {404: "not_found", 405: "not_allowed", 400: "form", 415: "form"}


def make_app(host: Host) -> Starlette:
    """Give the forms as an ASGI application."""

    async def home(request: Request) -> Response:
        language = language_of(request)
        other = "en" if language == "ur" else "ur"
        title = host.pages.say("home", "title", language=language)
        return host.pages.page("home", title, language=language, other_url=f"?l={other}")

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = error.headers if isinstance(error, HTTPException) else None
        page = host.pages.failed(
            _WORDS.get(status, "form"), language=language_of(request), status=status, up=_up(request)
        )
        page.headers.update(headers or {})
        return page

    async def broken(request: Request, error: Exception) -> Response:  # noqa: ARG001  Starlette's signature
        return host.pages.failed("busy", language=language_of(request), status=500, up=_up(request))

    async def busy(request: Request, error: Exception) -> Response:
        host.tell(f"The register failed: {str(error) or 'no answer in time'}")
        page = host.pages.failed("busy", language=language_of(request), status=503, up=_up(request))
        page.headers["Retry-After"] = "60"
        return page

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001  Starlette's signature
        async with asyncio.TaskGroup() as group:
            forgetting = group.create_task(_keep_forgetting(host))
            yield
            forgetting.cancel()

    app = Starlette(
        routes=[Route("/", home), *_routes(SubscribeForm(host), LinkForms(host), ReportForm(host))],
        middleware=[Middleware(Guarding)],
        exception_handlers={HTTPException: refused, OSError: busy, Exception: broken},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # Starlette's redirect repeats the Host header, which is the visitor's word
    return app


def _routes(subscribe: SubscribeForm, links: LinkForms, report: ReportForm) -> list[Route]:
    return [
        Route("/style.css", _style),
        Route("/robots.txt", _robots),
        Route("/favicon.ico", _no_icon),
        Route("/subscribe", subscribe.show),
        Route("/subscribe", subscribe.take, methods=["POST"]),
        Route("/confirm/{token}", links.confirm_page),
        Route("/confirm/{token}", links.confirm, methods=["POST"]),
        Route("/change/{token}", links.change_page),
        Route("/change/{token}", links.change, methods=["POST"]),
        Route("/change/{token}/secret", links.new_secret, methods=["POST"]),
        Route("/leave/{token}", links.leave_page),
        Route("/leave/{token}", links.leave, methods=["POST"]),
        Route("/report", report.show),
        Route("/report", report.take, methods=["POST"]),
        Route("/report/state", report.state),
        Route("/report/{code}", report.state),
    ]


async def _keep_forgetting(host: Host) -> None:
    """Remove who never confirmed and who left, each hour, while the server runs."""
    while True:
        try:
            n_gone = FORGET_AT_ONCE_MAX
            while n_gone == FORGET_AT_ONCE_MAX:
                n_gone = await host.change(lambda records: forget(records, now=host.now()))
        except OSError as error:
            host.tell(f"The register failed: {str(error) or 'no answer in time'}")
        await asyncio.sleep(FORGET_EVERY_S)


async def _style(request: Request) -> Response:  # noqa: ARG001  Starlette's signature
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def _robots(request: Request) -> Response:  # noqa: ARG001  as above
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _no_icon(request: Request) -> Response:  # noqa: ARG001  as above
    return Response(status_code=204)


def _up(request: Request) -> str:
    return "../" * max(0, request.url.path.strip("/").count("/"))
