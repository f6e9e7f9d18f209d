import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.wire.pages import host_of_redirect, hosts_of_page

URL = "https://www.site.example/news/"


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ('<script src="https://js.other.example/a.js"></script>', [("js.other.example", "essential")]),
        ('<link rel="stylesheet" href="//css.other.example/a.css">', [("css.other.example", "essential")]),
        ('<link rel="preload" as="script" href="//js.other.example/a.js">', [("js.other.example", "essential")]),
        ('<link rel="icon" href="//pics.other.example/a.ico">', [("pics.other.example", "shown")]),
        ('<link rel="canonical" href="//www.other.example/">', []),
        ('<iframe src="https://frame.other.example/"></iframe>', [("frame.other.example", "essential")]),
        ('<form action="https://login.site.example/"></form>', [("login.site.example", "essential")]),
        ('<img src="http://PICS.other.example:8080/a.png">', [("pics.other.example", "shown")]),
        (
            '<img srcset="//a.example/1.png 1x, //b.example/2.png 2x">',
            [("a.example", "shown"), ("b.example", "shown")],
        ),
        (
            '<video poster="//v.example/p.jpg"><source src="//w.example/v.mp4"></video>',
            [("v.example", "shown"), ("w.example", "shown")],
        ),
        ('<meta http-equiv="refresh" content="0; url=https://new.example/">', [("new.example", "redirect")]),
        (
            "<style>@import url(//css.example/a.css); p{background:url('//bg.example/b.png')}</style>",
            [("css.example", "essential"), ("bg.example", "shown")],
        ),
        ('<p style="background:url(//bg.example/b.png)">', [("bg.example", "shown")]),
        ('<base href="https://parts.example/"><script src="a.js"></script>', [("parts.example", "essential")]),
        ('<script src="/own.js"></script><img src="a.png">', []),
        ('<a href="https://elsewhere.example/">there</a>', []),
        ('<img src="data:image/png;base64,AAAA"><script src="javascript:void(0)"></script>', []),
        ('<script src="http://[broken/a.js"></script>', []),
        (
            '<img src="//both.example/a.png"><script src="//both.example/a.js"></script>',
            [("both.example", "essential")],
        ),
    ],
)
def test_a_page_names_the_hosts_that_it_needs(markup: str, found: list[tuple[str, str]]) -> None:
    assert hosts_of_page(f"<html><body>{markup}</body></html>".encode(), url=URL) == found


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/there", ("https://www.site.example/there", "www.site.example")),
        ("https://new.example/", ("https://new.example/", "new.example")),
        ("//new.example/x", ("https://new.example/x", "new.example")),
        ("ftp://new.example/", ("", "")),
        ("http://[::1", ("", "")),
        ("", ("https://www.site.example/news/", "www.site.example")),
    ],
)
def test_a_redirect_names_a_host(location: str, found: tuple[str, str]) -> None:
    assert host_of_redirect(location, url=URL) == found


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_bytes_raise(body: bytes, extra: str) -> None:
    hosts_of_page(body, url=URL)
    hosts_of_page(f"<script src='{extra}'><{extra}".encode("utf-8", "surrogatepass"), url=URL)
    host_of_redirect(extra, url=URL)
