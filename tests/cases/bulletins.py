"""A site, an incident and its bulletin, to write, check, approve and publish in tests."""

import datetime as dt
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from raabta.model.bulletin import Bulletin, BulletinText
from raabta.model.incident import Incident
from raabta.model.site import Component, Operator, Product, Site
from raabta.pipeline.informing.bulletins import Draft, approve_bulletin, publish_bulletin, write_bulletin
from raabta.pipeline.informing.settings import Publishing
from raabta.publish.bulletin.facts import names_of
from raabta.registry import Records

NOW: Final = dt.datetime(2024, 11, 10, 9, 0, tzinfo=dt.UTC)
LATER: Final = NOW + dt.timedelta(hours=2)
PAIRS: Final = Path(__file__).parents[1] / "publish" / "bulletin"

SITE: Final = Site(
    name_en="Software Association",
    name_ur="سافٹ ویئر ایسوسی ایشن",
    url="https://status.example.pk",
    country="pk",
    zone="Asia/Karachi",
    components=(
        Component(id="cloudflare", name_en="Cloudflare", name_ur="کلاؤڈ فلیئر"),
        Component(id="vpn", name_en="VPN", name_ur="وی پی این"),
        Component(id="whatsapp", name_en="WhatsApp", name_ur="واٹس ایپ"),
    ),
    operators=(
        Operator(id="jazz", name_en="Jazz", name_ur="جاز"),
        Operator(id="zong", name_en="Zong", name_ur="زونگ"),
        Operator(id="ptcl", name_en="PTCL", name_ur="پی ٹی سی ایل"),
        Operator(id="telenor", name_en="Telenor", name_ur="ٹیلی نار"),
        Operator(id="ufone", name_en="Ufone", name_ur="یوفون"),
        Operator(id="stormfiber", name_en="StormFiber", name_ur="اسٹارم فائبر"),
        Operator(id="nayatel", name_en="Nayatel", name_ur="نیاٹیل"),
        Operator(id="transworld", name_en="Transworld", name_ur="ٹرانس ورلڈ"),
    ),
    products=(Product(id="pan-os", name="Palo Alto Networks PAN-OS"),),
)
SETTINGS: Final = Publishing(site=SITE)
KNOWN: Final = names_of(SITE, (("PTA", "پی ٹی اے"),))

TEXTS: Final = (
    BulletinText(language="en", title="VPNs fail", known="VPNs have failed on 3 networks since 14:00 PKT."),
    BulletinText(
        language="ur", title="وی پی این کام نہیں کر رہے", known="14:00 PKT سے 3 نیٹ ورکس پر وی پی این ناکام ہیں۔"
    ),
)
OTHER_NUMBER: Final = (
    TEXTS[0],
    BulletinText(
        language="ur", title="وی پی این کام نہیں کر رہے", known="14:00 PKT سے 4 نیٹ ورکس پر وی پی این ناکام ہیں۔"
    ),
)


class Pair(NamedTuple):
    """An English and an Urdu text; what differences must mention, nothing where both say the same."""

    en: str
    ur: str
    only: tuple[str, ...]


def pairs(name: str) -> list[Pair]:
    """Read pairs from a file beside the tests of the check."""
    read = tomllib.loads((PAIRS / f"{name}.toml").read_text(encoding="utf-8"))
    return [Pair(one["en"], one["ur"], tuple(one["only"])) for one in read["pair"]]


def incident(id_: str = "in-a", **fields: Any) -> Incident:
    """Make an incident."""
    given: dict[str, Any] = {
        "title_en": "VPNs fail",
        "title_ur": "وی پی این کام نہیں کر رہے",
        "kind": "vpn",
        "state": "confirmed",
        "severity": "major",
        "component_ids": ("vpn",),
        "operator_ids": ("jazz",),
        "started_at": NOW - dt.timedelta(hours=1),
        "opened_by": "Amina",
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Incident(id=id_, **(given | fields))


def written(records: Records, new_id: Callable[[str], str], **fields: Any) -> Bulletin:
    """Write a draft on incident in-a."""
    given: dict[str, Any] = {"kind": "incident", "thread_id": "in-a", "texts": TEXTS, "next_update_at": LATER}
    draft = Draft(**(given | fields))
    return write_bulletin(records, draft, settings=SETTINGS, by="Amina", now=NOW, new_id=new_id)


def approved(records: Records, new_id: Callable[[str], str], **fields: Any) -> Bulletin:
    """Write a draft, and have it approved."""
    return approve_bulletin(records, written(records, new_id, **fields).id, settings=SETTINGS, by="Bilal", now=NOW)


def published(records: Records, new_id: Callable[[str], str], **fields: Any) -> Bulletin:
    """Write, approve and publish."""
    id_ = approved(records, new_id, **fields).id
    return publish_bulletin(records, id_, settings=SETTINGS, by="Amina", now=NOW, new_id=new_id)
