"""A desk with subscribers, and a visitor of its forms: requests straight into the application, no socket."""

import asyncio
import datetime as dt
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, structs
from starlette.applications import Starlette

from raabta.hub.forms.app import make_app
from raabta.hub.forms.host import Host
from raabta.hub.forms.incoming.limits import Limits
from raabta.hub.forms.pages import Pages
from raabta.hub.forms.register import LastingRegister
from raabta.model.site import Component, Operator, Product, Site
from raabta.model.subscription import Delivery, Subscriber
from raabta.pipeline.informing.settings import Chat, Publishing, Webhooks
from raabta.pipeline.informing.subscribing.asking import Made
from raabta.pipeline.informing.tokens import Purpose, make_token
from raabta.registry import open_register
from tests.registry.specimens import KEY, NOW, ids

SITE = Site(
    name_en="Desk <b>&amp;",
    name_ur="رابطہ مرکز",
    url="https://status.example.pk",
    desk_url="https://desk.example.pk",
    country="PK",
    zone="Asia/Karachi",
    components=(
        Component(id="cloudflare", name_en="Cloudflare", name_ur="کلاؤڈ فلیئر"),
        Component(id="vpn", name_en="VPN", name_ur="وی پی این"),
    ),
    operators=(Operator(id="ptcl", name_en="PTCL", name_ur="پی ٹی سی ایل"),),
    products=(Product(id="openvpn", name="OpenVPN"),),
)
SETTINGS = Publishing(
    site=SITE, chat=(Chat(name="ops", url_file="ops"),), webhooks=Webhooks(allow_networks=("127.0.0.0/8",))
)


class Clock:
    """A time that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def go_on(self, **span: float) -> None:
        self.now += dt.timedelta(**span)


def counted_bytes() -> Callable[[int], bytes]:
    """Give other bytes each time."""
    numbers = itertools.count(1)
    return lambda n_bytes: next(numbers).to_bytes(n_bytes, "big")


def made(now: dt.datetime = NOW, *, new_id: Callable[[str], str] | None = None) -> Made:
    return Made(now=now, new_id=new_id or ids(), new_bytes=counted_bytes())


class Answer(Struct, frozen=True, kw_only=True):
    status: int
    headers: dict[str, str]
    text: str


class Visitor:
    """Visits the forms of a desk in a folder, and looks into its register."""

    def __init__(self, folder: Path, *, settings: Publishing = SETTINGS, behind_proxy: bool = False) -> None:
        self.clock = Clock()
        self.told: list[str] = []
        self.seconds = 0.0
        new_id = ids()
        self.register = LastingRegister(
            lambda: open_register(f"sqlite:///{folder / 'register.sqlite'}", key=KEY, now=self.clock, new_id=new_id)
        )
        new_bytes = counted_bytes()
        self.host = Host(
            register=self.register,
            settings=settings,
            pages=Pages(settings.site),
            limits=Limits(clock=lambda: self.seconds, new_bytes=new_bytes),
            now=self.clock,
            new_id=new_id,
            new_bytes=new_bytes,
            tell=self.told.append,
            behind_proxy=behind_proxy,
            even_s=0.0,
        )
        self.app: Starlette = make_app(self.host)

    def get(self, path: str, *, client: str = "192.0.2.7", **headers: str) -> Answer:
        return self.ask("GET", path, client=client, headers=headers)

    def post(self, path: str, fields: Any = (), *, client: str = "192.0.2.7", **headers: str) -> Answer:
        """Send a form: a mapping, pairs, or bytes as they are."""
        body = fields if isinstance(fields, bytes) else urlencode(fields, doseq=True).encode()
        given = {"content-type": "application/x-www-form-urlencoded"} | headers
        return self.ask("POST", path, client=client, headers=given, body=body)

    def ask(self, method: str, path: str, *, client: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request, and give its answer."""
        bare, _, query = path.partition("?")
        named = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": bare,
            "raw_path": bare.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"desk.example.pk"), *named],
            "client": (client, 40000),
            "server": ("desk.example.pk", 80),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        async def run() -> None:
            await self.app(scope, receive, send)

        asyncio.run(run())
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return Answer(status=sent[0]["status"], headers=found, text=text)

    def subscribers(self) -> list[Subscriber]:
        with self.register.look() as records:
            return list(records.find(Subscriber))

    def deliveries(self) -> list[Delivery]:
        with self.register.look() as records:
            return list(records.find(Delivery))

    def add(self, **fields: Any) -> Subscriber:
        """Put a subscriber into the register as it is."""
        added = structs.replace(subscriber(), **fields)
        with self.register.change() as records:
            records.add(added)
        return added


def subscriber(**fields: Any) -> Subscriber:
    given: dict[str, Any] = {"address": "someone@example.pk", "address_hash": "ab" * 20, "channel": "email"}
    times = {"created_at": NOW, "asked_at": NOW, "confirmed_at": NOW, "state": "confirmed"}
    return Subscriber(**({"id": "su-a"} | given | times | fields))


def link(purpose: Purpose, id_: str = "su-a") -> str:
    return f"/{purpose}/{make_token(KEY, purpose, id_=id_)}"
