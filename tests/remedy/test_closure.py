"""Rules about host names, on facts that a test writes down."""

from typing import Any

import pytest

from raabta.model.closure import Closure, HostFact, HostNeed
from raabta.remedy.closure import lint_names, missing_hosts, read_names, usable_names
from raabta.remedy.linting.hosts import is_suffix, read_host, site_of
from tests.cases.linting import BENCH, NOW


def fact(name: str, **fields: Any) -> HostFact:
    made: dict[str, Any] = {"addresses": ("198.19.1.9",), "asked_page": True, "status": 200}
    return HostFact(name=name, **(made | fields))


def closed(*facts: HostFact) -> Closure:
    return Closure(measured_at=NOW, facts=facts)


def needs(host: str, use: Any = "essential") -> tuple[HostNeed, ...]:
    return (HostNeed(host=host, use=use),)


def rules(text: str, *facts: HostFact) -> list[tuple[str, str, bool]]:
    findings = lint_names(read_names(text), closed(*facts), bench=BENCH)
    return [(one.subject, one.rule, one.hard) for one in findings]


@pytest.mark.parametrize(
    ("fields", "rule", "hard"),
    [
        ({"lookup_failure": "dns_nxdomain_error"}, "name.unresolved", True),
        ({"chain": ("edge.host.example",)}, "name.chain_unpaired", True),
        ({"redirects": ("www.site.example",)}, "name.redirect_missing", True),
        ({"needs": needs("static.site.example")}, "name.subdomain_missing", True),
        ({"needs": needs("js.other.example")}, "name.third_party_missing", True),
        ({"needs": needs("pics.other.example", "shown")}, "name.extra_missing", False),
        ({"page_failure": "connection_reset"}, "name.no_page", True),
        ({"status": 500}, "name.no_page", True),
        ({"asked_page": False, "status": 0}, "name.unmeasured", True),
        ({"addresses": ("198.19.10.9",)}, "name.shared", False),
    ],
)
def test_one_fault_of_a_name_is_told(fields: dict[str, Any], rule: str, hard: bool) -> None:
    assert rules("site.example", fact("site.example", **fields)) == [("site.example", rule, hard)]


def test_what_is_listed_is_not_missing() -> None:
    text = "site.example\nstatic.site.example\nedge.host.example\nwww.site.example\n*.other.example\n"
    whole = fact(
        "site.example",
        chain=("edge.host.example",),
        redirects=("www.site.example",),
        needs=(*needs("static.site.example"), *needs("js.other.example")),
    )
    others = [fact(name) for name in ("static.site.example", "edge.host.example", "www.site.example", "other.example")]
    assert rules(text, whole, *others) == []


def test_the_chain_of_a_needed_host_counts_too() -> None:
    text = "site.example\njs.other.example\n"
    page = fact("site.example", needs=needs("js.other.example"))
    script = fact("js.other.example", chain=("edge.cdn.example",))
    assert rules(text, page, script) == [
        ("site.example", "name.third_party_missing", True),
        ("js.other.example", "name.chain_unpaired", True),
    ]


def test_a_host_that_pages_need_owes_no_page_of_its_own() -> None:
    text = "site.example\nstatic.site.example\n"
    page = fact("site.example", needs=needs("static.site.example"))
    assert rules(text, page, fact("static.site.example", status=403)) == []


def test_a_line_within_a_whole_site_is_told_and_works() -> None:
    text = "*.site.example\nwww.site.example\n"
    assert rules(text, fact("site.example"), fact("www.site.example")) == [
        ("www.site.example", "name.contained", False)
    ]


@pytest.mark.parametrize("text", ["com", "com.pk", "github.io", "*.co.uk", "cloudfront.net"])
def test_a_suffix_is_no_site(text: str) -> None:
    assert {rule for _, rule, _ in rules(text)} <= {"name.not_site", "name.malformed"}
    assert rules(text)


def test_usable_names_are_those_without_a_hard_finding() -> None:
    names = read_names("a.example\nb.example\na.example\n# remark\n\nc.example # why\n")
    facts = closed(
        fact("a.example"), fact("b.example", status=404), fact("c.example", needs=needs("x.other.example", "shown"))
    )
    assert usable_names(names, lint_names(names, facts)) == ["a.example", "c.example"]


def test_missing_hosts_are_followed_as_far_as_they_were_measured() -> None:
    names = read_names("site.example")
    facts = closed(
        fact("site.example", redirects=("www.site.example",)),
        fact("www.site.example", needs=(*needs("js.other.example"), *needs("pics.other.example", "shown"))),
        fact("js.other.example", chain=("edge.cdn.example",)),
    )
    assert missing_hosts(names, facts) == ["edge.cdn.example", "js.other.example", "www.site.example"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WWW.Site.Example.", "www.site.example"),
        ("اردو.example", "xn--mgbqf7g.example"),
        ("a_b.example", ""),
        ("-a.example", ""),
        ("198.51.100.7", ""),
        ("localhost", ""),
        ("a..example", ""),
        ("a" * 64 + ".example", ""),
        ("https://a.example", ""),
        ("", ""),
    ],
)
def test_a_host_name_has_one_plain_form(text: str, name: str) -> None:
    assert read_host(text) == name


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("www.shop.example.com.pk", "example.com.pk"),
        ("a.b.example.org", "example.org"),
        ("me.github.io", "me.github.io"),
        ("x.me.github.io", "me.github.io"),
        ("example.pk", "example.pk"),
    ],
)
def test_a_name_belongs_to_a_site(name: str, site: str) -> None:
    assert site_of(name) == site
    assert not is_suffix(site)
