"""Proofs of control shown by programs that we did not write: BIND, Unbound, nginx, OpenSSL's server."""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from raabta.lab.needs import tool_environment
from raabta.model.register import Proof
from raabta.pipeline.proving import Look, look_at
from raabta.probe.host import HostNetwork
from raabta.probe.settings import Resolver, Timeouts
from raabta.registry.instructions import lines_to_show
from tests.cases.authority import NOW
from tests.cases.loopback import LOCAL
from tests.cases.proving import DOMAIN, pending, proving
from tests.lab.conftest import Inside

ZONE_SERVER = "127.0.0.1"
"""BIND listens on addresses that an interface has."""
RESOLVERS = ("127.0.0.2", "127.0.0.3")
READY_S = 20.0
DELEGATED = "9-15.0.0.127.in-addr.arpa"

NAMED = """
options {{ directory "{folder}"; listen-on port 53 {{ {address}; }}; listen-on-v6 {{ none; }}; recursion no;
  pid-file none; session-keyfile none; dnssec-validation no; notify no; }};
controls {{ }};
zone "{domain}" {{ type primary; file "{folder}/company.zone"; }};
zone "0.0.127.in-addr.arpa" {{ type primary; file "{folder}/reverse.zone"; }};
"""
HEAD = "$TTL 60\n@ SOA ns.company.example. hostmaster.company.example. 1 60 60 60 60\n@ NS ns.company.example.\n"

UNBOUND = """
server:
    interface: {address}
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
    local-zone: "127.in-addr.arpa." nodefault
stub-zone:
    name: "company.example"
    stub-addr: {zone}
stub-zone:
    name: "0.0.127.in-addr.arpa"
    stub-addr: {zone}
remote-control:
    control-enable: no
"""

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log stderr; events {{ }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen {address}:80; root {folder}/www; }} }}
"""


@contextmanager
def running(*command: str, says: bytes = b"") -> Iterator[None]:
    """Run a server, from when its errors say ``says`` on. Its input stays open: OpenSSL's ends with it."""
    with subprocess.Popen(
        command,
        env=tool_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if says else subprocess.DEVNULL,
    ) as server:
        try:
            while server.stderr is not None and says not in (line := server.stderr.readline()):
                assert line, f"{command[0]} ended"
            yield
        finally:
            server.kill()


def look(proof: Proof) -> Look:
    resolvers = [Resolver(engine="udp", address=address, port=53) for address in RESOLVERS]
    settings = proving(*resolvers, timeouts=Timeouts(dns_second_s=0.1))
    return asyncio.run(look_at(proof, network=HostNetwork(), settings=settings, now=NOW, chance=b"\1" * 8))


def look_until_shown(proof: Proof) -> list[object]:
    """Servers need a moment to begin; what they show then is what counts."""
    until = time.monotonic() + READY_S
    while not (found := look(proof)).is_shown and time.monotonic() < until:
        pass
    return told(found)


def told(found: Look) -> list[object]:
    return [found.is_shown, list(found.witnesses), found.evidence]


def show_texts() -> list[list[object]]:
    """A domain, an address in the reverse zone, and one whose name is delegated to the customer (RFC 2317)."""
    plain, other = pending("dns_txt"), pending("dns_txt", organisation_id="o-other")
    whole = pending("reverse_dns", "127.0.0.8", endpoint_id="e-office")
    delegated = pending("reverse_dns", "127.0.0.9", endpoint_id="e-office")
    shown = {proof.challenge: dict(lines_to_show(proof)) for proof in (plain, whole, delegated)}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        company = [f"{shown[plain.challenge]['name']}. TXT {shown[plain.challenge]['text']}", f"ns A {ZONE_SERVER}"]
        reverse = [
            f"{shown[whole.challenge]['name']}. TXT {shown[whole.challenge]['text']}",
            f"9 CNAME 9.{DELEGATED}.",
            f"9.{DELEGATED}. TXT {shown[delegated.challenge]['text']}",
        ]
        (folder / "company.zone").write_text(HEAD + "\n".join(company) + "\n")
        (folder / "reverse.zone").write_text(HEAD + "\n".join(reverse) + "\n")
        (folder / "named.conf").write_text(NAMED.format(folder=folder, address=ZONE_SERVER, domain=DOMAIN))
        stack.enter_context(running("named", "-g", "-c", str(folder / "named.conf"), says=b"all zones loaded"))
        for address in RESOLVERS:
            (folder / f"{address}.conf").write_text(UNBOUND.format(folder=folder, address=address, zone=ZONE_SERVER))
            stack.enter_context(
                running("unbound", "-d", "-c", str(folder / f"{address}.conf"), says=b"start of service")
            )
        found = [told(look(proof)) for proof in (plain, whole, delegated)]
        return [*found, told(look(other))]


def test_bind_shows_texts_through_two_unbounds_and_by_itself(lab: Inside, require: Callable[..., None]) -> None:
    require("named", "unbound")
    plain, whole, delegated, foreign = lab.call(show_texts)
    everybody = ["127.0.0.2:53", "127.0.0.3:53", "servers of the zone"]
    assert plain == [True, everybody, "seen from 3 of 3 places"]
    assert whole == [True, everybody, "seen from 3 of 3 places"]
    assert delegated[:2] == [True, everybody]
    assert foreign[:2] == [False, []]


def show_page() -> list[list[object]]:
    proof = pending("acme_http", LOCAL, endpoint_id="e-office")
    other = pending("acme_http", LOCAL, endpoint_id="e-other")
    said = dict(lines_to_show(proof))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "www" / said["url"].removeprefix(f"http://{LOCAL}/")
        file.parent.mkdir(parents=True)
        file.write_text(said["text"] + "\n")
        for path in (folder, folder / "www", *file.parents[: len(file.parents) - len(folder.parents) - 1]):
            path.chmod(0o755)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, address=LOCAL))
        with running("nginx", "-c", str(folder / "nginx.conf")):
            shown = look_until_shown(proof)
            foreign = told(look(other))
    return [shown, foreign]


def test_nginx_shows_a_page_at_an_address(lab: Inside, require: Callable[..., None]) -> None:
    require("nginx")
    shown, foreign = lab.call(show_page)
    assert shown == [True, ["this machine"], "seen from 1 of 1 places"]
    assert foreign == [False, [], "seen from 0 of 1 places. this machine: the file holds something else"]


def openssl_commands(proof: Proof, folder: Path) -> tuple[Sequence[str], Sequence[str]]:
    """As docs/guides/proofs.md has them."""
    said = dict(lines_to_show(proof))
    key, certificate = str(folder / "proof.key"), str(folder / "proof.pem")
    make = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=proof -keyout {key}"
    )
    identifier = f"1.3.6.1.5.5.7.1.31={said['1.3.6.1.5.5.7.1.31']}"
    addition = ["-addext", f"subjectAltName={said['subjectAltName']}", "-addext", identifier, "-out", certificate]
    serve = f"openssl s_server -accept {LOCAL}:443 -alpn {said['alpn']} -key {key} -cert {certificate}"
    return [*make.split(), *addition], serve.split()


def show_certificate() -> list[list[object]]:
    proof = pending("acme_tls_alpn", LOCAL, endpoint_id="e-office")
    other = pending("acme_tls_alpn", LOCAL, endpoint_id="e-other")
    with tempfile.TemporaryDirectory() as name:
        make, serve = openssl_commands(proof, Path(name))
        subprocess.run(make, env=tool_environment(), check=True, capture_output=True)
        with running(*serve):
            shown = look_until_shown(proof)
            foreign = told(look(other))
    return [shown, foreign]


def test_openssls_server_shows_a_certificate_at_an_address(lab: Inside, require: Callable[..., None]) -> None:
    require("openssl")
    shown, foreign = lab.call(show_certificate)
    assert shown == [True, ["this machine"], "seen from 1 of 1 places"]
    assert foreign[:2] == [False, []]
    assert "another challenge's" in str(foreign[2])
