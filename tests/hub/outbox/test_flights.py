"""How many go at a time, who is slow, and who is left alone for a while."""

import pytest

from raabta.hub.outbox.flights import (
    DOUBTED_AFTER_S,
    DOWN_S,
    RULES,
    SILENT_DOWN_S,
    SLOW_AFTER_S,
    SLOW_AT_ONE_PLACE_MAX,
    Flights,
)


def webhooks(*trusted: str) -> Flights:
    flights = Flights(RULES["webhook"])
    for place in trusted:
        flights.begin(place, place, at_s=0)
        flights.end(place, place_down=False, at_s=0)
    return flights


def test_only_a_few_quick_ones_are_under_way() -> None:
    flights = webhooks("h0", "h1", "h2", "h3")
    assert flights.room(at_s=0) == 4
    for number in range(4):
        flights.begin(str(number), f"h{number}", at_s=0)
    assert flights.room(at_s=0.5) == 0
    flights.end("0", place_down=False, at_s=0.5)
    assert (flights.room(at_s=0.5), len(flights)) == (1, 3)


def test_slow_ones_hold_up_nobody_until_all_threads_wait() -> None:
    flights, now = webhooks(), 0.0
    n_threads = RULES["webhook"].n_threads
    for number in range(n_threads):
        assert flights.room(at_s=now) > 0
        flights.begin(str(number), f"h{number}", at_s=now)
        now += SLOW_AFTER_S / 2
    assert flights.room(at_s=now + 9) == 0


def test_a_receiver_with_several_slow_ones_gets_no_more() -> None:
    flights = webhooks()
    for number in range(SLOW_AT_ONE_PLACE_MAX):
        flights.begin(str(number), "slow", at_s=0)
    flights.begin("x", "quick", at_s=0)
    assert flights.busy(at_s=0.1) == set()
    assert flights.busy(at_s=2) == {"slow"}
    flights.end("0", place_down=False, at_s=2)
    assert flights.busy(at_s=2) == set()


def test_a_receiver_that_is_down_again_and_again_is_left_alone_longer() -> None:
    flights, now, waits = Flights(RULES["email"]), 0.0, []
    for number in range(12):
        flights.begin(str(number), "", at_s=now)
        flights.end(str(number), place_down=True, at_s=now)
        assert flights.room(at_s=now) == 0
        waits.append(flights.down(at_s=now)[""])
        now += waits[-1]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (DOWN_S[0], DOWN_S[-1])
    assert flights.room(at_s=now) > 0


def test_one_answer_makes_up_for_all_misses() -> None:
    flights = webhooks()
    for number, down in enumerate([True, True, False, True, True]):
        flights.begin(str(number), "h", at_s=0)
        flights.end(str(number), place_down=down, at_s=0)
        assert flights.down(at_s=0) == {}
    flights.begin("9", "h", at_s=0)
    flights.end("9", place_down=True, at_s=0)
    assert list(flights.down(at_s=1)) == ["h"]
    assert flights.room(at_s=1) == 4


def test_silent_strangers_pass_by_quickly_and_leave_threads_to_those_that_answered() -> None:
    flights, now = webhooks("good"), 0.0
    rules = RULES["webhook"]
    for number in range(rules.n_threads - rules.n_reserved):
        assert flights.room(at_s=now) > 0
        assert flights.room_for_doubtful() > 0
        flights.begin(str(number), f"silent{number}", at_s=now)
        now += DOUBTED_AFTER_S / 2
    assert flights.room_for_doubtful() == 0
    assert flights.room(at_s=now + DOUBTED_AFTER_S) == rules.n_fresh
    assert flights.trusted() == {"good"}
    assert "silent7" in flights.doubted()


def test_the_next_look_is_when_the_first_one_is_no_longer_fresh() -> None:
    flights = webhooks("good")
    assert flights.room_in_s(at_s=0, n_most=1) == 1
    flights.begin("a", "good", at_s=0)
    assert flights.room_in_s(at_s=0.25, n_most=1) == SLOW_AFTER_S - 0.25
    flights.begin("b", "stranger", at_s=0.5)
    assert flights.room_in_s(at_s=0.5, n_most=1) == pytest.approx(DOUBTED_AFTER_S)


def test_who_let_one_message_run_into_its_deadline_is_left_alone_for_long_and_trusted_no_more() -> None:
    flights = webhooks("h")
    flights.begin("a", "h", at_s=0)
    flights.end("a", place_down=True, at_s=10)
    assert flights.down(at_s=10) == {"h": SILENT_DOWN_S}
    assert flights.trusted() == set()


def test_mail_and_chat_doubt_nobody() -> None:
    for channel in ("email", "chat"):
        flights = Flights(RULES[channel])
        flights.begin("a", "", at_s=0)
        assert (flights.trusted(), flights.doubted()) == (None, set())
