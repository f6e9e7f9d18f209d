"""Real servers from Debian in a target's place: nginx (h1, h2), caddy (h1, h2, h3), unbound (UDP, TCP, DoT, DoH).

Their configuration is written into a folder of the scenario. They run in the foreground, without a control socket, and
are killed at the end (caddy would wait for its clients). Certificates follow the scenario's conditions; other
conditions of servers are not carried out by them.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from raabta.lab.needs import tool_path
from raabta.lab.servers.authority import Authority
from raabta.lab.servers.children import die_with_parent
from raabta.lab.servers.hosts import NEUTRAL_TITLE, target_host
from raabta.lab.servers.pages import page
from raabta.lab.servers.sites import Place, Site, Who, places_of, sites_of
from raabta.lab.servers.zone import ROOT_ZONE, Zone
from raabta.lab.world.country import NEUTRAL_NAME, WORLD, Country

READY_S: Final = 5.0
"""Longest wait for a program to listen; measured: unbound 7 ms, nginx 17 ms, caddy 40 ms."""
_POLL_S: Final = 0.005
_RESOLVER_PORTS: Final = (53, 853, 443)
USUAL_PORTS: Final = {80: "http", 443: "https"}
"""Scheme by port of every web server; targets' URLs may name more."""

Enter = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vhost:
    """One name (and its other names) that a web server serves: a folder with its page, and its certificate chain."""

    names: tuple[str, ...]
    root: Path
    chain: Path


def missing_program(country: Country) -> str:
    """Name the first of Debian's servers that the scenario wants and this machine lacks; "" where none does."""
    wanted = sorted({target.target.server for target in country.targets} - {"python"})
    return next((name for name in wanted if shutil.which(name, path=tool_path()) is None), "")


def start_debian(
    country: Country, *, enter: Enter, authority: Authority, folder: Path
) -> list["subprocess.Popen[bytes]"]:
    """Start every Debian server of a country and wait until all listen.

    Raises:
        RuntimeError: A program ended, or did not listen in time; with its last words.
    """
    places = [place for place in places_of(country, sites_of(country)) if is_debian(place)]
    running = []
    with enter(WORLD):
        for number, place in enumerate(places):
            own = folder / f"{place.server}-{number}"
            own.mkdir()
            running.append((_start(_command(country, place, authority=authority, folder=own), own), place, own))
        for process, place, own in running:
            _wait_until_listening(process, [(place.address, port) for port in _ports(place)], own)
    return [process for process, _, _ in running]


def is_debian(place: Place) -> bool:
    """Whether one of Debian's servers serves a place. Operators' caches are always ours."""
    return place.server != "python" and place.namespace == WORLD


def nginx_configuration(
    address: str, vhosts: Iterable[Vhost], *, folder: Path, h2: bool, ports: Mapping[int, str] = USUAL_PORTS
) -> str:
    """Write nginx's configuration; the first vhost is the default. One process: a lab's root may be a user."""
    bind = f"[{address}]" if ":" in address else address
    words = {"http": "", "https": " ssl http2" if h2 else " ssl"}
    ends = [f"{bind}:{port}{words[scheme]}" for port, scheme in ports.items()]
    servers = "".join(
        f"  server {{ {' '.join(f'listen {end}{first};' for end in ends)}\n"
        f"    server_name {' '.join(vhost.names)}; ssl_certificate {vhost.chain}; ssl_certificate_key {vhost.chain};\n"
        f"    root {vhost.root}; location / {{ try_files /index.html =404; }} }}\n"
        for vhost, first in _with_first(vhosts, " default_server")
    )
    temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi"))
    return (
        f"user root; daemon off; master_process off; pid {folder}/pid; error_log stderr warn;\n"
        "events { worker_connections 512; }\n"
        "http {\n  access_log off; default_type 'text/html; charset=utf-8';\n"
        "  types { text/html html; } charset utf-8;\n"
        f"  ssl_protocols TLSv1.2 TLSv1.3; server_names_hash_bucket_size 128;\n{temporary}"
        f"  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n{servers}}}\n"
    )


def caddy_configuration(
    address: str, vhosts: Iterable[Vhost], *, protocols: Iterable[str], ports: Mapping[int, str] = USUAL_PORTS
) -> str:
    """Write a Caddyfile; the first vhost's first name is what a ClientHello without a known name gets."""
    listed = list(vhosts)
    sites = "".join(
        f"{_caddy_names(vhost, scheme, port)} {{\n{_caddy_site(vhost, address, scheme=scheme)}}}\n"
        for vhost in listed
        for port, scheme in ports.items()
    )
    return (
        "{\n  admin off\n  auto_https off\n"
        f"  default_sni {listed[0].names[0]}\n  servers {{\n    protocols {' '.join(protocols)}\n  }}\n}}\n{sites}"
    )


def _caddy_names(vhost: Vhost, scheme: str, port: int) -> str:
    return ", ".join(f"{scheme}://{name}:{port}" for name in vhost.names)


def _caddy_site(vhost: Vhost, address: str, *, scheme: str) -> str:
    tls = f"  tls {vhost.chain} {vhost.chain}\n" if scheme == "https" else ""
    return f"{tls}  bind {address}\n  root * {vhost.root}\n  rewrite * /index.html\n  file_server\n"


def unbound_configuration(
    address: str, names: Mapping[str, Iterable[str]], *, chain: Path, missing: Iterable[str] = ()
) -> str:
    """Write unbound's configuration: a resolver that knows these names' addresses, whether they are true or not.

    Args:
        address: Where it listens: 53 (UDP, TCP), 853 (DoT), 443 (DoH).
        names: Addresses by name. A liar is told others than the truth.
        chain: Its certificate, with the key.
        missing: Names that it says do not exist, though their zone does.
    """
    data = "".join(
        f'  local-data: "{name}. 300 IN {"AAAA" if ":" in item else "A"} {item}"\n'
        for name, items in names.items()
        for item in items
    )
    lost = "".join(f'  local-zone: "{name}." always_nxdomain\n' for name in missing)
    return (
        'server:\n  do-daemonize: no\n  chroot: ""\n  username: ""\n  pidfile: ""\n  use-syslog: no\n  logfile: ""\n'
        '  verbosity: 0\n  num-threads: 1\n  so-reuseport: no\n  module-config: "iterator"\n'
        f"  interface: {address}@53\n  interface: {address}@853\n  interface: {address}@443\n"
        "  tls-port: 853\n  https-port: 443\n  access-control: 0.0.0.0/0 allow\n  access-control: ::/0 allow\n"
        f'  tls-service-key: "{chain}"\n  tls-service-pem: "{chain}"\n'
        f'  local-zone: "{ROOT_ZONE}." static\n  local-zone: "." refuse\n{data}{lost}'
        "remote-control:\n  control-enable: no\n"
    )


def _command(country: Country, place: Place, *, authority: Authority, folder: Path) -> list[str]:
    """Write a place's configuration, and give the command that runs it."""
    match place.server:
        case "nginx":
            vhosts = list(_vhosts(country, place, authority=authority, folder=folder))
            h2 = place.sites[0].plan.target.h2
            text = nginx_configuration(place.address, vhosts, folder=folder, h2=h2, ports=_schemes(place))
            arguments = ["-p", str(folder), "-e", "stderr", "-c"]
        case "caddy":
            vhosts = list(_vhosts(country, place, authority=authority, folder=folder))
            protocols = _protocols(place.sites[0])
            text = caddy_configuration(place.address, vhosts, protocols=protocols, ports=_schemes(place))
            arguments = ["run", "--adapter", "caddyfile", "--config"]
        case _:
            names, missing = _known_names(country)
            chain = authority.chain((*_names(place.sites[0]), place.address))
            text = unbound_configuration(place.address, names, chain=chain, missing=missing)
            arguments = ["-d", "-p", "-c"]
    configuration = folder / "configuration"
    configuration.write_text(text, "utf-8")
    program = shutil.which(place.server, path=tool_path()) or place.server
    return [program, *arguments, str(configuration)]


def _schemes(place: Place) -> dict[int, str]:
    """Scheme by port of a web server: the usual two, and what its targets' URLs name."""
    return USUAL_PORTS | place.named_ports


def _ports(place: Place) -> Iterable[int]:
    """The TCP ports that a place's program listens on."""
    return _RESOLVER_PORTS if place.server == "unbound" else _schemes(place)


def _vhosts(country: Country, place: Place, *, authority: Authority, folder: Path) -> Iterable[Vhost]:
    host = target_host(country, place)
    n_bytes = place.sites[0].plan.target.page_bytes
    yield Vhost(
        names=(NEUTRAL_NAME,),
        root=_write_page(folder / "neutral", page(NEUTRAL_TITLE, n_bytes=n_bytes)),
        chain=authority.chain((NEUTRAL_NAME,)),
    )
    for site in place.sites:
        shown = host.credentials(site.plan.host, Who())
        target = site.plan.target
        title = target.title or site.plan.name.replace("-", " ").title()
        yield Vhost(
            names=_names(site),
            root=_write_page(folder / site.plan.name, page(title, n_bytes=target.page_bytes)),
            chain=authority.chain(shown.names, kind=shown.kind),
        )


def _names(site: Site) -> tuple[str, ...]:
    return tuple(sorted(site.names))


def _write_page(root: Path, body: bytes) -> Path:
    root.mkdir(parents=True)
    (root / "index.html").write_bytes(body)
    return root


def _protocols(site: Site) -> list[str]:
    target = site.plan.target
    return ["h1", *(["h2"] if target.h2 else []), *(["h3"] if target.quic else [])]


def _known_names(country: Country) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    zone = Zone(country)
    names: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    for site in sites_of(country):
        for name in site.names:
            if site.has("nxdomain"):
                missing.append(name)
            else:
                names[name] = zone.addresses(name, who=Who())
    return names, missing


def _with_first(vhosts: Iterable[Vhost], mark: str) -> Iterable[tuple[Vhost, str]]:
    for number, vhost in enumerate(vhosts):
        yield vhost, "" if number else mark


def _start(command: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "words").open("wb") as words:
        return subprocess.Popen(  # noqa: S603  programs of Debian and configuration of ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            env=environment,
            cwd=folder,
            preexec_fn=die_with_parent,  # noqa: PLW1509  this process has one thread
        )


def _wait_until_listening(process: "subprocess.Popen[bytes]", ends: Iterable[tuple[str, int]], folder: Path) -> None:
    deadline_s = time.monotonic() + READY_S
    for end in ends:
        while not _answers(end):
            if process.poll() is not None or time.monotonic() > deadline_s:
                words = (folder / "words").read_text("utf-8", "replace").strip()[-400:]
                raise RuntimeError(f"{folder.name} does not listen on port {end[1]}: {words or process.returncode}")
            time.sleep(_POLL_S)


def _answers(end: tuple[str, int]) -> bool:
    try:
        socket.create_connection(end, timeout=1.0).close()
    except OSError:
        return False
    return True
