"""The operator's own machines: block pages, a portal, and the server that interception ends at. Pure."""

from dataclasses import dataclass
from typing import Final

from raabta.lab.scenario.types import Interference
from raabta.lab.servers.authority import CertificateKind
from raabta.lab.servers.hosts import Credentials, Fate
from raabta.lab.servers.notices import blocking_notice, portal_redirect, sign_in_page
from raabta.lab.servers.pages import Request, Response
from raabta.lab.servers.sites import Who
from raabta.lab.world.country import PORTAL_PORT, Country, NetworkPlan

MITM_KINDS: Final[dict[str, CertificateKind]] = {
    "mitm_self": "self_signed",
    "mitm_ca": "operator_authority",
    "mitm_name": "wrong_name",
}
_NOTICE_NAME: Final = "notice.operator.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterceptingHost:
    """What ends a connection in the site's place: a certificate of the operator's making, then a notice."""

    network: NetworkPlan
    kind: CertificateKind

    def credentials(self, server_name: str, who: Who) -> Credentials:  # noqa: ARG002  a Host
        """Give a certificate for the name that was asked for, signed by whom the rule says."""
        return Credentials(names=(server_name or self.network.gateway_address,), kind=self.kind)

    def fate(self, name: str, who: Who, *, is_request: bool) -> Fate:  # noqa: ARG002  a Host
        """Serve."""
        return "serve"

    def respond(self, request: Request, who: Who) -> Response:  # noqa: ARG002  a Host
        """Give the notice."""
        return blocking_notice(request.host, variant=self.network.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockpageHost:
    """The operator's server of block pages. Over TLS it shows its own certificate, whatever name was asked for."""

    network: NetworkPlan

    def credentials(self, server_name: str, who: Who) -> Credentials:  # noqa: ARG002  a Host
        """Give the operator's certificate."""
        return Credentials(names=(_NOTICE_NAME, self.network.blockpage_address), kind="self_signed")

    def fate(self, name: str, who: Who, *, is_request: bool) -> Fate:  # noqa: ARG002  a Host
        """Serve."""
        return "serve"

    def respond(self, request: Request, who: Who) -> Response:  # noqa: ARG002  a Host
        """Give the notice."""
        return blocking_notice(request.host, variant=self.network.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalHost:
    """A captive portal: everything leads to its sign-in page."""

    network: NetworkPlan

    def credentials(self, server_name: str, who: Who) -> Credentials:  # noqa: ARG002  a Host
        """Give the portal's certificate."""
        return Credentials(names=("portal.operator.example", self.network.gateway_address), kind="self_signed")

    def fate(self, name: str, who: Who, *, is_request: bool) -> Fate:  # noqa: ARG002  a Host
        """Serve."""
        return "serve"

    def respond(self, request: Request, who: Who) -> Response:  # noqa: ARG002  a Host
        """Give the sign-in page to who comes to the portal, and send everybody else there."""
        gateway = self.network.gateway_address
        if request.host == gateway:
            return sign_in_page()
        wanted = f"http://{request.host}{request.path}"
        return portal_redirect(gateway, port=PORTAL_PORT, wanted=wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interception:
    """One rule of interception, ready to look up: which names, which addresses, with which certificate."""

    kind: CertificateKind
    names: frozenset[str]
    addresses: frozenset[str]
    probability: float

    def takes(self, name: str, address: str) -> bool:
        """Whether a connection with this server name (or Host) to this address is intercepted."""
        return name in self.names or address in self.addresses


def interceptions_of(country: Country, network: NetworkPlan) -> tuple[Interception, ...]:
    """Give a network's rules of interception, in the scenario's order."""
    rules = (rule for rule in country.scenario.interference if rule.action in MITM_KINDS)
    return tuple(_interception(country, rule) for rule in rules if not rule.networks or network.name in rule.networks)


def _interception(country: Country, rule: Interference) -> Interception:
    targets = country.targets_named(rule.targets)
    by_name = rule.trigger != "address"
    addresses = (
        address
        for target in targets
        for address in (*target.addresses, *target.addresses6, *target.alternatives, *target.alternatives6)
    )
    return Interception(
        kind=MITM_KINDS[rule.action],
        names=frozenset(target.host.lower() for target in targets) if by_name else frozenset(),
        addresses=frozenset() if by_name else frozenset(addresses),
        probability=rule.probability,
    )
