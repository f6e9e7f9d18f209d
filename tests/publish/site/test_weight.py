"""No page weighs more than 50 kB with its style sheet, whatever is published."""

import datetime as dt
from collections.abc import Mapping

import pytest
from msgspec import structs

from raabta.model.bulletin import BulletinText
from raabta.model.publication import PublicLink, PublicPromise, PublicStatement, PublicThread, PublicUpdate
from raabta.model.site import MAX_PAGE_BYTES, Component, Site
from raabta.publish.site import (
    MonthCount,
    make_view,
    render_component,
    render_fixed,
    render_front,
    render_history,
    render_month,
    render_thread,
)
from raabta.publish.site.packing import cut_text, pack, weight
from raabta.publish.site.speech import speech_of
from tests.cases.publication import NOW, example_site, example_thread
from tests.cases.site_pages import parse, text_of

SITE = example_site()
MOST = 5_000
"""Letters of a part of a bulletin, as the desk allows."""
URDU = ("ریگولیٹر نے cdn.example.com پر 10.2.9-h1 اور AS17557 کو بند کیا۔ " * 100)[:MOST]
UNBROKEN = "\u06a9a" * (MOST // 2)


STYLE_BYTES = len(render_fixed(SITE)["style.css"])


def heaviest(pages: Mapping[str, bytes]) -> int:
    return STYLE_BYTES + max(len(content) for path, content in pages.items() if path.endswith(".html"))


def long_update(number: int, words: str) -> PublicUpdate:
    base = example_thread("in-vpn20241110").updates[0]
    parts = dict.fromkeys(("known", "not_known", "stated", "workaround", "correction"), words)
    return structs.replace(
        base,
        id=f"bu-{number}",
        number=number,
        sequence=number,
        at=base.at + dt.timedelta(minutes=number),
        corrected_by="",
        texts=(
            BulletinText(language="en", title="T" * 140, **parts),
            BulletinText(language="ur", title="ٹ" * 140, **parts),
        ),
    )


def thread_of(updates: tuple[PublicUpdate, ...]) -> PublicThread:
    return structs.replace(example_thread("in-vpn20241110"), updates=updates, statements=(), promises=())


@pytest.mark.parametrize("words", [URDU, UNBROKEN, '"<&>" ' * (MOST // 6), "ا\n\n" * (MOST // 3)], ids=range(4))
def test_the_longest_updates_are_cut_into_pages(words: str) -> None:
    thread = thread_of(tuple(long_update(number, words) for number in range(1, 5)))
    made = render_thread(thread, SITE)
    assert heaviest(made) <= MAX_PAGE_BYTES
    whole = "".join(
        text_of(update).replace(" ", "")
        for page in sorted((path for path in made if path.startswith("ur/")), key=lambda path: (len(path), path))
        for update in parse(made[page]).find_class("update")
    )
    assert whole.count("".join(words.split())[:40]) >= len(thread.updates)
    assert len(whole) >= 4 * 5 * len("".join(words.split()))


def test_the_first_page_keeps_the_anchor_of_every_update_and_leads_to_it() -> None:
    thread = thread_of(tuple(long_update(number, URDU[:1500]) for number in range(1, 31)))
    made = render_thread(thread, SITE)
    first = parse(made["ur/incident/in-vpn20241110.html"])
    assert {update.id for update in thread.updates} <= set(first.xpath("//@id"))
    for pointer in first.find_class("pointers")[0].iter("a"):
        file, _, anchor = pointer.get("href").partition("#")
        assert parse(made[f"ur/incident/{file}"]).xpath("//article[@id=$id]", id=anchor)


def test_many_statements_promises_and_links_fit() -> None:
    base = example_thread("in-vpn20241110")
    statements = tuple(
        PublicStatement(party_en="P" * 100, party_ur="ف" * 100, at=base.started_at, text_en=URDU, text_ur=URDU)
        for _ in range(12)
    )
    promises = tuple(
        PublicPromise(words_en=f"{number} {'w' * 200}", made_at=base.started_at, due_at=NOW, state="open")
        for number in range(150)
    )
    links = tuple(PublicLink(url=f"https://example.org/{number}/{'x' * 900}", title="t" * 200) for number in range(60))
    thread = structs.replace(base, statements=statements, promises=promises, links=links)
    made = render_thread(thread, SITE)
    assert heaviest(made) <= MAX_PAGE_BYTES
    found = {
        link
        for path, content in made.items()
        if path.startswith("en/")
        for link in parse(content).xpath("//a/@href")
        if link.startswith("https://example.org/")
    }
    assert len(found) == len(links)


def large_site() -> Site:
    components = tuple(
        Component(
            id=f"c{number}", name_en=f"Component {number} " + "n" * 40, name_ur="جزو " * 20, hosts=("h.example",) * 50
        )
        for number in range(400)
    )
    mirrors = tuple(f"https://mirror{number}.example.net" for number in range(60))
    return structs.replace(SITE, components=components, mirrors=mirrors)


def test_a_site_of_400_components_and_60_mirrors_fits() -> None:
    site = large_site()
    threads = (structs.replace(example_thread("in-vpn20241110"), component_ids=("c1", "c2")),)
    made = render_front(make_view((), threads, site=site), site, now=NOW) | render_fixed(site)
    made |= render_component(site.components[1], threads, site=site) | render_thread(threads[0], site)
    assert heaviest(made) <= MAX_PAGE_BYTES
    listed = {href for path in made if path.startswith("en/comp") for href in parse(made[path]).xpath("//a/@href")}
    assert {f"../en/component/c{number}.html" for number in range(400)} <= listed


def test_hundreds_of_open_incidents_fit_and_all_are_listed() -> None:
    base = example_thread("in-cdn2025may19")
    threads = [structs.replace(base, id=f"in-{number}", sequence=number) for number in range(1, 301)]
    made = render_front(make_view(threads, threads, site=SITE), SITE, now=NOW)
    assert heaviest(made) <= MAX_PAGE_BYTES
    listed = {
        href.rpartition("/")[2]
        for path, content in made.items()
        if path.startswith("ur/open")
        for href in parse(content).xpath("//main//a/@href")
    }
    assert {f"in-{number}.html" for number in range(1, 301)} <= listed


def test_a_month_of_hundreds_is_cut_into_pages_that_lead_to_each_other() -> None:
    base = example_thread("in-cdn2025may19")
    made = render_month("2025-05", [structs.replace(base, id=f"in-{number}") for number in range(300)], site=SITE)
    assert heaviest(made) <= MAX_PAGE_BYTES
    english = [path for path in made if path.startswith("en/")]
    assert english[:2] == ["en/month/2025-05.html", "en/month/2025-05.2.html"]
    seen = ["en/month/2025-05.html"]
    while following := parse(made[seen[-1]]).xpath("//main//a[@rel='next']/@href"):
        seen.append("en/month/" + following[0].rpartition("/")[2])
    assert seen == english
    alternates = parse(made[english[-1]]).xpath("//link[@hreflang='ur']/@href")
    assert alternates == ["../../ur/month/2025-05.html"]


def test_centuries_of_months_fit() -> None:
    months = [
        MonthCount(month=f"{year}-{month:02}", n_threads=5) for year in range(1900, 2100) for month in range(1, 13)
    ]
    assert heaviest(render_history(months, SITE)) <= MAX_PAGE_BYTES


# --- cutting ---


def test_nothing_is_lost_by_cutting_a_text() -> None:
    show = speech_of(SITE, "ur").blocks
    for words in (URDU, UNBROKEN):
        pieces = cut_text(words, show, most_bytes=700)
        assert all(weight(piece) <= 700 for piece in pieces)
        assert "".join("".join(piece.striptags().split()) for piece in pieces) == "".join(words.split())


def test_pieces_keep_their_order_and_every_page_its_room() -> None:
    show = speech_of(SITE, "en").text
    pieces = [show(str(number) * 10) for number in range(10)]
    packed = pack(pieces, room_bytes=35, first_room_bytes=15)
    assert [len(page) for page in packed] == [1, 3, 3, 3]
    assert [piece for page in packed for piece in page] == pieces
    assert pack([], room_bytes=10) == [[]]
