"""The story itself, chapter by chapter, with the real command line. ``test_story`` says what must have come of it."""

import base64
import datetime as dt
import json
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from urllib.parse import urlsplit

from raabta.lab.needs import tool_environment
from tests.lab.story import ground
from tests.lab.story.desk import Desk, Said
from tests.lab.story.ground import GATEWAY, run, until
from tests.lab.story.servers import (
    OPENVPN_PORT,
    WIREGUARD_PORT,
    OpenVpn,
    Peers,
    call,
    opens_by_tcp,
    serve_control,
    serve_echo,
    serve_names,
    serve_pages,
    talks,
)

NUMBERS: Final = ("42101-7654321-9", "35202-1234567-1", "61101-5550123-7")
"""Of identity cards: the company's focal person's, the freelancer's, and one in a row that is refused."""
COMPANY_PERSON: Final = "Ayesha Kamal"
FREELANCER: Final = "Bilal Hunar"
LEAST_LEFT_S: Final = 18.0
SLOWNESS: Final = 4.0
"""How long the test line still has when its end is brought forward, at least, and in times of what publishing took:
until then the next list must be loaded."""

Found = dict[str, Any]

_ORGANISATIONS: Final = f"""\
legal_name,legal_form,country,registration_number,registration_checked_on,domains,person_name,person_role,\
identity_kind,identity_number,identity_seen_by
Karobar Private Limited,private_limited,pk,0012345,2026-11-20,company.example,{COMPANY_PERSON},Director,\
national_identity_card,{NUMBERS[0]},officer-1
Ghalat Limited,no_such_form,pk,0012346,2026-11-20,,Nobody At All,Director,national_identity_card,{NUMBERS[2]},officer-1
"""
_PASSPHRASE: Final = "seven words that nobody else would think of"


_TCP: Final = (f"openvpn+tcp://{ground.CLIENT}:{OPENVPN_PORT}", "--twin", f"openvpn+tcp://{ground.TWIN}:{OPENVPN_PORT}")
_UDP: Final = (f"openvpn://{ground.HEAD}:{OPENVPN_PORT}", "--twin", f"openvpn://{ground.TWIN}:{OPENVPN_PORT}")
_WITNESS: Final = ("--outside", "outside.jsonl")
_TESTS: Final[dict[str, tuple[object, ...]]] = {
    "office, udp": ("office", *_UDP),
    "freelancer": ("freelancer", *_TCP),
    "neighbour, tcp": ("neighbour", *_TCP),
}
"""Where and what is tested that needs no keys."""


class Story:
    """What the chapters share."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp())
        register = str(self.folder / "register")
        self.desk = Desk(
            self.folder,
            HOME=str(self.folder),
            RAABTA_REGISTER=register,
            RAABTA_PASSPHRASE=_PASSPHRASE,
            RAABTA_GATEWAY=str(self.folder / "gw" / "gateway.toml"),
        )
        self.raabta = self.desk.raabta
        self.gateway = partial(self.raabta, "gateway", place=GATEWAY)
        self.ids: dict[str, str] = {}
        self.found: Found = {}
        self.seconds: dict[str, float] = {}
        (self.folder / "tables.toml").write_text(ground.TABLES, "utf-8")

    def expects(self, place: str, *words: object, code: int | None = None) -> Said:
        """Run ``raabta probe --expect exempt`` in a namespace."""
        asked = ("probe", "--expect", "exempt", *words, "--asn", ground.MEMBER_ASN, "--yes", "--format", "jsonl")
        return self.raabta(*asked, place=place, code=code)


    def verifies(self) -> list[object]:
        """Run ``raabta gateway verify``: exit code, differences of the kernel's table, answer, what the twin met."""
        said = self.gateway("verify", "--format", "json", code=None)
        assert said.out, said.err
        told = json.loads(said.out)
        (effect,) = told["effects"]
        return [said.code, told["comparison"]["wrong"], effect["answer"], effect["restriction"]]


def tell() -> Found:
    """Tell all of it; gives what was found."""
    story = Story()
    chapters = (ready, register, prove, apply_for, sign, load, spare, revoke, lease, end, search)
    for chapter in chapters:
        began = time.monotonic()
        chapter(story)
        story.seconds[chapter.__name__] = round(time.monotonic() - began, 1)
        sys.stderr.write(f"{chapter.__name__}: {story.seconds[chapter.__name__]} s\n")
    return story.found | {"seconds": story.seconds}


# --- before -----------------------------------------------------------------------------------------------------------


def ready(story: Story) -> None:
    """The ground, the tunnels' servers, two controls; and a first test before anybody inspects anything."""
    ground.build()
    folder = story.folder / "servers"
    folder.mkdir()
    names = ("office", "peer_office", "peer_neighbour", "peer_street", "peer_device", "peer_outside", "probe")
    story.peers = Peers(folder / "wireguard", *names)
    story.openvpn = OpenVpn(folder / "openvpn")
    for place, transport, inside in (("client", "tcp", "10.8.1.0"), ("head", "udp", "10.8.2.0")):
        for server in (place, "twin"):
            story.openvpn.serve(server, transport=transport, inside=inside)
    for place in ("head", "client"):
        serve_echo(place)
    story.free = story.desk.later(story.expects, "office", _expect_file(story, "peer_office"))
    story.witness = story.desk.later(story.expects, "world", _expect_file(story, "peer_outside"))
    story.rehearsed = story.desk.later(story.raabta, "list", "keys", "rehearse", "hall")
    story.controls = story.desk.each(
        *(partial(serve_control, folder / f"control-{at}", at) for at in ground.CONTROLS)
    )


def _expect_file(story: Story, name: str) -> Path:
    return story.peers.expect_file(story.folder / f"{name}.toml", name)


# --- the association ----------------------------------------------------------------------------------------------


def register(story: Story) -> None:
    """A company from a table, a freelancer by hand, the operator, and their end points."""
    raabta, found, ids = story.raabta, story.found, story.ids
    imported = raabta("org", "import", "-", given=_ORGANISATIONS, code=3)
    ids["company"] = imported.first
    found["import"] = [line for line in imported.err.splitlines() if "refused" in line]
    ids["freelancer"] = raabta(
        "org", "add", "--legal-name", FREELANCER, "--legal-form", "individual", "--country", "pk",
        "--sponsor-id", ids["company"],
    ).first  # fmt: skip
    key = story.folder / "operator.pem"
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key))
    story.desk.each(
        partial(
            raabta, "org", "person", "add", ids["freelancer"], "--name", FREELANCER, "--identity-kind",
            "national_identity_card", "--seen-by", "officer-1", given=f"{NUMBERS[1]}\n",
        ),
        partial(
            raabta, "list", "recipient", "add", "north", "--name", "North Networks", "--asn", ground.MEMBER_ASN,
            "--attestation-key", _public_half(key),
        ),
        *(
            partial(raabta, "org", "consent", "give", ids[who], *what)
            for who in ("company", "freelancer")
            for what in (("exemption_list", "north"), ("application", "pta"))
        ),
    )  # fmt: skip
    _register_endpoints(story)


def _register_endpoints(story: Story) -> None:
    office, line = ground.MEMBERS["office"], ground.TEST_LINE
    rows = [
        f"member_source,{office},wireguard,udp,{ground.HEAD},{WIREGUARD_PORT},office",
        f"member_source,{line},wireguard,udp,{ground.HEAD},{WIREGUARD_PORT},test line",
        "member_source,0.0.0.0/0,wireguard,udp,,0,everybody",
        f"remote_gateway,{ground.HEAD},openvpn,udp,{office},{OPENVPN_PORT},office",
        f"remote_gateway,{ground.HEAD},wireguard,udp,,{WIREGUARD_PORT},staff on the move",
    ]
    head = "organisation_id,operator,direction,prefix,protocol,transport,remote,port,site,purpose"
    table = "\n".join([head, *(f"{story.ids['company']},north,{row},remote work" for row in rows), ""])
    imported = story.raabta("endpoint", "import", "-", "--tables", "tables.toml", given=table, code=3)
    story.found["everybody"] = [line for line in imported.err.splitlines() if line.startswith("refused")]
    names = ("office", "line", "openvpn", "staff")
    story.ids |= dict(zip(names, imported.out.split(), strict=True))
    story.ids["tunnel"] = story.raabta(
        "endpoint", "add", story.ids["freelancer"], "--direction", "member_source", "--prefix",
        ground.MEMBERS["freelancer"], "--operator", "north", "--protocol", "openvpn", "--transport", "tcp",
        "--remote", ground.CLIENT, "--port", OPENVPN_PORT, "--purpose", "work for a client", "--tables", "tables.toml",
    ).first  # fmt: skip


def _public_half(key: Path) -> str:
    import subprocess

    raw = subprocess.run(
        ["openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER"],
        env=tool_environment(), capture_output=True, check=True, timeout=20,
    ).stdout  # fmt: skip
    return base64.b64encode(raw[-32:]).decode()


def prove(story: Story) -> None:
    """The domain by DNS, the gateway abroad by a page, the freelancer's line by reverse DNS, others by the operator."""
    raabta, ids = story.raabta, story.ids
    domain = ("org", "prove", ids["company"], "company.example")
    reverse = ("endpoint", "prove", ids["tunnel"], "--kind", "reverse_dns", "--tables", "tables.toml")
    pages = [
        ("endpoint", "prove", ids[name], "--kind", "acme_http", "--tables", "tables.toml")
        for name in ("openvpn", "staff")
    ]
    texts = story.desk.each(*(partial(raabta, *words) for words in (domain, reverse, *pages)))
    of_domain, of_line, *of_pages = [said.pairs for said in texts]
    serve_names(
        story.folder / "servers" / "names",
        company=[f"{of_domain['name']}. TXT {of_domain['text']}"],
        reverse=[f"{of_line['name']}. TXT {of_line['text']}"],
    )
    shown = [(urlsplit(one["url"]).path, one["text"]) for one in of_pages]
    serve_pages(story.folder / "servers" / "pages", shown, place="head")
    asked = [word for address in ground.RESOLVERS for word in ("--resolver", f"udp://{address}")]
    looks = [(*words, "--check") for words in pages]
    looks += [(*domain, "--check", "--tables", "tables.toml", *asked), (*reverse, "--check", *asked)]
    checks = [partial(raabta, *words) for words in looks]
    attested = [partial(_attest, story, name) for name in ("office", "line")]
    proved = story.desk.each(*checks, *attested)
    story.found["proved"] = [said.out.split("\t")[1] for said in proved]
    story.found["seen from"] = sorted(line for line in proved[2].err.splitlines() if "shows it" in line)


def _attest(story: Story, name: str) -> Said:
    """The operator looks up its customer, and signs."""
    place = story.folder / f"{name}-asked.json"
    words = ("endpoint", "prove", story.ids[name], "--kind", "operator_attestation", "--tables", "tables.toml")
    story.raabta(*words, "--request", place)
    signed = story.folder / f"{name}-signed.json"
    story.raabta(
        "endpoint", "attest", place, "--key", "operator.pem", "--asn", ground.MEMBER_ASN, "--output", signed
    )
    return story.raabta(*words, "--attestation", signed)


def apply_for(story: Story) -> None:
    """Two applications: the company's, and the freelancer's with a sponsor."""
    both = {
        "case": ("company", "pk.A", ("office", "line", "openvpn", "staff"), "incorporation"),
        "freelance case": ("freelancer", "pk.B", ("tunnel",), "sponsor_voucher"),
    }
    papers = story.desk.each(*(partial(_apply_one, story, name, *what) for name, what in both.items()))
    story.found["applications"] = papers


def _apply_one(story: Story, name: str, who: str, kind: str, endpoints: tuple[str, ...], paper: str) -> list[bool]:
    raabta = story.raabta
    named = [word for endpoint in endpoints for word in ("--endpoint", story.ids[endpoint])]
    case = raabta("case", "new", story.ids[who], kind, *named).first
    story.ids[name] = case
    for seen in ("identity", paper):
        raabta("case", "paper", case, seen, "--by", "officer-1")
    for status in ("evidence", "verified"):
        raabta("case", "step", case, status, "--by", "officer-1")
    folder = story.folder / "to-pta"
    raabta("case", "application", case, "--output", folder)
    raabta("case", "step", case, "submitted", "--by", "officer-1")
    until_day = f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=200):%Y-%m-%d}"
    raabta("case", "step", case, "approved", "--by", "officer-1", "--reference", "PTA-1", "--valid-until", until_day)
    printed = run("pdftotext", str(folder / f"{case}.pdf"), "-")
    person = COMPANY_PERSON if who == "company" else FREELANCER
    whole = printed + (folder / f"{case}.json").read_text("utf-8")
    digits = "".join(sign for sign in whole if sign.isdigit())
    return [person in printed, person in whole, any(number.replace("-", "") in digits for number in NUMBERS)]


# --- keys and lists -------------------------------------------------------------------------------------------------


def sign(story: Story) -> None:
    """The device's grant, the keys, a root and the first list, signed by two of three."""
    raabta, ids, found = story.raabta, story.ids, story.found
    found["rehearsed"] = story.rehearsed.result().code
    holders = [f"{role}-{name}" for role in ("root", "targets") for name in ("ayesha", "bilal", "chand")]
    makers = [partial(raabta, "list", "keys", "new", name, "--folder", "keys") for name in (*holders, "online-north")]
    device, *_ = story.desk.each(partial(raabta, "lease", "key", place="device"), *makers)
    ids["grant"] = raabta(
        "lease", "grant", "add", ids["staff"], "--device-key", device.first, "--recipient", "north",
        "--hours", 2, "--tables", "tables.toml",
    ).first  # fmt: skip
    public = [
        word for name in holders for word in (f"--{name.partition('-')[0]}-key", f"keys/{name}.pub")
    ]
    raabta(
        "list", "keys", "root", "north", "--repository", "repo", "--output", "root-1", *public,
        "--online-key", "keys/online-north.pub",
    )  # fmt: skip
    one = raabta("list", "sign", "root-1", "--key", "keys/root-ayesha.key", "--yes")
    assert one.first
    found["one of three"] = raabta("list", "publish", "root-1", "--repository", "repo", code=2).out
    raabta("list", "sign", "root-1", "--key", "keys/root-bilal.key", "--yes")
    story.anchor = story.folder / raabta("list", "publish", "root-1", "--repository", "repo").first
    _make_gateway(story)
    (story.folder / "outside.jsonl").write_text(story.witness.result().out, "utf-8")
    found["before inspection"] = [_answer(story.free.result()), story.verifies()]
    ground.inspect()
    story.restricted = story.desk.later(story.expects, "office", "peer_office.toml", *_WITNESS)
    began = time.monotonic()
    found["listed"] = _publish(story, 1)
    story.publishing_s = time.monotonic() - began


def _make_gateway(story: Story) -> None:
    """The operator's engineer gets the trust anchor, and says what is to be tested from here."""
    where = (story.folder / "repo" / "north").as_uri()
    made = story.raabta(
        "gateway", "init", "gw", "--url", where, "--recipient", "north", "--root", story.anchor, "--asn",
        ground.MEMBER_ASN, "--tables", "tables.toml", place=GATEWAY,
    )  # fmt: skip
    story.found["advice"] = "meta mark & 0x00100000 != 0 accept" in made.err
    story.peers.expect_file(story.folder / "gw" / "probe.toml", "probe")
    with (story.folder / "gw" / "gateway.toml").open("a", encoding="utf-8") as file:
        file.write('\n[verify]\nfiles = ["probe.toml"]\noutside = "../outside.jsonl"\nresults = "effects.jsonl"\n')


def _publish(story: Story, number: int) -> list[int]:
    """Compile, sign twice, publish. How many entries, grants."""
    raabta, sheet = story.raabta, f"list-{number}"
    tables = ("--tables", "tables.toml")
    raabta("list", "compile", "north", "--repository", "repo", "--output", sheet, *tables)
    story.desk.each(
        *(
            partial(raabta, "list", "sign", sheet, "--key", f"keys/targets-{name}.key", "--root", story.anchor, "--yes", *tables)
            for name in ("bilal", "chand")
        )
    )
    raabta("list", "publish", sheet, "--repository", "repo", "--online-key", "keys/online-north.key", *tables)
    listed = json.loads((story.folder / sheet / "exemptions.json").read_bytes())
    return [len(listed["entries"]), len(listed["grants"])]


# --- the gateway ----------------------------------------------------------------------------------------------------


def load(story: Story) -> None:
    """The operator's engineer pulls the list, looks what it would change, and loads it."""
    found = story.found
    story.gateway("pull")
    found["planned"] = json.loads(story.gateway("plan", "--format", "json").out)["elements_added"]
    found["restricted"] = _answer(story.restricted.result())
    found["planned only"] = _openings(story)
    found["applied"] = story.gateway("apply").out


def _openings(story: Story) -> dict[str, bool]:
    """Whose WireGuard opening to the company's gateway is answered; each has a key that is known there."""
    whose = ("office", "neighbour", "street", "device")
    over_tcp = {f"{name}, tcp": opens_by_tcp(name, "client") for name in ("freelancer", "neighbour")}
    return over_tcp | {name: story.peers.opens(f"peer_{name}", place=name) for name in whose}


def _answer(said: Said) -> list[object]:
    """Exit code, answer, and what the twin met."""
    effect = json.loads(said.out)
    return [said.code, effect["answer"], effect["restriction"]]


def spare(story: Story) -> None:
    """Listed traffic passes, real tunnels too, and its neighbours' does not; and the tests say so."""
    found, peers = story.found, story.peers
    found["spared"] = _openings(story)
    peers.dial("office", place="office", server="head")
    story.openvpn.dial("freelancer", "client")
    assert until(lambda: talks(call("freelancer", "10.8.1.1")))
    story.lines = {place: call(place, inside) for place, inside in (("office", "10.9.0.1"), ("freelancer", "10.8.1.1"))}
    found["tunnels"] = {place: talks(line) for place, line in story.lines.items()}
    tests = _TESTS | {
        "office": ("office", "peer_office.toml", *_WITNESS),
        "neighbour": ("neighbour", _expect_file(story, "peer_neighbour"), *_WITNESS),
    }
    *said, verified = story.desk.each(*(partial(story.expects, *words) for words in tests.values()), story.verifies)
    found["effects"] = dict(zip(tests, map(_answer, said), strict=True))
    found["verified"] = verified
    found["own key"] = story.expects("office", _expect_file(story, "office"), code=2).out


def lease(story: Story) -> None:
    """A device gets a lease, gets another address, and gets another lease."""
    found, peers = story.found, story.peers
    before = peers.opens("peer_device", place="device")
    _ask_and_load(story)
    first = peers.opens("peer_device", place="device")
    ground.move_device()
    moved = peers.opens("peer_device", place="device")
    _ask_and_load(story)
    second = peers.opens("peer_device", place="device")
    ground.use_address(ground.MEMBERS["device"])
    old = peers.opens("peer_device", place="device")
    found["lease"] = {"before": before, "first": first, "moved": moved, "second": second, "old address": old}
    found["others"] = _openings(story)


def _ask_and_load(story: Story) -> None:
    asked = [word for control in story.controls for word in ("--control", control)]
    request = story.raabta(
        "lease", "ask", story.ids["grant"], *asked, "--hours", 1, "--tables", "tables.toml", place="device"
    ).out
    keys = story.folder / "controls.keys"
    keys.write_text("\n".join(control.split()[-1] for control in story.controls), "ascii")
    give = ("lease", "give", "-", "--control-keys", keys, "--tables", "tables.toml")
    story.raabta(*give, given=request)
    story.raabta(
        "list", "refresh", "north", "--repository", "repo", "--online-key", "keys/online-north.key", "--register",
        "register",
    )  # fmt: skip
    story.gateway("pull")
    story.gateway("apply")


def revoke(story: Story) -> None:
    """The freelancer's application is revoked, and the test line's end brought forward: a new list."""
    found, raabta = story.found, story.raabta
    left_s = max(LEAST_LEFT_S, SLOWNESS * story.publishing_s)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=left_s)
    story.ends_at = soon
    raabta(
        "endpoint", "change", story.ids["line"], "--valid-until", f"{soon:%Y-%m-%dT%H:%M:%SZ}", "--tables", "tables.toml"
    )
    found["before revocation"] = talks(story.lines["freelancer"])
    words = ("case", "step", story.ids["freelance case"], "revoked", "--by", "officer-1", "--reason", "member_left")
    raabta(*words)
    found["listed then"] = _publish(story, 2)
    story.gateway("pull")
    refused = story.gateway("apply", code=3)
    found["large change"] = "change.large" in refused.err
    found["still"] = talks(story.lines["freelancer"])
    found["applied then"] = story.gateway("apply", "--override").out
    found["cut"] = {place: talks(line) for place, line in story.lines.items()}
    found["revoked"] = _openings(story)
    found["line until its end"] = story.peers.opens("probe", place=GATEWAY)
    found["in time"] = dt.datetime.now(dt.UTC) < soon


def end(story: Story) -> None:
    """The test line's entry ends by itself."""
    found = story.found
    time.sleep(max(0.0, (story.ends_at - dt.datetime.now(dt.UTC)).total_seconds()))  # what is waited for is the clock
    found["ended"] = until(lambda: not story.peers.opens("probe", place=GATEWAY))
    found["verified then"] = story.verifies()


# --- privacy --------------------------------------------------------------------------------------------------------


def search(story: Story) -> None:
    """Look for identity numbers in every byte that the story left, and for names in what leaves the house."""
    story.raabta("list", "render", "list-2/exemptions.json", "--all", "rendered", "--tables", "tables.toml")
    story.raabta("org", "export", "--output", "organisations.csv")
    story.raabta("org", "export", "--people", "--output", "people.csv")
    planted = [spelling.encode() for number in NUMBERS for spelling in (number, number.replace("-", ""))]
    files = [file for file in story.folder.rglob("*") if file.is_file()]
    story.found["files with numbers"] = [
        str(file) for file in files if any(number in file.read_bytes() for number in planted)
    ]
    said = "".join(said.out + said.err for said in story.desk.said).encode()
    story.found["said numbers"] = [number.decode() for number in planted if number in said]
    names = [COMPANY_PERSON.encode(), FREELANCER.encode(), b"Karobar", *(story.ids[who].encode() for who in ("company", "freelancer"))]
    outside = [file for part in ("repo", "gw", "rendered", "list-1", "list-2") for file in (story.folder / part).rglob("*") if file.is_file()]
    story.found["names outside"] = [str(file) for file in outside if any(name in file.read_bytes() for name in names)]
    story.found["searched"] = [len(files) > 100, len(outside) > 20, (story.folder / "register" / "register.sqlite").is_file()]
