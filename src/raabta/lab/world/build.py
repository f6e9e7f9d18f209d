"""Making a country's namespaces, links, addresses and routes, and removing them.

Works as root and as an ordinary user in a user namespace, always inside ``unshare --net --mount --pid --kill-child``,
so that the end of the first process removes everything, whatever was left. All is done by ``ip -batch`` (one for all
links, then one per namespace, side by side): 60–80 ms for a country of one network, 5 ms to remove it.

Choices that the stages can see:

- Routers answer with the address that names them (``src`` in their routes), so that a traced route reads as planned.
- ``world`` owns its whole prefix, so that an address without a server refuses connections, as any machine does.
- What nobody owns (bogons above all) is swallowed at the country's edge, as most networks do, not reported.
- Packets leave their sender at the size of the link (no segmentation offload): loss and rate act on real packets.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from raabta.lab.world.country import (
    ABROAD,
    ABROAD_ADDRESS,
    ABROAD_ADDRESS6,
    CONTROL,
    CONTROL_ADDRESS,
    CONTROL_ADDRESS6,
    CONTROL_ANCHOR6,
    PUBLIC_RESOLVER6,
    TRANSIT,
    TRANSIT_ADDRESS,
    TRANSIT_ADDRESS6,
    WORLD,
    Country,
    Link,
    NetworkPlan,
)
from raabta.lab.world.namespaces import NAMESPACES, enter, mount_tmpfs

_ROUTER_SYSCTLS: Final = {
    "ipv4/ip_forward": "1",
    "ipv6/conf/all/forwarding": "1",
    "ipv4/icmp_ratelimit": "0",
    "ipv4/icmp_msgs_per_sec": "100000",
    "ipv6/icmp/ratelimit": "0",
}
_ALL_SYSCTLS: Final = {
    "ipv4/ip_unprivileged_port_start": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    # Links are made after this, and take the defaults: no waiting for duplicate addresses, no asking for routers.
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/default/dad_transmits": "0",
    "ipv6/conf/default/router_solicitations": "0",
    "ipv6/conf/default/accept_ra": "0",
    # A prefix that is routed to "local" has no address to bind to in IPv6's view (in IPv4's it has).
    "ipv6/ip_nonlocal_bind": "1",
}
_OPTIONAL_SYSCTLS: Final = frozenset({"ipv4/icmp_msgs_per_sec"})
"""Absent or not per namespace on some kernels."""

_CONTROL_PREFIX: Final = IPv4Network("198.19.250.0/24")
_WORLD_PREFIXES: Final = tuple(IPv4Network("198.19.0.0/16").address_exclude(_CONTROL_PREFIX))
"""A machine that owned the control's addresses would never answer it."""

_COMMAND_S: Final = 30.0
"""Longest wait for one batch of commands; one takes 5–70 ms."""


class LabUnavailableError(Exception):
    """This machine cannot run the lab, or not all of it. The text says why and what to try."""


def prepare_machine() -> None:
    """Make this process's own ``/run`` and loopback ready. Once, in the first process of an unshared lab.

    Raises:
        LabUnavailableError: Mounting or setting up the loopback is not allowed here.
    """
    try:
        mount_tmpfs(Path("/run"))
    except OSError as error:
        raise LabUnavailableError(f"cannot mount a file system on /run: {error.strerror}") from error
    NAMESPACES.mkdir()
    _run_batch(["link set lo up"])


@contextmanager
def build(country: Country) -> Iterator[None]:
    """Have the country's network while the block runs: namespaces, links, addresses, routes; no servers.

    Raises:
        LabUnavailableError: A command failed; its words are in the text.
    """
    try:
        _run_batch([f"netns add {name}" for name in country.namespaces])
        for name in country.namespaces:
            _set_sysctls(name, is_router=not name.startswith("client"))
        _run_batch([_link_command(link) for link in country.links])
        _run_batches({name: _commands(country, name) for name in country.namespaces})
        yield
    finally:
        remove(country)


def remove(country: Country) -> None:
    """Remove the country's namespaces and with them all that is in them. Processes in there must have ended."""
    _run_batch([f"netns del {name}" for name in country.namespaces if (NAMESPACES / name).exists()])


def _set_sysctls(name: str, *, is_router: bool) -> None:
    wanted = _ALL_SYSCTLS | (_ROUTER_SYSCTLS if is_router else {})
    with enter(name):
        for key, value in wanted.items():
            _set_sysctl(key, value)


def _set_sysctl(key: str, value: str) -> None:
    try:
        (Path("/proc/sys/net") / key).write_text(value, "ascii")
    except OSError as error:
        if key not in _OPTIONAL_SYSCTLS:
            raise LabUnavailableError(f"cannot set net/{key} in a namespace: {error.strerror}") from error


def _link_command(link: Link) -> str:
    return (
        f"link add name {link.left_device} netns {link.left} type veth peer name {link.right_device} netns {link.right}"
    )


def _commands(country: Country, name: str) -> list[str]:
    """All that is to be said to one namespace, in order: addresses, devices up, routes."""
    commands = ["link set lo up"]
    for link in country.links:
        if name == link.left:
            commands += _device_commands(link.left_device, link.left4, link.left6)
        if name == link.right:
            commands += _device_commands(link.right_device, link.right4, link.right6)
    for network in country.networks:
        if name == network.client:
            return _client_commands(commands, network)
        if name == network.access:
            return commands + _access_commands(country, network)
    return commands + _FIXED_COMMANDS[name](country)


def _device_commands(device: str, address4: str, address6: str) -> list[str]:
    return [
        f"addr add {address4} dev {device}",
        f"addr add {address6} dev {device} nodad",
        f"link set dev {device} gso_max_segs 1 up",
    ]


def _client_commands(commands: list[str], network: NetworkPlan) -> list[str]:
    """Without IPv6 a client has no IPv6 address; where it is broken it has, and the operator swallows its packets."""
    has_ipv6 = network.ipv6 is not False
    kept = [command for command in commands if has_ipv6 or not command.endswith("nodad")]
    routes = [f"route add default via {network.gateway_address}"]
    return kept + routes + ([f"route add default via {network.gateway_address6}"] if has_ipv6 else [])


def _access_commands(country: Country, network: NetworkPlan) -> list[str]:
    services4 = (network.resolver_address, network.blockpage_address, network.cache_address)
    services6 = (network.resolver_address6, network.blockpage_address6, network.cache_address6)
    up4, up6 = _other_end(country, network.access, "up")
    out6 = f"via {up6} src {network.gateway_address6}"
    return [
        *(f"addr add {address}/32 dev down" for address in services4),
        # Without a preferred life the router itself never sends from them (RFC 6724, rule 3).
        *(f"addr add {address}/128 dev down nodad preferred_lft 0" for address in services6),
        f"route add default via {up4} src {network.gateway_address}",
        "route add blackhole ::/0" if network.ipv6 == "broken" else f"route add default {out6}",
    ]


def _transit_commands(country: Country) -> list[str]:
    up4, up6 = _other_end(country, TRANSIT, "up")
    commands = [
        f"addr add {TRANSIT_ADDRESS}/32 dev lo",
        f"addr add {TRANSIT_ADDRESS6}/128 dev lo nodad",
        f"route add default via {up4} src {TRANSIT_ADDRESS}",
        f"route add default via {up6} src {TRANSIT_ADDRESS6}",
    ]
    for network in country.networks:
        down4, down6 = _other_end(country, TRANSIT, network.transit_device)
        commands.append(f"route add {network.prefix4} via {down4} src {TRANSIT_ADDRESS}")
        commands.append(f"route add {network.prefix6} via {down6} src {TRANSIT_ADDRESS6}")
    return commands


def _abroad_commands(country: Country) -> list[str]:
    down4, down6 = _other_end(country, ABROAD, "down")
    world4, world6 = _other_end(country, ABROAD, "world")
    control4, control6 = _other_end(country, ABROAD, "control")
    return [
        f"addr add {ABROAD_ADDRESS}/32 dev lo",
        f"addr add {ABROAD_ADDRESS6}/128 dev lo nodad",
        f"route add 198.18.0.0/16 via {down4} src {ABROAD_ADDRESS}",
        f"route add 2001:db8::/32 via {down6} src {ABROAD_ADDRESS6}",
        f"route add 198.19.0.0/16 via {world4} src {ABROAD_ADDRESS}",
        *(f"route add {prefix} via {world6} src {ABROAD_ADDRESS6}" for prefix in country.world_prefixes6),
        f"route add {_CONTROL_PREFIX} via {control4} src {ABROAD_ADDRESS}",
        f"route add 2001:db8:a250::/48 via {control6} src {ABROAD_ADDRESS6}",
        "route add blackhole default",
        "route add blackhole ::/0",
    ]


def _world_commands(country: Country) -> list[str]:
    up4, up6 = _other_end(country, WORLD, "up")
    return [
        *(f"route add local {prefix} dev lo" for prefix in _WORLD_PREFIXES),
        *(f"route add local {prefix} dev lo" for prefix in country.world_prefixes6),
        *(f"addr add {address}/128 dev lo nodad" for address in sorted(_served6(country))),
        f"route add default via {up4}",
        f"route add default via {up6}",
    ]


def _served6(country: Country) -> set[str]:
    """IPv6 addresses that ICMP errors should come from: a prefix that is only routed to "local" is no address there."""
    sites = {address for target in country.targets for address in (*target.addresses6, *target.alternatives6)}
    return sites | {PUBLIC_RESOLVER6}


def _control_commands(country: Country) -> list[str]:
    up4, up6 = _other_end(country, CONTROL, "up")
    return [
        f"route add local {_CONTROL_PREFIX} dev lo",
        "route add local 2001:db8:a250::/48 dev lo",
        *(f"addr add {address}/128 dev lo nodad" for address in (CONTROL_ADDRESS6, CONTROL_ANCHOR6)),
        f"route add default via {up4} src {CONTROL_ADDRESS}",
        f"route add default via {up6} src {CONTROL_ADDRESS6}",
    ]


_FIXED_COMMANDS: Final = {
    TRANSIT: _transit_commands,
    ABROAD: _abroad_commands,
    WORLD: _world_commands,
    CONTROL: _control_commands,
}


def _other_end(country: Country, name: str, device: str) -> tuple[str, str]:
    """Addresses, IPv4 and IPv6, at the far end of a namespace's device."""
    for link in country.links:
        if (link.left, link.left_device) == (name, device):
            return link.right4.partition("/")[0], link.right6.partition("/")[0]
        if (link.right, link.right_device) == (name, device):
            return link.left4.partition("/")[0], link.left6.partition("/")[0]
    raise KeyError((name, device))


def _run_batch(commands: list[str]) -> None:
    _run_batches({"": commands})


def _run_batches(commands: dict[str, list[str]]) -> None:
    """Run each namespace's commands ("" is this one), all namespaces side by side."""
    running = {
        name: subprocess.Popen(  # noqa: S603  names and addresses of the plan
            ["ip", *(["-n", name] if name else []), "-batch", "-"],  # noqa: S607  where the system has it
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in commands
    }
    failures: list[str] = []
    for name, process in running.items():
        _, said = process.communicate("\n".join(commands[name]) + "\n", timeout=_COMMAND_S)
        if process.returncode != 0:
            failures.append(f"{name or 'the lab'}: {said.strip()}")
    if failures:
        raise LabUnavailableError("ip: " + "; ".join(failures))
