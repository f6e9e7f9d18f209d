"""Chapters at the association: keys, members, proofs, applications, and the first list."""

import base64
import datetime as dt
import json
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from raabta.lab.needs import tool_environment
from tests.lab.story import ground
from tests.lab.story.desk import Said
from tests.lab.story.ground import GATEWAY, run
from tests.lab.story.servers import OPENVPN_PORT, WIREGUARD_PORT, serve_names, serve_pages
from tests.lab.story.story import COMPANY_PERSON, FREELANCER, NUMBERS, WITNESS, Story, answer

_ORGANISATIONS: Final = f"""\
legal_name,legal_form,country,registration_number,registration_checked_on,domains,person_name,person_role,\
identity_kind,identity_number,identity_seen_by
Karobar Private Limited,private_limited,pk,0012345,2026-11-20,company.example,{COMPANY_PERSON},Director,\
national_identity_card,{NUMBERS[0]},officer-1
Ghalat Limited,no_such_form,pk,0012346,2026-11-20,,Nobody At All,Director,national_identity_card,{NUMBERS[2]},officer-1
"""

# --- keys and lists -------------------------------------------------------------------------------------------------


_APPLICATIONS: Final = {"company": ("pk.A", "incorporation"), "freelancer": ("pk.B", "sponsor_voucher")}


def found_keys(story: Story) -> None:
    """Three holders' keys, a root signed by two of them; the operator gets it, tests, and begins to inspect."""
    raabta, found = story.raabta, story.found
    names = ("ayesha", "bilal", "chand")
    story.desk.each(
        *(partial(raabta, "list", "keys", "new", name, "--folder", "keys") for name in (*names, "online-north"))
    )
    public = [word for name in names for role in ("root", "targets") for word in (f"--{role}-key", f"keys/{name}.pub")]
    raabta(
        "list", "keys", "root", "north", "--repository", "repo", "--output", "root-1", *public,
        "--online-key", "keys/online-north.pub",
    )  # fmt: skip
    raabta("list", "sign", "root-1", "--key", "keys/ayesha.key", "--yes")
    found["one of three"] = raabta("list", "publish", "root-1", "--repository", "repo", code=2).out
    raabta("list", "sign", "root-1", "--key", "keys/bilal.key", "--yes")
    assert story.folder / raabta("list", "publish", "root-1", "--repository", "repo").first == story.anchor
    found["rehearsed"] = story.result("rehearsed").code
    _make_gateway(story)
    (story.folder / "outside.jsonl").write_text(story.result("witness").out, "utf-8")
    found["before inspection"] = [answer(story.result("free")), story.verifies()]
    ground.inspect()
    story.beside("inspected", story.expects, "office", "peer_office.toml", *WITNESS)
    story.beside("inspected here", story.verifies)


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
    pages: list[tuple[str, ...]] = [
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
    story.raabta("endpoint", "attest", place, "--key", "operator.pem", "--asn", ground.MEMBER_ASN, "--output", signed)
    return story.raabta(*words, "--attestation", signed)


def apply_for(story: Story) -> None:
    """Two applications: the company's, and the freelancer's with a sponsor."""
    story.found["applications"] = story.desk.each(
        partial(_apply_one, story, "company", "office", "line", "openvpn", "staff"),
        partial(_apply_one, story, "freelancer", "tunnel"),
    )


def _apply_one(story: Story, who: str, *endpoints: str) -> list[bool]:
    """From draft to approval. Whether the person stands on the form and in the data, and any identity number."""
    raabta = story.raabta
    kind, paper = _APPLICATIONS[who]
    named = [word for endpoint in endpoints for word in ("--endpoint", story.ids[endpoint])]
    case = raabta("case", "new", story.ids[who], kind, *named).first
    story.ids[f"case of {who}"] = case
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
    data = (folder / f"{case}.json").read_text("utf-8")
    digits = "".join(sign for sign in printed + data if sign.isdigit())
    return [person in printed, person in data, any(number.replace("-", "") in digits for number in NUMBERS)]


def sign(story: Story) -> None:
    """The device's grant, and the first list, signed by two of three."""
    device = story.raabta("lease", "key", place="device").first
    story.ids["grant"] = story.raabta(
        "lease", "grant", "add", story.ids["staff"], "--device-key", device, "--recipient", "north",
        "--hours", 2, "--tables", "tables.toml",
    ).first  # fmt: skip
    began = time.monotonic()
    story.found["listed"] = publish(story, 1)
    story.publishing_s = time.monotonic() - began


def publish(story: Story, number: int) -> list[int]:
    """Compile, sign twice, publish. How many entries, grants."""
    raabta, sheet = story.raabta, f"list-{number}"
    tables = ("--tables", "tables.toml")
    raabta("list", "compile", "north", "--repository", "repo", "--output", sheet, *tables)
    story.desk.each(
        *(
            partial(
                raabta, "list", "sign", sheet, "--key", f"keys/{name}.key", "--root", story.anchor, "--yes", *tables
            )
            for name in ("bilal", "chand")
        )
    )
    raabta("list", "publish", sheet, "--repository", "repo", "--online-key", "keys/online-north.key", *tables)
    listed = json.loads((story.folder / sheet / "exemptions.json").read_bytes())
    return [len(listed["entries"]), len(listed["grants"])]
