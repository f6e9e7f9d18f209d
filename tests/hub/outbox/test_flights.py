"""How many go at a time, who is slow, and who is left alone for a while."""

from raabta.hub.outbox.flights import DOWN_S, RULES, SLOW_AFTER_S, SLOW_AT_ONE_PLACE_MAX, Flights


def webhooks() -> Flights:
    return Flights(RULES["webhook"])


def test_only_a_few_quick_ones_are_under_way() -> None:
    flights = webhooks()
    assert flights.room(at_s=0) == 4
    for number in range(4):
        flights.begin(str(number), f"h{number}", at_s=0)
    assert flights.room(at_s=0.5) == 0
    flights.end("0", place_down=False, at_s=0.5)
    assert (flights.room(at_s=0.5), len(flights)) == (1, 3)


def test_slow_ones_hold_up_nobody_until_all_threads_wait() -> None:
    flights, now = webhooks(), 0.0
    for number in range(32):
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
