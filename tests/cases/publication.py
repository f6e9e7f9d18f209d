"""A site and its public threads, in English and Urdu: the three events of mission.md, and one of every other kind.

Names of hosts and addresses are those for documentation (RFC 2606, RFC 5737); the operators' are the real ones.
"""

import datetime as dt
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from raabta.model.publication import PublicThread
from raabta.model.site import Component, Operator, Product, Site

_FILE = Path(__file__).with_name("publication.toml")

NOW = dt.datetime(2025, 5, 20, 13, 30, tzinfo=dt.UTC)
"""When these threads are looked at: the second incident is long over, the third one is open."""


def example_site() -> Site:
    """Who speaks: an association, with seven components, six operators and two mirrors."""
    return Site(
        name_en="Connectivity desk of the software houses",
        name_ur="سافٹ ویئر ہاؤسز کا رابطہ مرکز",
        url="https://status.example.pk",
        mirrors=("https://status.example.net", "http://192.0.2.44/status"),
        desk_url="https://desk.example.pk",
        contact="desk@example.pk",
        country="PK",
        zone="Asia/Karachi",
        components=(
            Component(
                id="international",
                name_en="International bandwidth",
                name_ur="بین الاقوامی بینڈوڈتھ",
                kind="network",
                group_en="Reaching the world",
                group_ur="دنیا تک رسائی",
            ),
            Component(
                id="cloudflare",
                name_en="Sites behind Cloudflare",
                name_ur="Cloudflare پر چلنے والی سائٹیں",
                hosts=("cdn.example.com", "shop.example.com"),
                asns=(13335,),
                group_en="Reaching the world",
                group_ur="دنیا تک رسائی",
            ),
            Component(
                id="vpn",
                name_en="VPN tunnels",
                name_ur="وی پی این ٹنل",
                group_en="Reaching the world",
                group_ur="دنیا تک رسائی",
            ),
            Component(
                id="code-hosting",
                name_en="Code hosting",
                name_ur="کوڈ ہوسٹنگ",
                hosts=("git.example.org",),
                group_en="Tools of work",
                group_ur="کام کے ذرائع",
            ),
            Component(
                id="freelance",
                name_en="Freelance platforms",
                name_ur="فری لانس پلیٹ فارم",
                hosts=("jobs.example.com",),
                group_en="Tools of work",
                group_ur="کام کے ذرائع",
            ),
            Component(
                id="calls",
                name_en="Calls and meetings",
                name_ur="کالیں اور آن لائن ملاقاتیں",
                group_en="Tools of work",
                group_ur="کام کے ذرائع",
            ),
            Component(
                id="karachi",
                name_en="Karachi and the south",
                name_ur="کراچی اور جنوب",
                kind="region",
                group_en="Regions",
                group_ur="علاقے",
            ),
        ),
        operators=(
            Operator(id="ptcl", name_en="PTCL", name_ur="پی ٹی سی ایل", asns=(17557,)),
            Operator(id="nayatel", name_en="Nayatel", name_ur="نیا ٹیل", asns=(23674,)),
            Operator(id="jazz", name_en="Jazz", name_ur="جاز", asns=(45669,)),
            Operator(id="zong", name_en="Zong", name_ur="زونگ", asns=(59257,)),
            Operator(id="transworld", name_en="Transworld", name_ur="ٹرانس ورلڈ", asns=(38193,)),
            Operator(id="stormfiber", name_en="StormFiber", name_ur="اسٹارم فائبر"),
        ),
        products=(
            Product(id="pan-os", name="PAN-OS GlobalProtect"),
            Product(id="openvpn", name="OpenVPN server"),
        ),
    )


class _Threads(Struct):
    threads: tuple[PublicThread, ...]


@cache
def example_threads() -> tuple[PublicThread, ...]:
    """All threads, newest update first. They stand in ``publication.toml``."""
    return msgspec.toml.decode(_FILE.read_bytes(), type=_Threads).threads


def example_thread(id_: str) -> PublicThread:
    """One of them, as "in-vpn20241110"."""
    return next(one for one in example_threads() if one.id == id_)


def at(text: str) -> dt.datetime:
    """Read a local time of the example, as "2024-11-10 09:00"."""
    return dt.datetime.fromisoformat(f"{text}:00+05:00").astimezone(dt.UTC)
