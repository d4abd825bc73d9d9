"""FIN, REQ and TOUCH: effects, ownership, failures that do not close."""

import time

import pytest

from pluqtest import eventually, scaled

OPTIONS = {"msg_timeout": "400ms", "max_msg_timeout": "1500ms", "max_req_timeout": "600ms"}
LATE_S = 0.15  # allowed on a busy machine


def one(broker, topic, ready=1):
    c = broker.consumer(topic, "c", ready)
    broker.client().pub(topic, "x")
    return c, c.message()


def test_fin_forgets_the_message(broker, topic):
    c, m = one(broker, topic)
    c.fin(m)
    c.sync()
    c.nothing(0.6)  # longer than its timeout
    s = broker.channel_stats(topic, "c")
    assert (s["depth"], s["in_flight_count"], s["deferred_count"], s["timeout_count"]) == (0, 0, 0, 0)
    assert s["clients"][0]["finish_count"] == 1


@pytest.mark.parametrize("command, code", [("FIN {}", "FIN"), ("REQ {} 0", "REQ"), ("REQ {} 100", "REQ"), ("TOUCH {}", "TOUCH")])
def test_failure_is_not_fatal(broker, topic, command, code):
    c, m = one(broker, topic)
    c.fin(m)
    for wrong in (m.id.decode(), "0" * 16, "~" * 16, "Ab\x01\"\\" + "." * 11):
        c.send(command.format(wrong) + "\n")
        c.error(f"E_{code}_FAILED {code} {wrong} failed ID not in flight")
    broker.client().pub(topic, "next")
    assert c.message().body == b"next"


@pytest.mark.parametrize("command, code", [("FIN {}", "FIN"), ("REQ {} 0", "REQ"), ("TOUCH {}", "TOUCH")])
def test_only_the_owner_may_answer(broker, topic, command, code):
    owner, m = one(broker, topic)
    other = broker.consumer(topic, "c", 0)
    other.send(command.format(m.id.decode()) + "\n")
    other.error(f"E_{code}_FAILED {code} {m.id.decode()} failed client does not own message")
    owner.fin(m)
    owner.sync()
    assert broker.channel_stats(topic, "c")["in_flight_count"] == 0


def test_channels_have_tables_of_their_own(broker, topic):
    a, b = broker.consumer(topic, "a", 1), broker.consumer(topic, "b", 1)
    broker.client().pub(topic, "x")
    m, n = a.message(), b.message()
    assert m == n
    a.fin(m)
    a.sync()
    b.touch(n)
    b.fin(n)
    b.sync()


def test_an_id_with_spaces_is_not_sixteen_bytes(broker, topic):
    c, _ = one(broker, topic)
    c.send("FIN 01234567 9abcdef\n")
    c.fatal("E_INVALID invalid message ID")


def test_req_without_delay_redelivers_at_once(broker, topic):
    c, m = one(broker, topic)
    for attempt in range(2, 6):
        start = time.monotonic()
        c.req(m, 0)
        again = c.message()
        assert (again.id, again.timestamp, again.body, again.attempts) == (m.id, m.timestamp, b"x", attempt)
        assert time.monotonic() - start < scaled(0.3)
    s = broker.channel_stats(topic, "c")
    assert (s["requeue_count"], s["message_count"], s["clients"][0]["requeue_count"]) == (4, 1, 4)


@pytest.mark.parametrize("delay", ["", "00"])
def test_req_with_an_empty_delay_is_at_once(broker, topic, delay):
    c, m = one(broker, topic)
    c.send(b"REQ " + m.id + b" " + delay.encode() + b"\n")
    assert c.message(timeout=0.3).attempts == 2


def test_req_to_another_consumer(broker, topic):
    c, m = one(broker, topic)
    c.rdy(0)
    other = broker.consumer(topic, "c", 1)
    c.req(m, 0)
    again = other.message()
    assert (again.id, again.attempts) == (m.id, 2)
    other.fin(again)
    other.sync()


def test_req_with_delay_defers(broker, topic):
    c, m = one(broker, topic)
    start = time.monotonic()
    c.req(m, 500)
    broker.wait_channel(topic, "c", deferred_count=1, in_flight_count=0, depth=0)
    again = c.message()
    passed = time.monotonic() - start
    assert 0.5 <= passed < 0.5 + scaled(LATE_S), passed
    assert again.attempts == 2


@pytest.mark.parametrize("command, code", [("FIN", "FIN"), ("TOUCH", "TOUCH"), ("REQ", "REQ")])
def test_a_deferred_message_is_not_in_flight(broker, topic, command, code):
    c, m = one(broker, topic)
    c.req(m, 300)
    c.send(f"{command} {m.id.decode()} 0\n")
    c.error(f"E_{code}_FAILED {code} {m.id.decode()} failed ID not in flight")
    assert c.message().attempts == 2


@pytest.mark.parametrize("delay", [601, 3600000])
def test_a_req_delay_past_the_maximum_is_clamped(broker, topic, delay):
    c, m = one(broker, topic)
    start = time.monotonic()
    c.req(m, delay)
    again = c.message()
    passed = time.monotonic() - start
    assert 0.6 <= passed < 0.6 + scaled(LATE_S), passed
    c.fin(again)
    c.sync()


def test_a_touch_extends_the_deadline(broker, topic):
    c, m = one(broker, topic)
    start = time.monotonic()
    c.nothing(0.25)
    touched = time.monotonic()
    c.touch(m)
    again = c.message()
    now = time.monotonic()
    assert again.attempts == 2
    assert now - touched >= 0.4 and now - start < 0.65 + scaled(LATE_S), (now - start, now - touched)


def test_touches_do_not_pass_the_longest_life(broker, topic):
    start = time.monotonic()
    c, m = one(broker, topic)
    heard = time.monotonic()
    redelivered = []

    def step():
        c.touch(m)
        try:
            redelivered.append(c.message(timeout=0.1 / scaled(1)))
        except AssertionError as e:
            assert "TOUCH" not in str(e), e
        return redelivered

    eventually(step, 5, "redelivery in spite of touches")
    now = time.monotonic()
    assert now - start >= 1.5 and now - heard < 1.5 + 0.2 + scaled(LATE_S), (now - start, now - heard)
    assert redelivered[0].attempts == 2


def test_touch_after_the_timeout_fails(broker, topic):
    c, m = one(broker, topic, ready=1)
    c.rdy(0)
    broker.wait_channel(topic, "c", timeout_count=1, in_flight_count=0, depth=1)
    c.touch(m)
    c.error(f"E_TOUCH_FAILED TOUCH {m.id.decode()} failed ID not in flight")


def test_fin_twice(broker, topic):
    c, m = one(broker, topic)
    c.fin(m)
    c.fin(m)
    c.error(f"E_FIN_FAILED FIN {m.id.decode()} failed ID not in flight")


def test_a_thousand_in_flight_finished_in_reverse(broker, topic):
    broker.client().mpub(topic, [b"%d" % i for i in range(1000)])
    c = broker.consumer(topic, "c", 1000)
    got = c.messages(1000)
    c.send(b"".join(b"FIN " + m.id + b"\n" for m in reversed(got)))
    c.sync()
    s = broker.channel_stats(topic, "c")
    assert (s["depth"], s["in_flight_count"], s["clients"][0]["finish_count"]) == (0, 0, 1000)
