"""Encrypted lookups against a resolver that we did not write: unbound, over TLS and HTTPS (HTTP/2)."""

import asyncio
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from raabta.lab.needs import tool_environment
from raabta.probe.dns import addresses, look_up
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.host import HostNetwork
from raabta.probe.settings import ProbeSettings, Resolver
from raabta.probe.trace import Budget, Trace
from tests.lab.conftest import Inside
from tests.probe.test_encrypted_dns import lasting, lasting_root

HERE, NAME, TRUE = "127.0.0.1", "dns.resolver.example", "203.0.113.7"
CONFIG = """
server:
    interface: 127.0.0.1@53
    interface: 127.0.0.1@853
    interface: 127.0.0.1@443
    https-port: 443
    tls-port: 853
    tls-service-key: {folder}/key.pem
    tls-service-pem: {folder}/chain.pem
    local-zone: "example." static
    local-data: "site.example. A {true}"
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
    num-threads: 1
"""


@contextmanager
def unbound() -> Iterator[None]:
    certificate = lasting(NAME)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "key.pem").write_bytes(certificate._key_pem())
        (folder / "chain.pem").write_text(certificate.pem)
        (folder / "unbound.conf").write_text(CONFIG.format(folder=folder, true=TRUE))
        command = ["unbound", "-d", "-c", str(folder / "unbound.conf")]
        with subprocess.Popen(command, env=tool_environment(), stderr=subprocess.PIPE) as server:
            try:
                assert server.stderr is not None
                while b"start of service" not in (line := server.stderr.readline()):
                    assert line, "unbound ended"
                yield
            finally:
                server.kill()


async def _look_up_all(trust_pem: str) -> list[list[object]]:
    resolvers = [
        Resolver(engine="udp", address=HERE, port=53),
        Resolver(engine="tcp", address=HERE, port=53),
        Resolver(engine="dot", address=HERE, port=853, name=NAME),
        Resolver(engine="doh", address=HERE, port=443, name=NAME),
    ]
    network = HostNetwork()
    settings = ProbeSettings(plain_resolver=resolvers[0], trust_pem=trust_pem)
    trace = Trace(network=network, zero=network.clock(), budget=Budget(max_s=60, max_packets=999, max_bytes=99_999))
    found: list[list[object]] = []
    async with DnsSessions(network, settings=settings) as sessions:
        for resolver in resolvers:
            for host in ("site.example", "site.example", "absent.example"):
                query, _ = await look_up(
                    trace, host, query_type="A", resolver=resolver, settings=settings, sessions=sessions
                )
                found.append([resolver.engine, query.failure, *addresses(query.answers)])
    return found


def ask_unbound() -> list[list[object]]:
    with unbound():
        return asyncio.run(_look_up_all(lasting_root().pem))


def test_unbound_is_understood_over_every_transport_it_has(lab: Inside, require: Callable[..., None]) -> None:
    require("unbound")
    expected = [
        [engine, *rest]
        for engine in ("udp", "tcp", "dot", "doh")
        for rest in ([None, TRUE], [None, TRUE], ["dns_nxdomain_error"])
    ]
    assert lab.call(ask_unbound) == expected
