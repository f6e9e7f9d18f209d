"""Stored markup in every field: whatever is in a register or the settings, pages show it and obey none of it."""

from typing import Any

import pytest
from msgspec import Struct, structs

from raabta.model.publication import PublicLink, PublicThread
from raabta.model.site import Component
from raabta.publish.site import render_thread
from tests.cases.publication import example_site, example_thread, example_threads
from tests.cases.site_pages import pages_of, parse, text_of

ATTACKS = (
    '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title></style></textarea></p><h1>Owned</h1><form action=//evil.example>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}{}{0}%s",
    "<!--", "]]>", "\u202e\u2066\u0000\u0007\ud800",
    "خبر <b onmouseover=alert(1)> &lt;script&gt; http://x.example/\"onclick=alert(1) ",
    "https://ok.example/'onmouseover='alert(1)",
)  # fmt: skip

_TAGS = (
    "html head meta title link body a header p nav ul li main footer section h1 h2 h3 h4 span div dl dt dd strong "
    "article blockquote time bdi br form input label select option textarea fieldset legend button code"
)
ALLOWED_TAGS = set(_TAGS.split())
_KEPT = (
    "id thread_id kind incident_kind state incident_state severity evidence_class language corrects_id corrected_by "
    "zone digits country languages desk_url url mirrors sequence"
)
KEPT = set(_KEPT.split())
"""Fields whose values are chosen from a few, or checked before: ids have a test of their own."""


def poisoned(value: Any, attack: str, name: str = "") -> Any:
    """Put an attack into every text of a value, however deep."""
    if isinstance(value, Struct):
        fields = {field: poisoned(getattr(value, field), attack, field) for field in value.__struct_fields__}
        return structs.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(poisoned(one, attack, name) for one in value)
    return attack if isinstance(value, str) and name not in KEPT else value


def full(thread: PublicThread) -> PublicThread:
    return structs.replace(thread, links=(*thread.links, PublicLink(url="https://example.org", title="t")))


@pytest.fixture(scope="module", params=ATTACKS, ids=range(len(ATTACKS)))
def attacked(request: pytest.FixtureRequest) -> tuple[str, dict[str, bytes]]:
    site = poisoned(example_site(), request.param)
    threads = [poisoned(full(one), request.param) for one in example_threads()]
    return request.param, pages_of(site, threads)


def test_no_field_brings_markup_into_a_page(attacked: tuple[str, dict[str, bytes]]) -> None:
    _, pages = attacked
    for path, content in pages.items():
        if not path.endswith(".html"):
            continue
        root = parse(content)
        elements = list(root.iter("*"))
        assert {element.tag for element in elements} <= ALLOWED_TAGS, path
        assert len(root.findall(".//h1")) == 1, path
        assert len(root.findall(".//form")) in {0, 1, 2}, path
        assert not [name for element in elements for name in element.attrib if name.startswith("on")], path
        schemes = {link.partition(":")[0] for _, _, link, _ in root.iterlinks() if ":" in link}
        assert schemes <= {"http", "https", "data", "mailto"}, path


def test_hostile_words_are_shown_as_they_are(attacked: tuple[str, dict[str, bytes]]) -> None:
    attack, pages = attacked
    visible = " ".join(letter for letter in attack if letter.isprintable()).replace(" ", "")
    shown = text_of(parse(pages["en/incident/in-vpn20241110.html"])).replace(" ", "")
    assert visible in shown


def test_a_link_of_another_kind_is_shown_as_text() -> None:
    urls = ("javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//evil.example", "file:///etc/passwd", "http:")
    links = tuple(PublicLink(url=url, title="elsewhere") for url in urls)
    thread = structs.replace(example_thread("in-vpn20241110"), links=links, statements=())
    root = parse(render_thread(thread, example_site())["en/incident/in-vpn20241110.html"])
    assert not root.xpath("//main//a[starts-with(@rel, 'nofollow')]")
    assert text_of(root.xpath("//section[@aria-labelledby='links']")[0]).count("elsewhere") == len(urls)


def test_a_hostile_anchor_stays_within_its_attribute() -> None:
    thread = example_thread("bu-notice-1")
    update = structs.replace(thread.updates[0], id='x" onclick="alert(1)')
    root = parse(
        render_thread(structs.replace(thread, updates=(update,)), example_site())["en/notice/bu-notice-1.html"]
    )
    (article,) = root.find_class("update")
    assert article.get("id") == 'x" onclick="alert(1)'
    assert "onclick" not in article.attrib


def test_a_hostile_id_of_a_thread_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be the name of a page"):
        render_thread(structs.replace(example_thread("bu-notice-1"), id="../../index"), example_site())


@pytest.mark.parametrize(
    "desk", ["https://desk.example;script-src *", "https://a b", "javascript:x", "https://desk.example'x", "//desk"]
)
def test_a_hostile_desk_says_nothing_in_the_policy(desk: str) -> None:
    content = pages_of(structs.replace(example_site(), desk_url=desk), ())["en/report.html"]
    (policy,) = parse(content).xpath("//meta[@http-equiv]/@content")
    assert "form-action 'none'" in policy
    assert "script" not in policy


def test_a_component_that_the_settings_know_no_more_is_named_by_its_id() -> None:
    vpn = Component(id="vpn", name_en="VPN", name_ur="وی پی این")
    site = structs.replace(example_site(), components=(vpn,))
    root = parse(render_thread(example_thread("in-cdn2025may19"), site)["ur/incident/in-cdn2025may19.html"])
    assert "code-hosting" not in text_of(root)
    assert "cloudflare، freelance" in text_of(root)
