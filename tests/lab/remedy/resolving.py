"""Real resolvers with response policy zones, on loopback: BIND and Unbound, in front of a BIND that has the answers."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from raabta.lab.needs import tool_environment

HERE: Final = "127.0.0.1"
AUTHORITY_PORT: Final = 5301
PORTS: Final = {"bind": 5302, "unbound": 5303}
WAIT_S: Final = 20.0

# Its server keeps the order of addresses: of "mixed" the listed one comes first, of "mixedlast" last.
ZONE: Final = """\
$TTL 60
@ IN SOA ns.example. root.example. 1 3600 600 604800 60
@ IN NS ns.example.
ns IN A 127.0.0.1
listed IN A 198.51.100.1
neighbour IN A 198.51.100.2
listed6 IN AAAA 2001:db8:bad::1
neighbour6 IN AAAA 2001:db8:bad::2
bad IN A 192.0.2.80
sub.bad IN A 192.0.2.81
any.worse IN A 192.0.2.82
worse IN A 192.0.2.83
free IN A 192.0.2.90
badname IN A 198.51.100.1
mixed IN A 198.51.100.1
mixed IN A 198.51.100.2
mixedlast IN A 198.51.100.0
mixedlast IN A 198.51.100.1
alias IN CNAME listed
aliasbad IN CNAME bad
"""

_NAMED: Final = """
options {{
  directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; dnssec-validation no; qname-minimization off; minimal-responses yes;
  {more}
}};
controls {{ }};
"""
_UNBOUND: Final = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  module-config: "respip iterator"
  local-zone: "example." nodefault
{zones}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{authority}
remote-control:
  control-enable: no
"""


def named_config(folder: Path, zones: Mapping[str, bytes]) -> str:
    """Config of a BIND that applies zones in this order."""
    order = " ".join(f'zone "{name}";' for name in zones)
    policy = f"response-policy {{ {order} }} qname-wait-recurse no;" if zones else ""
    more = f"recursion yes; forward only; forwarders port {AUTHORITY_PORT} {{ {HERE}; }}; {policy}"
    texts = [_NAMED.format(folder=folder, port=PORTS["bind"], more=more)]
    texts += [f'zone "{name}" {{ type primary; file "{folder}/{name}"; }};\n' for name in zones]
    return "".join(texts)


def unbound_config(folder: Path, zones: Mapping[str, bytes]) -> str:
    """Config of an Unbound that applies zones in this order."""
    clauses = "".join(f'rpz:\n  name: "{name}."\n  zonefile: "{folder}/{name}"\n' for name in zones)
    return _UNBOUND.format(folder=folder, port=PORTS["unbound"], authority=AUTHORITY_PORT, zones=clauses)


@contextmanager
def serving(zones: Mapping[str, bytes]) -> Iterator[None]:
    """Have both resolvers while the block runs, each with these zones, in this order."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, raw in zones.items():
            (folder / name).write_bytes(raw)
        (folder / "example.zone").write_text(ZONE)
        authority = _NAMED.format(folder=folder, port=AUTHORITY_PORT, more="recursion no; rrset-order { order none; };")
        authority += f'zone "example" {{ type primary; file "{folder}/example.zone"; }};'
        for name, config in (("authority", authority), ("bind", named_config(folder, zones))):
            (folder / f"{name}.conf").write_text(config)
            command = ["named", "-g", "-n", "1", "-c", str(folder / f"{name}.conf")]
            # A policy zone is in force only some time after the server says that it runs.
            policies = [f"rpz: {zone}: reload done".encode() for zone in zones] if name == "bind" else []
            stack.enter_context(_running(command, ready=[b"all zones loaded", *policies]))
        (folder / "unbound.conf").write_text(unbound_config(folder, zones))
        command = ["unbound", "-d", "-c", str(folder / "unbound.conf")]
        stack.enter_context(_running(command, ready=[b"start of service"]))
        yield


@contextmanager
def _running(command: list[str], *, ready: list[bytes]) -> Iterator[None]:
    """Have a server that has said all of ``ready``."""
    with subprocess.Popen(command, env=tool_environment(), stderr=subprocess.PIPE) as server:
        try:
            assert server.stderr is not None
            said: list[bytes] = []
            while not all(any(words in line for line in said) for words in ready):
                said.append(server.stderr.readline())
                assert said[-1], b"".join(said).decode()
            yield
        finally:
            server.kill()


def dig(server: str, name: str, kind: str = "A") -> str:
    """Ask with dig: the answer's status, or its addresses joined by blanks."""
    command = ["dig", f"@{HERE}", "-p", str(PORTS[server]), name, kind, "+time=5", "+tries=1", "+nocookie"]
    done = subprocess.run(command, capture_output=True, text=True, env=tool_environment(), timeout=WAIT_S, check=False)
    status = done.stdout.partition("status: ")[2].partition(",")[0] or f"none ({done.returncode})"
    answers = sorted(
        line.split()[4] for line in done.stdout.splitlines() if line[:1] not in "; " and f"\t{kind}\t" in line
    )
    return " ".join(answers) or status
