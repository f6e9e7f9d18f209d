"""The real servers and clients of the story: wireguard-go, OpenVPN, BIND, Unbound, nginx, controls; and what asks them.

They are children of the story's process and end with its namespaces.
"""

import asyncio
import base64
import datetime as dt
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from raabta.lab.needs import tool_environment
from raabta.lab.world.namespaces import enter
from raabta.probe.host import HostNetwork
from raabta.probe.openings import Train
from raabta.probe.wireguard import open_wireguard_train
from raabta.wire.openvpn import SESSION_BYTES, OpenVpnKeys, client_reset, framed
from raabta.wire.wireguard import WireGuardKeys, public_key
from tests.lab.story.ground import FAR, RESOLVERS, ZONE_SERVER, run, run_in, until

WIREGUARD_PORT: Final = 51820
OPENVPN_PORT: Final = 1194
ECHO_PORT: Final = 7
ANSWER_S: Final = 0.4
"""An answer takes 1 ms."""
_SERVER_INSIDE: Final = "10.9.0.1"
_SOCKETS: Final = Path("/var/run/wireguard")
_NAMED: Final = """\
options {{ directory "{folder}"; listen-on port 53 {{ {address}; }}; listen-on-v6 {{ none; }}; recursion no;
  pid-file none; session-keyfile none; dnssec-validation no; notify no; }};
controls {{ }};
zone "company.example" {{ type primary; file "{folder}/company.zone"; }};
zone "20.18.198.in-addr.arpa" {{ type primary; file "{folder}/reverse.zone"; }};
"""
_ZONE_HEAD: Final = (
    "$TTL 60\n@ SOA ns.company.example. hostmaster.company.example. 1 60 60 60 60\n@ NS ns.company.example.\n"
)
_UNBOUND: Final = """\
server:
    interface: {address}
    access-control: 0.0.0.0/0 allow
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
stub-zone:
    name: "company.example"
    stub-addr: {zone}
stub-zone:
    name: "20.18.198.in-addr.arpa"
    stub-addr: {zone}
remote-control:
    control-enable: no
"""
_NGINX: Final = """\
daemon off; user root; pid {folder}/nginx.pid; error_log stderr; events {{ }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 80; root {folder}/www; }} }}
"""


def start(place: str, *words: str, says: bytes = b"") -> subprocess.Popen[bytes]:
    """Start a program in a namespace; with ``says``, wait until it writes that."""
    output = subprocess.PIPE if says else subprocess.DEVNULL
    with enter(place):
        child = subprocess.Popen(
            words, env=tool_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    heard = []
    while child.stdout is not None and says not in (line := child.stdout.readline()):
        heard.append(line)
        assert line, f"{words[0]} ended: {b''.join(heard).decode()}"
    if child.stdout is not None:
        threading.Thread(target=child.stdout.read, daemon=True).start()
    return child


# --- names and pages ------------------------------------------------------------------------------------------------


def serve_names(folder: Path, *, company: Sequence[str], reverse: Sequence[str]) -> None:
    """Serve the company's zone and the freelancer's reverse zone, and two resolvers that ask there."""
    folder.mkdir()
    (folder / "company.zone").write_text("\n".join([_ZONE_HEAD, *company, f"ns A {ZONE_SERVER}", ""]), "utf-8")
    (folder / "reverse.zone").write_text("\n".join([_ZONE_HEAD, *reverse, ""]), "utf-8")
    (folder / "named.conf").write_text(_NAMED.format(folder=folder, address=ZONE_SERVER), "utf-8")
    start("world", "named", "-g", "-c", str(folder / "named.conf"), says=b"all zones loaded")
    for address in RESOLVERS:
        file = folder / f"{address}.conf"
        file.write_text(_UNBOUND.format(folder=folder, address=address, zone=ZONE_SERVER), "utf-8")
        start("world", "unbound", "-d", "-c", str(file), says=b"start of service")


def serve_pages(folder: Path, pages: Sequence[tuple[str, str]], *, place: str) -> None:
    """Serve pages (path, text) over plain HTTP, as a web server beside the tunnel does."""
    for path, text in pages:
        file = folder / "www" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", "utf-8")
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder), "utf-8")
    start(place, "nginx", "-c", str(folder / "nginx.conf"))
    assert until(lambda: _takes_connections(place, (FAR[place][0], 80)))


def serve_control(folder: Path, address: str) -> str:
    """Run a control; gives what ``--control`` takes."""
    words = (sys.executable, "-c", "from raabta.cli import main; main()", "control")
    with enter("world"):
        child = subprocess.Popen(
            [*words, "--listen", f"{address}:443", "--state", str(folder)],
            env=tool_environment() | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert child.stdout is not None
    assert child.stderr is not None
    told = dict(child.stdout.readline().split(maxsplit=1) for _ in range(3))
    said = iter(child.stderr.readline, "")
    assert any("Ready" in line for line in said)
    return f"https://{address}:443/ {told['pin'].strip()} {told['key'].strip()}"


def _takes_connections(place: str, target: tuple[str, int]) -> bool:
    try:
        with enter(place), socket.create_connection(target, timeout=1):
            return True
    except OSError:
        return False


# --- WireGuard ------------------------------------------------------------------------------------------------------


class Peers:
    """Two WireGuard servers, ``head`` and ``twin``, and keys of peers that both know, by name."""

    def __init__(self, folder: Path, *names: str) -> None:
        self._folder = folder
        folder.mkdir()
        self.private = {name: os.urandom(32) for name in ("head", "twin", *names)}
        for server in ("head", "twin"):
            self._start(server, server)
            words = ["listen-port", str(WIREGUARD_PORT)]
            for number, name in enumerate(names):
                words += ["peer", self.public(name), "allowed-ips", f"10.9.0.{number + 2}/32"]
            run_in(server, "wg", "set", f"wg_{server}", *words)
            run("ip", "-n", server, "addr", "add", f"{_SERVER_INSIDE}/24", "dev", f"wg_{server}")
        self._inside = {name: f"10.9.0.{number + 2}" for number, name in enumerate(names)}

    def public(self, name: str) -> str:
        return base64.b64encode(public_key(self.private[name])).decode()

    def keys(self, name: str, server: str) -> WireGuardKeys:
        return WireGuardKeys(private_key=self.private[name], peer_public_key=public_key(self.private[server]))

    def dial(self, name: str, *, place: str, server: str) -> None:
        """Run a real client in a namespace."""
        self._start(name, place)
        target = f"{FAR[server][0]}:{WIREGUARD_PORT}"
        words = ("peer", self.public(server), "allowed-ips", f"{_SERVER_INSIDE}/32", "endpoint", target)
        run_in(place, "wg", "set", f"wg_{name}", *words)
        run("ip", "-n", place, "addr", "add", f"{self._inside[name]}/24", "dev", f"wg_{name}")

    def _start(self, name: str, place: str) -> None:
        device = f"wg_{name}"
        start(place, "wireguard-go", "-f", device)
        assert until((_SOCKETS / f"{device}.sock").exists)
        file = self._folder / f"{name}.private"
        file.touch(0o600)
        file.write_text(base64.b64encode(self.private[name]).decode(), "ascii")
        run_in(place, "wg", "set", device, "private-key", str(file))
        run("ip", "-n", place, "link", "set", device, "up")

    def expect_file(self, file: Path, name: str) -> Path:
        """What ``raabta probe --expect exempt`` takes: the end point ``head``, and its twin."""
        sections = []
        for section, server in (("[endpoint]", "head"), ("[[twin]]", "twin")):
            url = f'url = "wireguard://{FAR[server][0]}:{WIREGUARD_PORT}"'
            mine = f'private_key = "{base64.b64encode(self.private[name]).decode()}"'
            sections += [section, url, mine, f'public_key = "{self.public(server)}"']
        sections += ["[line]", f'url = "tcp://{FAR["twin"][0]}:{ECHO_PORT}"']
        file.touch(0o600)
        file.write_text("\n".join(["probe_peer = true", 'name = "the head"', *sections, ""]), "ascii")
        return file

    def opens(self, name: str, *, place: str, server: str = "head") -> bool:
        """Whether one of three openings from a namespace is answered, with a key that the server knows.

        One alone may be dropped by the server: a test that runs beside this one may use the same key, and WireGuard
        takes ascending time stamps only, and no two openings of a peer within 20 ms.
        """

        async def once() -> bool:
            network = HostNetwork()
            begin = network.clock()
            train = Train(
                network=network,
                address=FAR[server][0],
                port=WIREGUARD_PORT,
                times=tuple(begin + wait_s for wait_s in (0.0, 0.25, 0.5)),
                until=begin + 0.5 + ANSWER_S,
            )
            keys = self.keys(name, server)
            outcomes = await open_wireguard_train(train, keys, now=lambda: dt.datetime.now(dt.UTC), entropy=os.urandom)
            return any(outcome.failure is None for outcome in outcomes)

        with enter(place):
            return asyncio.run(once())


# --- OpenVPN --------------------------------------------------------------------------------------------------------


class OpenVpn:
    """Real OpenVPN with certificates that know each other by fingerprint."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        for name in ("server", "client"):
            make = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN={name}"
            run(*make.split(), "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt"))

    def serve(self, place: str, *, transport: str, inside: str) -> None:
        """Serve in a namespace; ``inside`` is the tunnel's network, as 10.8.1.0."""
        start(
            place,
            *("openvpn", "--dev", f"tun_{transport}", "--dev-type", "tun", "--local", FAR[place][0]),
            *("--port", str(OPENVPN_PORT), "--proto", "tcp-server" if transport == "tcp" else "udp"),
            *("--server", inside, "255.255.255.0"),
            *("--topology", "subnet", "--dh", "none", *self._certificates("server", "client")),
            says=b"Initialization Sequence Completed",
        )

    def dial(self, place: str, server: str) -> subprocess.Popen[bytes]:
        """Run a real client over TCP in a namespace."""
        return start(
            place,
            *("openvpn", "--dev", "tun0", "--dev-type", "tun", "--proto", "tcp-client", "--nobind", "--client"),
            *("--remote", FAR[server][0], str(OPENVPN_PORT), "--connect-retry", "1", "1"),
            *self._certificates("client", "server"),
        )

    def _certificates(self, own: str, other: str) -> list[str]:
        certificate = x509.load_pem_x509_certificate((self._folder / f"{other}.crt").read_bytes())
        place = str(self._folder / own)
        fingerprint = certificate.fingerprint(SHA256()).hex(":")
        return ["--cert", f"{place}.crt", "--key", f"{place}.key", "--peer-fingerprint", fingerprint]


def opens_by_tcp(place: str, server: str) -> bool:
    """Whether OpenVPN's opening over TCP is answered, from a namespace."""
    opening = framed(client_reset(OpenVpnKeys(), session=os.urandom(SESSION_BYTES), at_s=0))
    try:
        with enter(place):
            line = socket.create_connection((FAR[server][0], OPENVPN_PORT), timeout=10)
        with line:
            line.settimeout(ANSWER_S)
            line.sendall(opening)
            return bool(line.recv(2048))
    except OSError:
        return False


# --- what goes through tunnels --------------------------------------------------------------------------------------


def serve_echo(place: str) -> None:
    """Send back what comes, at every address of a namespace."""
    with enter(place):
        listener = socket.create_server(("", ECHO_PORT))

    def answer(line: socket.socket) -> None:
        try:
            while data := line.recv(2048):
                line.sendall(data)
        except OSError:
            line.close()

    def accept() -> None:
        while True:
            line, _ = listener.accept()
            threading.Thread(target=answer, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def call(place: str, address: str) -> socket.socket | None:
    """Connect to the echo through whatever tunnel leads there."""
    try:
        with enter(place):
            line = socket.create_connection((address, ECHO_PORT), timeout=10)
    except OSError:
        return None
    line.settimeout(ANSWER_S)
    return line


def talks(line: socket.socket | None) -> bool:
    """Whether what is said is sent back."""
    if line is None:
        return False
    try:
        line.sendall(b"salaam")
        return line.recv(64) == b"salaam"
    except OSError:
        return False
