"""Who has which address and key in a country of arrangements; the list; what the operator's router does.

Each situation has a client network of its own, and an end point and twins of its own in ``world``. The filter and the
list are in ``transit``, the country's only way out: the list by the reference policy (``remedy.render.nftables``), the
inspection as an operator's own table, which lets marked packets pass as its first rule.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from raabta.lab.exemption.arrangements import ServerState, Situation
from raabta.lab.scenario.types import Network, Scenario
from raabta.lab.world.country import ANCHORS, Country, NetworkPlan, plan_country
from raabta.model.exemption import ExemptionEntry, ExemptionList, Lease, LeaseGrant
from raabta.pipeline.expecting import ExpectPlan, OpeningPlace
from raabta.remedy.flows import entries_of_leases
from raabta.remedy.policy import MARK
from raabta.wire.openvpn import STATIC_KEY_BYTES, OpenVpnKeys
from raabta.wire.wireguard import KEY_BYTES, WireGuardKeys, public_key

WIREGUARD_PORT: Final = 51820
OPENVPN_PORT: Final = 1194
ENDING_S: Final = 2.0
"""How long an entry that is ``ending`` still has when the list is loaded."""
RESIDUAL_S: Final = 60
MAX_SITUATIONS: Final = 20
"""In one country: more clients and their lines are more than two processors carry without delay of their own."""


class ServerPlan(Struct, frozen=True, kw_only=True):
    """One server: where it is, what it speaks, how it is."""

    protocol: Literal["wireguard", "openvpn", "openvpn_tcp"]
    address: str
    port: int
    state: ServerState
    private_key: bytes = b""
    peer: bytes = b""
    """The public key that it knows."""
    openvpn: OpenVpnKeys = OpenVpnKeys()


class Ground(Struct, frozen=True, kw_only=True):
    """A situation with its client, servers and keys, and the plan that its client measures by."""

    situation: Situation
    network: NetworkPlan
    servers: tuple[ServerPlan, ...]
    """The end point first, then the twins."""
    plan: ExpectPlan


def plan_grounds(situations: Sequence[Situation], *, entropy: Callable[[int], bytes]) -> tuple[Country, list[Ground]]:
    """Decide a country for some situations, at most ``MAX_SITUATIONS``."""
    networks = [Network(name=one.id, line=one.line) for one in situations]
    country = plan_country(Scenario(title="Exemptions", family="exemption", network=networks, target=[]))
    pairs = zip(situations, country.networks, strict=True)
    return country, [_ground(one, network, entropy) for one, network in pairs]


def _ground(situation: Situation, network: NetworkPlan, entropy: Callable[[int], bytes]) -> Ground:
    is_wireguard = situation.protocol == "wireguard"
    port = WIREGUARD_PORT if is_wireguard else OPENVPN_PORT
    made = [
        _server(situation, state, f"198.19.{20 + 10 * number}.{10 + network.index}", entropy)
        for number, state in enumerate((situation.endpoint, *situation.twins))
    ]
    servers = [server for server, _ in made]
    places = [
        OpeningPlace(
            protocol="wireguard" if is_wireguard else "openvpn",
            host=server.address,
            port=port,
            transport="tcp" if situation.protocol == "openvpn_tcp" else "udp",
            wireguard=keys if isinstance(keys, WireGuardKeys) else None,
            openvpn=keys if isinstance(keys, OpenVpnKeys) else OpenVpnKeys(),
        )
        for server, keys in made
    ]
    line = OpeningPlace(protocol="tcp", transport="tcp", host=ANCHORS[3], port=443) if situation.line_leg else None
    plan = ExpectPlan(label=situation.id, endpoint=places[0], twins=tuple(places[1:]), line=line, asn=network.asn)
    return Ground(situation=situation, network=network, servers=tuple(servers), plan=plan)


def _server(
    situation: Situation, state: ServerState, address: str, entropy: Callable[[int], bytes]
) -> tuple[ServerPlan, WireGuardKeys | OpenVpnKeys]:
    """A server, and what its client holds."""
    is_wrong = state == "wrong_key"
    if situation.protocol == "wireguard":
        mine, theirs = entropy(KEY_BYTES), entropy(KEY_BYTES)
        server = ServerPlan(
            protocol="wireguard",
            address=address,
            port=WIREGUARD_PORT,
            state=state,
            private_key=theirs,
            peer=public_key(entropy(KEY_BYTES) if is_wrong else mine),
        )
        return server, WireGuardKeys(private_key=mine, peer_public_key=public_key(theirs))
    key = entropy(STATIC_KEY_BYTES)
    served = entropy(STATIC_KEY_BYTES) if is_wrong else key
    server = ServerPlan(
        protocol=situation.protocol,
        address=address,
        port=OPENVPN_PORT,
        state=state,
        openvpn=OpenVpnKeys(wrap=situation.wrap, key=served, direction=0),
    )
    return server, OpenVpnKeys(wrap=situation.wrap, key=key, direction=1)


# --- the list -------------------------------------------------------------------------------------------------------


class Listed(Struct, frozen=True, kw_only=True):
    """A list, and the entries of leases beside it."""

    exemptions: ExemptionList
    leases: tuple[ExemptionEntry, ...]


def make_list(grounds: Sequence[Ground], *, now: dt.datetime, serial: int, with_revoked: bool) -> Listed:
    """Make the list of a country; ``with_revoked`` as it was before entries were revoked."""
    entries: list[ExemptionEntry] = []
    grants: list[LeaseGrant] = []
    leases: list[Lease] = []
    for ground in grounds:
        entry = _entry(ground, now=now, with_revoked=with_revoked)
        if entry is not None:
            entries.append(entry)
        if ground.situation.listing.startswith("lease"):
            grants.append(_grant(ground, now=now))
            leases.append(_lease(ground, now=now))
        by_mistake = (server for server in ground.servers[1:] if server.state == "listed")
        entries += [_plain_entry(ground, server, now=now) for server in by_mistake]
    exemptions = ExemptionList(
        recipient="lab",
        country="PK",
        serial=serial,
        made_at=now,
        expires_at=now + dt.timedelta(days=1),
        entries=tuple(entries),
        grants=tuple(grants),
    )
    return Listed(exemptions=exemptions, leases=tuple(entries_of_leases(leases, exemptions)))


def _entry(ground: Ground, *, now: dt.datetime, with_revoked: bool) -> ExemptionEntry | None:
    endpoint = ground.servers[0]
    plain = _plain_entry(ground, endpoint, now=now)
    match ground.situation.listing:
        case "listed":
            return plain
        case "revoked":
            return plain if with_revoked else None
        case "expired":
            return msgspec.structs.replace(plain, not_after=now - dt.timedelta(hours=1))
        case "ending":
            return msgspec.structs.replace(plain, not_after=now + dt.timedelta(seconds=ENDING_S))
        case "neighbour":
            return msgspec.structs.replace(plain, source=f"{ground.network.client_address[:-1]}3/32")
        case "other_port":
            return msgspec.structs.replace(plain, port=endpoint.port + 1)
        case "other_transport":
            return msgspec.structs.replace(plain, transport="udp" if plain.transport == "tcp" else "tcp")
        case "future":
            return msgspec.structs.replace(plain, not_before=now + dt.timedelta(days=1))
        case "other_destination":
            return msgspec.structs.replace(plain, destination="198.19.199.9/32")
        case "unlisted" | "lease" | "lease_moved" | "lease_ended":
            return None


def _plain_entry(ground: Ground, server: ServerPlan, *, now: dt.datetime) -> ExemptionEntry:
    return ExemptionEntry(
        id=f"{ground.situation.id}-{server.address}",
        source=f"{ground.network.client_address}/32",
        destination=f"{server.address}/32",
        transport="tcp" if server.protocol == "openvpn_tcp" else "udp",
        port=server.port,
        organisation_ref="lab",
        evidence_level=2,
        basis="pk.A",
        not_before=now - dt.timedelta(days=30),
        not_after=now + dt.timedelta(days=30),
    )


def _grant(ground: Ground, *, now: dt.datetime) -> LeaseGrant:
    endpoint = ground.servers[0]
    return LeaseGrant(
        id=f"g-{ground.situation.id}",
        device_key="",
        destination=f"{endpoint.address}/32",
        transport="tcp" if endpoint.protocol == "openvpn_tcp" else "udp",
        port=endpoint.port,
        organisation_ref="lab",
        evidence_level=2,
        basis="pk.A",
        not_before=now - dt.timedelta(days=30),
        not_after=now + dt.timedelta(days=30),
    )


def _lease(ground: Ground, *, now: dt.datetime) -> Lease:
    listing = ground.situation.listing
    client = ground.network.client_address
    begun = now - dt.timedelta(hours=6 if listing == "lease_ended" else 1)
    return Lease(
        id=f"l-{ground.situation.id}",
        grant_id=f"g-{ground.situation.id}",
        address=f"{client[:-1]}9/32" if listing == "lease_moved" else f"{client}/32",
        nonce="",
        asked_at=begun,
        not_before=begun,
        not_after=begun + dt.timedelta(hours=4),
    )


# --- what the operator's router does --------------------------------------------------------------------------------


def inspection(grounds: Sequence[Ground]) -> str:
    """Write the operator's inspection, for ``nft -f``. Its first rule is the one line that the policy asks for."""
    before: list[str] = []
    rules = [f"meta mark & {MARK:#010x} != 0 accept"]
    sets: list[str] = []
    for ground in grounds:
        own_before, own = _rules(ground)
        before += own_before
        rules += own
        name = f"caught_{ground.situation.id}"
        sets.append(f"set {name} {{ type ipv4_addr . ipv4_addr; flags dynamic,timeout; timeout {RESIDUAL_S}s; }}")
    return "\n".join(
        [
            "table inet operator {",
            *(f"  {one}" for one in sets),
            "  chain first { type filter hook forward priority -10;",
            *(f"    {rule}" for rule in before),
            "  }",
            "  chain inspect { type filter hook forward priority 0;",
            *(f"    {rule}" for rule in rules),
            "  }",
            "}\n",
        ]
    )


def _rules(ground: Ground) -> tuple[list[str], list[str]]:
    """Rules about one client: those that nothing is spared from, and the inspection's."""
    situation, client = ground.situation, ground.network.client_address
    seen = f"ip saddr {client} {_signature(situation)}"
    caught = f"@caught_{situation.id}"
    match situation.action:
        case "none":
            return [], []
        case "drop":
            return [], [f"{seen} drop"]
        case "answers":
            return [], [f"ip daddr {client} {_answer_signature(situation)} drop"]
        case "address" | "blackhole":
            rules = [f"ip saddr {client} ip daddr {ground.servers[0].address} drop"]
            return ([], rules) if situation.action == "address" else (rules, [])
        case "addresses":
            addresses = ", ".join(server.address for server in ground.servers)
            return [], [f"ip saddr {client} ip daddr {{ {addresses} }} drop"]
        case "reset":
            return [], [f"{seen} reject with tcp reset"]
        case "reject":
            return [], [f"{seen} reject with icmpx type admin-prohibited"]
        case "throttle":
            return [], [f"{seen} {_over(situation)} drop"]
        case "brownout":
            return [f"ip saddr {client} {_over(situation)} drop"], []
        case "chance":
            return [], [f"{seen} numgen random mod 1000 < {round(1000 * situation.share)} drop"]
        case "residual":
            pair = "ip saddr . ip daddr"
            return [], [
                f"ip saddr {client} {pair} {caught} drop",
                f"{seen} add {caught} {{ {pair} }} reject with tcp reset",
            ]
        case "punish":
            self = "ip saddr . ip saddr"
            return [f"{seen} {self} {caught} drop"], [f"{seen} add {caught} {{ {self} }} drop"]
        case "outage":
            return [f"ip saddr {client} drop"], []


def _over(situation: Situation) -> str:
    return f"limit rate over {situation.packets_s}/second burst {situation.packets_s} packets"


def _answer_signature(situation: Situation) -> str:
    """What inspection knows a server's answer by: WireGuard's type and length, OpenVPN's hard reset of a server."""
    match situation.protocol:
        case "wireguard":
            return "meta l4proto udp udp length 100 @th,64,32 0x02000000"
        case "openvpn":
            return f"meta l4proto udp udp sport {OPENVPN_PORT} @th,64,8 0x40"
        case "openvpn_tcp":
            return f"meta l4proto tcp tcp sport {OPENVPN_PORT} @ih,16,8 0x40"


def _signature(situation: Situation) -> str:
    """What inspection knows an opening by: WireGuard's type and length, OpenVPN's hard reset of a client."""
    match situation.protocol:
        case "wireguard":
            return "meta l4proto udp udp length 156 @th,64,32 0x01000000"
        case "openvpn":
            return f"meta l4proto udp udp dport {OPENVPN_PORT} @th,64,8 0x38"
        case "openvpn_tcp":
            return f"meta l4proto tcp tcp dport {OPENVPN_PORT} @ih,16,8 0x38"
