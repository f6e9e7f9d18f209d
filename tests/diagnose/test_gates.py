"""One fact is told once, and what happens where nobody vouches for an address says nothing of the site."""

import pytest

from tests.cases.documents import (
    FOREIGN,
    changed,
    lookup,
    page,
    web,
    web_04,
    with_page,
    without_connection,
    without_helper,
)
from tests.cases.faults import IN_CLEAR
from tests.cases.judging import judge
from tests.cases.services import signal, telegram

REFUSAL = page("Web Page Blocked", "Access to this web page is blocked by order.")


def test_words_of_refusal_over_tls_are_the_sites_own_and_in_clear_they_are_not() -> None:
    assert judge(with_page(web(), REFUSAL, code=403)).state != "blocked"
    assert judge(with_page(web(IN_CLEAR), REFUSAL, code=403)).mechanisms == ["http.blockpage"]


@pytest.mark.parametrize("words", ["Your IP address has been blocked.", "You seem to be using a VPN or proxy."])
def test_a_site_that_names_the_visitor_as_its_reason_refuses_by_itself(words: str) -> None:
    verdict = judge(with_page(web(IN_CLEAR), page("Access denied", words), code=403))
    assert verdict.state != "blocked"


def test_a_page_in_clear_that_is_not_the_helpers_is_not_ok_unless_something_says_so() -> None:
    unknown = with_page(web(IN_CLEAR), page("Welcome", "Something else entirely. " * 4))
    assert judge(unknown).state == "insufficient"
    assert judge(web(IN_CLEAR)).state == "ok"


def test_a_message_in_a_name_is_no_forged_answer_though_the_resolver_is_dead() -> None:
    document = signal()
    keys = document["test_keys"]
    keys.update(tcp_connect=[], tls_handshakes=[], requests=[])
    keys["queries"] = [lookup("chat.example", failure="dns_servfail_error"), lookup("uptime.signal.org", "127.0.0.1")]
    verdict = judge(document)
    assert verdict.state != "blocked"


def test_a_connection_that_fails_at_an_odd_address_is_no_blocked_connection() -> None:
    odd = without_connection(web_04(addresses=(FOREIGN,)), "generic_timeout_error")
    odd = changed(odd, {"test_keys.control": web_04()["test_keys"]["control"]})
    assert not [name for name in judge(odd).mechanisms if name.startswith("tcp.")]


def test_data_centres_that_refuse_connections_are_not_blocked_by_host_as_well() -> None:
    verdict = judge(telegram("connection_refused"), prior="watchlist")
    assert verdict.layers == ["tcp"]


def test_a_page_is_weighed_once_where_it_is_the_proof_of_an_odd_address() -> None:
    document = without_helper(with_page(web(IN_CLEAR), page("Access denied", "Forbidden."), code=403))
    questions = [one.id for one in judge(document).evidence]
    assert len(questions) == len(set(questions))
