"""The forms of the desk's host in a real browser: EN and UR, phone and desktop, light and dark, and used by hand."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from raabta.hub.forms.serving import make_server, open_place
from raabta.model.site import MAX_PAGE_BYTES
from tests.cases.publication import example_site
from tests.cases.subscribing import SETTINGS, Visitor, link

SCREENS: Final = Path(__file__).parents[2] / ".bench" / "screens" / "forms"
DEADLINE_S: Final = 20.0
SIZES: Final = {"phone": {"width": 320, "height": 640}, "desk": {"width": 1280, "height": 800}}
PAGES: Final = {
    "home": "/",
    "subscribe": "/subscribe",
    "report": "/report",
    "confirm": link("confirm", "su-waits"),
    "change": link("change"),
    "leave": link("leave"),
    "gone": link("leave", "su-nobody"),
    "missing": "/nothing",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visitor, str]]:
    """The server on loopback, with two subscribers."""
    from msgspec import structs

    settings = structs.replace(SETTINGS, site=example_site())
    visitor = Visitor(tmp_path_factory.mktemp("desk"), settings=settings)
    visitor.add(channel="webhook", address="https://hooks.example.pk/raabta", secret="whsec_b2xk")
    visitor.add(id="su-waits", address_hash="cd" * 20, state="pending", confirmed_at=None)
    server = make_server(visitor.app)
    place = open_place("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    yield visitor, f"http://127.0.0.1:{place.getsockname()[1]}"
    server.should_exit = True
    thread.join(DEADLINE_S)
    visitor.register.close()


def opened(chromium: Any, base: str, **context: Any) -> tuple[Any, list[str], list[int]]:
    """Give a page, what went wrong on it, and how many bytes each answer had. Other hosts are out of reach."""
    page = chromium.new_context(**context).new_page()
    faults: list[str] = []
    weights: list[int] = []
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(base) else refuse(route, faults))
    page.on("response", lambda answer: weights.append(len(answer.body())) if answer.status != 204 else None)
    page.on("console", lambda said: faults.append(said.text) if "status of 4" not in said.text else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page, faults, weights


def refuse(route: Any, faults: list[str]) -> None:
    faults.append(f"asked for {route.request.url}")
    route.abort()


@pytest.mark.parametrize(("size", "scheme"), list(itertools.product(SIZES, ("light", "dark"))))
def test_every_form_can_be_read_and_used(desk: tuple[Visitor, str], chromium: Any, size: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    _, base = desk
    SCREENS.mkdir(parents=True, exist_ok=True)
    page, faults, weights = opened(chromium, base, viewport=SIZES[size], color_scheme=scheme)
    names = PAGES if scheme == "light" else ("subscribe", "change", "gone")  # the others have nothing of their own
    for name, language in itertools.product(names, ("en", "ur")):
        weights.clear()
        page.goto(f"{base}{PAGES[name]}?l={language}")
        where = f"{name}-{language}-{size}-{scheme}"
        page.screenshot(path=str(SCREENS / f"{where}.png"), full_page=True)
        seen = {
            "faults": faults,
            "violations": [one["id"] for one in Axe().run(page).response["violations"]],
            "wider": page.evaluate("document.documentElement.scrollWidth") > SIZES[size]["width"],
            "heavy": sum(weights) > MAX_PAGE_BYTES,
            "direction": page.evaluate("getComputedStyle(document.body).direction"),
        }
        right = {"faults": [], "violations": [], "wider": False, "heavy": False}
        assert (where, seen) == (where, right | {"direction": "rtl" if language == "ur" else "ltr"})
    page.context.close()


def test_somebody_subscribes_by_keyboard_and_is_told_what_is_wrong(desk: tuple[Visitor, str], chromium: Any) -> None:
    visitor, base = desk
    page, faults, _ = opened(chromium, base, viewport=SIZES["phone"])
    page.goto(f"{base}/subscribe?l=ur")
    page.get_by_label("VPN").or_(page.locator("input[name=component][value=vpn]")).first.check()
    page.locator("#address").fill("a,b@example.pk")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.locator("#address").get_attribute("aria-invalid") == "true"
    assert page.locator("input[name=component][value=vpn]").is_checked()
    page.locator("#address").fill("keyboard@example.pk")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('بس ایک قدم')")
    found = [one for one in visitor.subscribers() if one.address == "keyboard@example.pk"]
    assert [(one.state, one.component_ids) for one in found] == [("pending", ("vpn",))]
    assert faults == []
    page.context.close()


def test_somebody_reports_and_asks_what_became_of_it(desk: tuple[Visitor, str], chromium: Any) -> None:
    _, base = desk
    page, faults, _ = opened(chromium, base, viewport=SIZES["phone"])
    page.goto(f"{base}/report?l=en")
    page.get_by_label("What can you not reach?").select_option("vpn")
    page.get_by_label("Very slow").check()
    page.get_by_role("button", name="Send the report").click()
    code = page.locator("code").inner_text()
    page.goto(f"{base}/report?l=en")
    page.get_by_label("Code of your report").fill(code.lower())
    page.get_by_role("button", name="Show").click()
    assert "Received" in page.locator("dl").inner_text()
    assert faults == []
    page.context.close()
