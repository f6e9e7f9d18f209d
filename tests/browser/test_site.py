"""The public site in a real browser: every kind of page, EN and UR, phone and desktop, light and dark, as a file and
over plain HTTP. Screenshots go to .bench/screens, to be looked at."""

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from msgspec import structs

from raabta.model.bulletin import BulletinText
from raabta.model.publication import PublicThread
from raabta.model.site import MAX_PAGE_BYTES, Site
from tests.cases.publication import example_site, example_thread, example_threads
from tests.cases.site_pages import write_site
from tests.cases.web import serving_folder

SCREENS: Final = Path(__file__).parents[2] / ".bench" / "screens" / "site"
SIZES: Final = {"phone": {"width": 320, "height": 640}, "desktop": {"width": 1280, "height": 800}}
SCHEMES: Final = ("light", "dark")
LONG: Final = "in-long"
KINDS: Final = (
    "index.html",
    "incident/in-cdn2025may19.html",
    "incident/in-vpn20241110.html",
    "incident/in-works2025may22.html",
    f"incident/{LONG}.html",
    f"incident/{LONG}.2.html",
    "notice/bu-notice-1.html",
    "meeting/bu-meeting-1.html",
    "advisory/bu-advisory-1.html",
    "component/cloudflare.html",
    "component/code-hosting.html",
    "month/2024-11.html",
    "history.html",
    "subscribe.html",
    "report.html",
    "about.html",
)
"""One page of every kind, in each language."""
AXE: Final = {"resultTypes": ["violations"], "preload": False}
"""With "preload" it would ask for the style sheet by itself, which the page's policy forbids."""
PAGES: Final = ("index.html", *(f"{language}/{kind}" for kind in KINDS for language in ("en", "ur")))


def site() -> Site:
    return structs.replace(example_site(), key="RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3")


def long_thread() -> PublicThread:
    """An incident of so many updates that it goes on in further pages."""
    base = example_thread("in-vpn20241110")
    known = base.updates[1].texts
    updates = []
    for number in range(1, 26):
        texts = tuple(
            BulletinText(language=one.language, title=f"{number}: {one.title}", known="\n\n".join([one.known] * 3))
            for one in known
        )
        at = base.started_at + dt.timedelta(hours=number)
        updates.append(
            structs.replace(
                base.updates[1], id=f"bu-long-{number}", number=number, at=at, texts=texts, corrects_id="", sequence=20
            )
        )
    return structs.replace(base, id=LONG, updates=tuple(updates))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    write_site(made, site(), (long_thread(), *example_threads()))
    return made


@pytest.fixture(scope="module")
def bases(folder: Path) -> Iterator[dict[str, str]]:
    """Where the site is: as files, and on a plain web server on loopback."""
    with serving_folder(folder) as url:
        yield {"file": folder.as_uri(), "http": url}


class Look:
    """One tab, which may reach the site alone, and what went wrong in it."""

    def __init__(self, chromium: Any, base: str, *, size: str, scheme: str) -> None:
        self._context = chromium.new_context(viewport=SIZES[size], color_scheme=scheme, device_scale_factor=1)
        self._base = base
        self.page = self._context.new_page()
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.route("**/*", self._decide)
        self.page.on("console", lambda said: self.faults.append(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))

    def _decide(self, route: Any) -> None:
        url = route.request.url
        if url.startswith((self._base, "data:")):
            self.asked.append(url)
            route.continue_()
            return
        self.faults.append(f"asked for {url}")
        route.abort()

    def go(self, path: str) -> None:
        self.asked.clear()
        self.page.goto(f"{self._base}/{path}")

    def close(self) -> None:
        self._context.close()


@pytest.mark.parametrize(("way", "size", "scheme"), list(itertools.product(("file", "http"), SIZES, SCHEMES)))
def test_every_kind_of_page_can_be_read_by_everybody(  # noqa: PLR0917  what is looked at, and how
    chromium: Any, bases: dict[str, str], folder: Path, way: str, size: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    axe = Axe()
    SCREENS.mkdir(parents=True, exist_ok=True)
    look = Look(chromium, bases[way], size=size, scheme=scheme)
    for path in PAGES:
        look.go(path)
        if way == "file":
            look.page.screenshot(path=str(SCREENS / f"{path.replace('/', '_')}.{size}.{scheme}.png"), full_page=True)
        files = {url.removeprefix(f"{bases[way]}/") for url in look.asked if not url.startswith("data:")}
        seen = {
            "faults": look.faults,
            "files": files,
            "violations": [
                (found["id"], [node["html"] for node in found["nodes"]])
                for found in axe.run(look.page, options=AXE).response["violations"]
            ],
            "wider": look.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
            "styled": look.page.evaluate("getComputedStyle(document.body).maxWidth"),
            "heavy": sum((folder / file).stat().st_size for file in files) > MAX_PAGE_BYTES,
            "direction": look.page.evaluate("getComputedStyle(document.documentElement).direction"),
        }
        assert (path, seen) == (
            path,
            {
                "faults": [],
                "files": {path, "style.css"},
                "violations": [],
                "wider": 0,
                "styled": "800px",
                "heavy": False,
                "direction": "rtl" if path.startswith("ur/") else "ltr",
            },
        )
    look.close()


def test_in_urdu_an_address_runs_from_left_to_right_and_the_text_from_right_to_left(
    chromium: Any, bases: dict[str, str]
) -> None:
    look = Look(chromium, bases["file"], size="desktop", scheme="light")
    look.go("ur/incident/in-cdn2025may19.html")
    # Where the first and the last letter of a run are on the screen.
    ends = """(wanted) => {
        const element = [...document.querySelectorAll('bdi')].find(one => one.textContent.startsWith(wanted));
        const text = element.firstChild, range = document.createRange();
        const left = (at) => {
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            return range.getBoundingClientRect().left;
        };
        return [left(0), left(text.length - 1)];
    }"""
    for run in ("104.16.0.0/13", "20:15 PKT (UTC+05:00)", "AS17557"):
        first, last = look.page.evaluate(ends, run)
        assert first < last, run
    start = """() => {
        const range = document.createRange(), text = document.querySelector('h1').firstChild;
        range.setStart(text, 0);
        range.setEnd(text, 4);
        return range.getBoundingClientRect().right;
    }"""
    assert look.page.evaluate(start) > 900  # at the right edge of a page 1280 wide
    look.close()


def test_the_first_key_leads_past_the_menu(chromium: Any, bases: dict[str, str]) -> None:
    look = Look(chromium, bases["http"], size="phone", scheme="light")
    look.go("en/index.html")
    look.page.keyboard.press("Tab")
    assert look.page.evaluate("document.activeElement.textContent") == "Skip to content"
    look.page.keyboard.press("Enter")
    assert look.page.evaluate("document.activeElement.id") == "main"
    look.close()


def test_a_link_of_a_feed_leads_to_an_update_although_it_moved_to_a_further_page(
    chromium: Any, bases: dict[str, str]
) -> None:
    look = Look(chromium, bases["file"], size="phone", scheme="light")
    look.go(f"ur/incident/{LONG}.html#bu-long-1")
    look.page.locator("#bu-long-1 a").click()
    assert look.page.locator("article#bu-long-1").is_visible()
    assert not look.page.url.endswith(f"{LONG}.html#bu-long-1")
    look.close()


@pytest.mark.parametrize("way", ["file", "http"])
def test_a_form_may_go_to_the_desk_although_nothing_else_may(chromium: Any, bases: dict[str, str], way: str) -> None:
    sent: list[dict[str, list[str]]] = []

    def take(route: Any) -> None:
        sent.append(parse_qs(route.request.post_data))
        route.fulfill(status=200, body="Almost there")

    look = Look(chromium, bases[way], size="phone", scheme="light")
    look.page.route("https://desk.example.pk/**", take)
    look.go("ur/subscribe.html")
    look.page.locator("#address").fill("someone@example.pk")
    look.page.locator("input[value=vpn]").check()
    look.page.locator("button[type=submit]").click()
    look.page.get_by_text("Almost there").wait_for()
    assert sent == [
        {"l": ["ur"], "channel": ["email"], "address": ["someone@example.pk"], "language": ["ur"], "component": ["vpn"]}
    ]
    assert look.faults == []
    look.close()


def test_a_page_prints_without_menu_and_forms(chromium: Any, bases: dict[str, str]) -> None:
    look = Look(chromium, bases["file"], size="desktop", scheme="light")
    look.page.emulate_media(media="print")
    look.go("en/incident/in-vpn20241110.html")
    assert not look.page.locator("nav").first.is_visible()
    assert look.page.locator("h1").is_visible()
    look.close()
