"""An incident's evidence, to make packs of."""

import datetime as dt
import hashlib
from typing import Any, Final

from raabta.model.bulletin import BulletinText
from raabta.model.incident import Attachment, Cause, Incident, Statement, TimelineLine
from raabta.model.pack import PackContent, PackParty, PackPromise, PackQuestion, Withheld
from raabta.model.publication import PublicUpdate
from raabta.model.site import Component, Operator, Site
from raabta.publish.pack.archive import pack_files, write_archive
from raabta.remedy.keys import SigningKey
from raabta.remedy.minisign import minisign, minisign_public

AT: Final = dt.datetime(2025, 5, 20, 6, 30, tzinfo=dt.UTC)
KEY: Final = SigningKey("site", b"k" * 32)
OTHER_KEY: Final = SigningKey("thief", b"t" * 32)
MEASURED: Final = b'{"probe_ip": "127.0.0.1"}\n'
SITE: Final = Site(
    name_en="Raabta status",
    name_ur="رابطہ",
    url="https://status.example.pk",
    country="pk",
    zone="Asia/Karachi",
    components=(Component(id="cdn", name_en="Cloudflare", name_ur="کلاؤڈ فلیئر", hosts=("www.example.com",)),),
    operators=(Operator(id="as-a", name_en="Operator A", name_ur="آپریٹر اے"),),
)


def content(**changed: Any) -> PackContent:
    """Evidence on the third event."""
    incident = Incident(
        id="in-a",
        title_en="Sites behind Cloudflare cannot be reached",
        title_ur="کلاؤڈ فلیئر کے پیچھے سائٹس نہیں کھلتیں",
        kind="blocking",
        state="cause_identified",
        severity="major",
        component_ids=("cdn",),
        operator_ids=("as-a",),
        started_at=AT,
        opened_by="",
        created_at=AT,
        changed_at=AT,
    )
    measured = Attachment(
        id="at-a",
        incident_id="in-a",
        kind="measurement",
        name="round.jsonl",
        sha256=hashlib.sha256(MEASURED).hexdigest(),
        size_bytes=len(MEASURED),
        facts=("input: https://www.example.com/", "state: blocked"),
        added_at=AT,
        by="",
    )
    text = BulletinText(language="en", title="Cloudflare", known="Two networks drop it.")
    urdu = BulletinText(language="ur", title="کلاؤڈ فلیئر", known="دو نیٹ ورک اسے روکتے ہیں۔")
    given: dict[str, Any] = {
        "id": "pk-a",
        "incident": incident,
        "site": SITE,
        "recipient": "Cloudflare NOC",
        "made_at": AT + dt.timedelta(hours=5),
        "software": "raabta 0.1.0",
        "parties": (
            PackParty(id="pa-a", role="regulator", name_en="Regulator"),
            PackParty(id="pa-b", role="cdn", name_en="Cloudflare", desk="NOC", reference="CF-01234"),
        ),
        "causes": (Cause(at=AT, by="", evidence_class="corroborated", probability_percent=93, words_en="Resets."),),
        "statements": (
            Statement(id="st-a", incident_id="in-a", party_id="pa-a", at=AT, text_en="No block was ordered.", by=""),
        ),
        "promises": (
            PackPromise(
                party="Regulator", words="Repair", made_at=AT, due_at=AT + dt.timedelta(hours=48), state="open"
            ),
        ),
        "questions": (PackQuestion(asked_of="Regulator", text="Which rule?", asked_at=AT),),
        "timeline": (
            TimelineLine(at=AT, what="opened", words="Opened", public=True),
            TimelineLine(at=AT + dt.timedelta(hours=1), what="step", words="=cmd|calc", public=True),
        ),
        "updates": (PublicUpdate(id="bu-a", number=1, sequence=1, at=AT, texts=(text, urdu)),),
        "attachments": (measured,),
        "withheld": (Withheld(what="contact", why="people's names", n=2),),
        "n_reports": 7,
    }
    return PackContent(**(given | changed))


def packed(key: SigningKey = KEY, **changed: Any) -> bytes:
    """A whole pack."""
    made = content(**changed)
    files = pack_files(made, {"at-a": MEASURED})
    return write_archive(
        made,
        files,
        sign=lambda raw: minisign(raw, key, comment=f"raabta pack={made.id}"),
        public_key=minisign_public(key.public),
    )
