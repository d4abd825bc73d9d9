"""In-flight deadlines, redelivery, and what happens to the messages of a consumer that left."""

import time

import pytest

from pluqtest import eventually, scaled

OPTIONS = {"msg_timeout": "300ms"}
LATE_S = 0.1


def test_redelivery_comes_on_time(broker, topic):
    c = broker.consumer(topic, "c", 1)
    start = time.monotonic()  # the test may hear of a delivery late, never early
    broker.client().pub(topic, "x")
    m = c.message()
    heard = time.monotonic()
    for attempts in range(2, 5):
        again = c.message()
        now = time.monotonic()
        assert again == m._replace(attempts=attempts)
        assert now - start >= 0.3 * (attempts - 1)
        assert now - heard < 0.3 + scaled(LATE_S)
        heard = now
    assert broker.channel_stats(topic, "c")["timeout_count"] == 3


def test_redelivery_goes_to_another_ready_consumer(broker, topic):
    c = broker.consumer(topic, "c", 1)
    broker.client().pub(topic, "x")
    m = c.message()
    c.rdy(0)
    other = broker.consumer(topic, "c", 1)
    again = other.message()
    assert (again.id, again.attempts) == (m.id, 2)
    c.fin(m)
    c.error(f"E_FIN_FAILED FIN {m.id.decode()} failed client does not own message")
    other.fin(again)
    other.sync()
    c.fin(m)
    c.error(f"E_FIN_FAILED FIN {m.id.decode()} failed ID not in flight")


def test_the_client_is_not_told(broker, topic):
    c = broker.consumer(topic, "c", 1)
    broker.client().pub(topic, "x")
    c.message()
    c.rdy(0)
    broker.wait_channel(topic, "c", depth=1, in_flight_count=0, timeout_count=1)
    c.nothing()
    client, = broker.channel_stats(topic, "c")["clients"]
    assert client["in_flight_count"] == 0


def test_the_negotiated_timeout_counts(broker, topic):
    c = broker.consumer(topic, "c", 1, msg_timeout=1000)
    start = time.monotonic()
    broker.client().pub(topic, "x")
    c.message()
    heard = time.monotonic()
    assert c.message().attempts == 2
    assert time.monotonic() - start >= 1 and time.monotonic() - heard < 1 + scaled(LATE_S)


def test_each_connection_has_its_own_timeout(broker, topic):
    slow, fast = broker.consumer(topic, "c", 1, msg_timeout=1500), broker.consumer(topic, "c", 1)
    broker.client().mpub(topic, ["a", "b"])
    slow.message()
    fast.message()
    assert fast.message().attempts == 2
    slow.nothing(0.3)


def test_a_thousand_deadlines_at_once(broker, topic):
    broker.client().mpub(topic, [b"%d" % i for i in range(1000)])
    c = broker.consumer(topic, "c", 1000)
    first = c.messages(1000)
    again = c.messages(1000, finish=True)
    assert sorted(m.id for m in again) == sorted(m.id for m in first)
    assert {m.attempts for m in again} == {2}
    c.sync()
    assert broker.channel_stats(topic, "c")["timeout_count"] == 1000


@pytest.mark.parametrize("leave", ["close", "reset", "half_close"])
def test_a_leaving_consumers_messages_wait_for_their_deadline(broker, topic, leave):
    c = broker.consumer(topic, "c", 2)
    start = time.monotonic()
    broker.client().mpub(topic, ["a", "b"])
    c.messages(2)
    getattr(c, leave)()
    other = broker.consumer(topic, "c", 5)
    ready = time.monotonic()
    got = other.messages(2)
    now = time.monotonic()
    assert {m.attempts for m in got} == {2}
    assert now - start >= 0.3 and now - ready < 0.3 + scaled(LATE_S), now - start


@pytest.mark.parametrize("leave", ["close", "reset", "half_close"])
def test_on_disconnect_requeue_hands_them_on_at_once(launch, leave):
    d = launch(on_disconnect="requeue", msg_timeout="30s")
    c = d.consumer("t", "c", 3)
    d.client().mpub("t", ["a", "b", "c"])
    first = c.messages(3)
    c.fin(first[1])
    c.sync()
    other = d.consumer("t", "c", 5)
    getattr(c, leave)()
    got = other.messages(2)
    assert [m.attempts for m in got] == [2, 2]
    assert sorted(m.body for m in got) == [b"a", b"c"]


def test_on_disconnect_does_not_touch_what_was_deferred(launch):
    d = launch(on_disconnect="requeue")
    c = d.consumer("t", "c", 1)
    d.client().pub("t", "x")
    c.req(c.message(), 400)
    d.wait_channel("t", "c", deferred_count=1)
    start = time.monotonic()
    c.close()
    other = d.consumer("t", "c", 1)
    assert other.message().attempts == 2
    assert time.monotonic() - start > 0.3


def test_attempts_wrap_after_65535(launch):
    """A directory of the original may hold any count."""
    from pluqtest import disk
    d = launch.make()
    disk.write_metadata(d.data, {"t": ["c"]})
    disk.write_queue(d.data, "t:c", [[disk.record(1, b"old", attempts=65534)]])
    d.start()
    c = d.consumer("t", "c", 1)
    m = c.message()
    assert m.attempts == 65535
    c.req(m)
    assert c.message().attempts == 0


def test_consumers_leaving_under_load_lose_nothing(broker, topic):
    total = 2000
    p = broker.client()
    p.mpub(topic, [b"%d" % i for i in range(total)])
    seen = set()
    for i in range(20):
        c = broker.consumer(topic, "c", 50)
        for m in c.messages(30, finish=True):
            seen.add(m.body)
        c.sync(skip=True)  # what was finished is finished; up to 50 more are in flight
        c.close()
    last = broker.consumer(topic, "c", 2500)

    def drained():
        try:
            while True:
                m = last.message(timeout=0.1)
                last.fin(m)
                seen.add(m.body)
        except AssertionError:
            pass
        s = broker.channel_stats(topic, "c")
        return s["depth"] == s["in_flight_count"] == 0

    eventually(drained, 10)
    assert len(seen) == total
