"""A person's shell in a client of a running country."""

import os
import signal
import sys
from typing import Final

from raabta.lab.order import Order
from raabta.lab.results import truth_of
from raabta.lab.running import running
from raabta.lab.servers import Authority
from raabta.lab.vantage import OWN_FOLDER, become_client
from raabta.lab.world.country import (
    ANCHORS,
    CONTROL_ADDRESS,
    PUBLIC_RESOLVER,
    PUBLIC_RESOLVER_NAME,
    Country,
    NetworkPlan,
    plan_country,
)

TRUST_FILE: Final = OWN_FOLDER / "trust.pem"


def open_shell(order: Order, *, network: str, authority: Authority) -> int:
    """Have the country run while a shell is open in the client of one network ("" for the first).

    Returns:
        The shell's exit code.
    """
    country = plan_country(order.scenario)
    place = country.network(network) if network else country.networks[0]
    TRUST_FILE.write_text(authority.trust_pem, "ascii")
    with running(country, authority=authority):
        sys.stderr.write(describe(country, place))
        child = os.fork()
        if child == 0:
            _become_shell(place)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _, status = os.waitpid(child, 0)
    sys.stderr.write("The country is gone.\n")
    return os.waitstatus_to_exitcode(status)


def describe(country: Country, place: NetworkPlan) -> str:
    """Say what is where in a country, as its client sees it, and what is true of its targets."""
    line = place.line
    lines = [
        country.scenario.title,
        "",
        f"You are a client of {place.name}, at {place.client_address}. Leave with: exit",
        f"  line        {line.delay_ms:g} ms one way, {line.rate_mbit or 'no limit of'} Mbit/s, {line.loss:.1%} loss",
        f"  gateway     {place.gateway_address}   operator's resolver {place.resolver_address}",
        f"  resolver    {PUBLIC_RESOLVER} ({PUBLIC_RESOLVER_NAME}), honest: UDP, TCP, DoT, DoH, DoQ",
        f"  control     https://{CONTROL_ADDRESS}/   anchors {', '.join(ANCHORS)}",
        f"  trust       {TRUST_FILE}, for example: curl --cacert {TRUST_FILE} URL",
        "  targets",
    ]
    for target in country.targets:
        rows = truth_of(country.scenario, network=place.name, target=target.name)
        truth = "; ".join(f"{row.state} {' or '.join(row.one_of)}".strip() for row in rows) or "ok"
        lines.append(f"    {target.url}   {', '.join((*target.addresses, *target.addresses6))}   truth: {truth}")
    return "\n".join([*lines, "", ""])


def _become_shell(place: NetworkPlan) -> None:
    become_client(place)
    shell = os.environ.get("SHELL", "/bin/sh")
    arguments = [shell, "--norc", "-i"] if os.path.basename(shell) == "bash" else [shell, "-i"]  # noqa: PTH119
    prompt = {"PS1": f"[{place.name}] \\w\\$ "} if shell.endswith("bash") else {"PS1": f"[{place.name}] $ "}
    os.execvpe(shell, arguments, {**os.environ, **prompt})  # noqa: S606  the person's own shell
