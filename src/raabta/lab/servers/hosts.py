"""What a machine is to those who connect: which certificate it shows, whether it serves, what it answers. Pure.

A ``Host`` knows nothing of sockets: the same one answers over plain HTTP, TLS with HTTP/1.1 or h2, and QUIC.
"""

from dataclasses import dataclass, field
from itertools import count
from typing import Final, Literal, Protocol, cast

from raabta.lab.scenario.types import Condition
from raabta.lab.servers.authority import CertificateKind
from raabta.lab.servers.pages import (
    Request,
    Response,
    challenge_page,
    changing_page,
    country_page,
    error_page,
    legal_page,
    localised_title,
    page,
    redirect,
)
from raabta.lab.servers.sites import CERTIFICATE_KINDS, SICK_KINDS, Place, Site, Who
from raabta.lab.world.country import NEUTRAL_NAME, PORTAL_CHECK_HOST, PORTAL_CHECK_PATH, Country

Fate = Literal["serve", "silent", "reset", "close", "alert"]
"""What becomes of a connection after its first message."""

NEUTRAL_TITLE: Final = "Neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a TLS server shows and speaks. ``names`` are on the certificate, the subject's first."""

    names: tuple[str, ...]
    kind: CertificateKind = "valid"
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    tls: Literal["1.2", "1.3", "both"] = "both"


class Host(Protocol):
    """A machine."""

    def credentials(self, server_name: str, who: Who) -> Credentials:
        """Say what to show to a ClientHello; ``server_name`` may be empty."""

    def fate(self, name: str, who: Who, *, is_request: bool) -> Fate:
        """Say what becomes of a connection once its ClientHello, or (``is_request``) its request in clear, is there."""

    def respond(self, request: Request, who: Who) -> Response:
        """Answer a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHost:
    """A server of targets: what is odd about each, and a neutral page of the same size under any other name."""

    place: Place
    countries: tuple[str, ...]
    _turns: "count[int]" = field(default_factory=count)

    def credentials(self, server_name: str, who: Who) -> Credentials:
        """Give the site's certificate, or the neutral name's."""
        site = self.place.site(server_name)
        offers = (site or self.place.sites[0]).plan.target
        alpn = ("h2", "http/1.1") if offers.h2 else ("http/1.1",)
        if site is None:
            return Credentials(names=(NEUTRAL_NAME,), alpn=alpn, tls=offers.tls)
        odd = site.oddity(who, *CERTIFICATE_KINDS)
        kind = cast("CertificateKind", CERTIFICATE_KINDS[odd.kind]) if odd else "valid"
        return Credentials(names=_site_names(site), kind=kind, alpn=alpn, tls=offers.tls)

    def quic_credentials(self) -> Credentials:
        """Give one certificate for all names here: a QUIC server of ours chooses before it knows the name."""
        names = [name for site in self.place.sites for name in _site_names(site)]
        odd = next((odd for odd in self.place.sites[0].oddities if odd.condition.kind in CERTIFICATE_KINDS), None)
        kind = cast("CertificateKind", CERTIFICATE_KINDS[odd.condition.kind]) if odd else "valid"
        return Credentials(names=(*dict.fromkeys(names), NEUTRAL_NAME), kind=kind, alpn=("h3",))

    def fate(self, name: str, who: Who, *, is_request: bool) -> Fate:
        """Fail as the site does; under other names only where all sites here fail."""
        site = self.place.site(name)
        if site is not None:
            return _fate(site, who, is_request=is_request)
        fates = {_fate(each, who, is_request=is_request) for each in self.place.sites if not _refuses(each, who)}
        return fates.pop() if len(fates) == 1 else "serve"

    def respond(self, request: Request, who: Who) -> Response:
        """Give the site's page, or what stands in its way."""
        scheme = "https" if request.secure else "http"
        site = self.place.site(request.host, url_start=f"{scheme}://{request.host}{request.path}")
        if site is None:
            return _neutral(self.place.sites[0].plan.target.page_bytes)
        answer = _obstacle(site, request, who) or Response(body=self._page(site, who))
        return _hampered(answer, site, who)

    def _page(self, site: Site, who: Who) -> bytes:
        target = site.plan.target
        title = target.title or site.plan.name.replace("-", " ").title()
        if site.oddity(who, "dynamic_page"):
            return changing_page(title, n_bytes=target.page_bytes, turn=next(self._turns))
        language = site.oddity(who, "language_page")
        if language and who.network is not None:
            title = language.title or localised_title(title, self.countries[who.network])
        return page(title, n_bytes=target.page_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureHost:
    """A machine that always answers: anchors, the neutral name, the portal check, or one that shows nothing.

    ``names`` are on its certificate; where ``takes_any_name``, whatever name was asked for. ``title`` is its page's.
    """

    names: tuple[str, ...]
    title: str = NEUTRAL_TITLE
    takes_any_name: bool = False
    page_bytes: int = 6_000

    def credentials(self, server_name: str, who: Who) -> Credentials:  # noqa: ARG002  a Host
        """Give its own certificate, or one for the name that was asked for."""
        return Credentials(names=(server_name,) if server_name and self.takes_any_name else self.names)

    def fate(self, name: str, who: Who, *, is_request: bool) -> Fate:  # noqa: ARG002  a Host
        """Serve."""
        return "serve"

    def respond(self, request: Request, who: Who) -> Response:  # noqa: ARG002  a Host
        """Give its page, or 204 to the portal check."""
        if request.path == PORTAL_CHECK_PATH and request.host == PORTAL_CHECK_HOST:
            return Response(status=204, headers=())
        if self.takes_any_name and (wanted := _speed_bytes(request.path)):
            return Response(body=page(self.title, n_bytes=wanted))
        return Response(body=page(self.title, n_bytes=self.page_bytes))


MAX_SPEED_BYTES: Final = 1_000_000
"""As much as the real control sends for a measurement of speed."""


def _speed_bytes(path: str) -> int:
    """Give how many bytes a speed transfer asks for (``/speed?bytes=N``, as at the control); 0 where it is none."""
    digits = path.removeprefix("/speed?bytes=")
    return min(int(digits), MAX_SPEED_BYTES) if digits != path and digits.isdecimal() else 0


def target_host(country: Country, place: Place) -> TargetHost:
    """Make the server of a place."""
    return TargetHost(place=place, countries=tuple(network.country for network in country.networks))


def _site_names(site: Site) -> tuple[str, ...]:
    host = site.plan.host.lower()
    return (host, *sorted(site.names - {host}))


def _refuses(site: Site, who: Who) -> bool:
    refused = site.oddity(who, "control_refused")
    return refused is not None and not refused.status


def _fate(site: Site, who: Who, *, is_request: bool) -> Fate:
    """``control_refused`` without a status is a reset, as of a filter in front of the site."""
    if _refuses(site, who):
        return "reset"
    odd = site.oddity(who, *SICK_KINDS)
    if odd is None or (is_request and odd.kind == "server_alert"):
        return "serve"
    return cast("Fate", SICK_KINDS[odd.kind])


def _neutral(n_bytes: int) -> Response:
    return Response(body=page(NEUTRAL_TITLE, n_bytes=n_bytes))


def _obstacle(site: Site, request: Request, who: Who) -> Response | None:
    """What stands in the way of the page, the outermost first: a filter, a service before the site, the site."""
    if (odd := site.oddity(who, "control_refused")) is not None:
        return error_page(odd.status or 403)
    if not request.secure and site.oddity(who, "http_to_https"):
        return redirect(f"https://{request.host}{request.path}", status=301)
    if (odd := site.oddity(who, "challenge_page")) is not None:
        return challenge_page(request.host, status=odd.status)
    if (odd := site.oddity(who, "geo_page")) is not None:
        return country_page(site.plan.index, title=odd.title)
    if site.oddity(who, "geo_451"):
        return legal_page()
    if (odd := site.oddity(who, "status")) is not None:
        return error_page(odd.status, title=odd.title)
    return _redirect(site, request, who)


def _redirect(site: Site, request: Request, who: Who) -> Response | None:
    scheme = "https" if request.secure else "http"
    host = site.plan.host
    if site.oddity(who, "redirect_loop"):
        turn = "b" if request.path.endswith("/a") else "a"
        return redirect(f"{scheme}://{request.host}/loop/{turn}")
    if site.oddity(who, "bad_redirect"):
        return redirect(f"{scheme}://missing.{host}/welcome")
    if request.host != f"www.{host}" and site.oddity(who, "redirect_other_host"):
        return redirect(f"{scheme}://www.{host}/", status=301)
    return None


def _hampered(answer: Response, site: Site, who: Who) -> Response:
    slow: Condition | None = site.oddity(who, "slow_server")
    offer = (("alt-svc", 'h3=":443"; ma=86400'),) if site.plan.target.quic else ()
    return answer.but(
        wait_s=slow.seconds if slow else None,
        cut_at=len(answer.body) // 2 if site.oddity(who, "truncated_page") else None,
        headers=offer,
    )
