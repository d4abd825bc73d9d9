"""What takes minutes or hours, on a clock that the test moves; and clocks that are set back."""

import pytest

from pluqtest import SLOW, eventually
from pluqtest.client import Closed
from pluqtest.shim import Clock


@pytest.fixture
def timed(launch):
    clock = Clock()
    d = launch(**clock.options())
    d.clock = clock
    return d


def test_the_default_message_timeout_is_a_minute(timed):
    c = timed.consumer("t", "c", 1, heartbeat_interval=60000)
    timed.client().pub("t", "x")
    assert c.message().attempts == 1
    timed.clock.advance(59)
    c.nothing(0.2)
    timed.clock.advance(1)
    assert c.message().attempts == 2


def test_an_hour_is_the_longest_delay(timed):
    c = timed.consumer("t", "c", 2, heartbeat_interval=60000)
    p = timed.client()
    p.pub("t", "req")
    c.req(c.message(), 3600001)
    p.dpub("t", 3600000, "dpub")
    timed.wait_channel("t", "c", deferred_count=2)
    for _ in range(59):
        timed.clock.advance(61)  # to 59:59
        assert c.frame() == (0, b"_heartbeat_")
        c.send(b"NOP\n")
        c.sync()
    c.nothing(0.2)
    timed.clock.advance(2)
    assert sorted(m.body for m in c.messages(2)) == [b"dpub", b"req"]


def test_a_client_that_never_identifies(timed):
    """Heartbeats every 30 s; closed after a silent minute."""
    c = timed.client()
    c.pub("t", "the daemon has seen it")
    timed.clock.advance(29)
    c.nothing(0.2)
    timed.clock.advance(1.1)
    assert c.frame() == (0, b"_heartbeat_")
    timed.clock.advance(28)
    c.nothing(0.2)
    timed.clock.advance(2)
    try:
        assert c.frame() == (0, b"_heartbeat_")
        c.frame()
        raise AssertionError("not closed")
    except Closed:
        pass


def test_ids_rise_when_the_clock_is_set_back(timed):
    p = timed.client()
    p.mpub("t", ["x"] * 10)
    timed.clock.step(-7200)
    p.mpub("t", ["x"] * 10)
    p.pub("t", "x")
    c = timed.consumer("t", "c", 100)
    ids = [m.id for m in c.messages(21)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_ids_are_unique_across_a_restart_with_the_clock_set_back(launch, how):
    clock = Clock()
    d = launch(mem_queue_size=0, sync_every=1, **clock.options())
    d.client().mpub("t", ["x"] * 1000)
    getattr(d, how)()
    clock.step(-86400)
    d.start()
    d.client().mpub("t", ["y"] * 1000)
    got = d.consumer("t", "c", 2500).messages(2000)
    assert len({m.id for m in got}) == 2000
    assert max(m.id for m in got if m.body == b"x") < min(m.id for m in got if m.body == b"y")


def test_setting_the_clock_moves_no_deadline(timed):
    c = timed.consumer("t", "c", 2, heartbeat_interval=60000)
    p = timed.client()
    p.pub("t", "in flight")
    p.dpub("t", 60000, "deferred")
    c.message()
    timed.clock.step(7200)
    c.nothing(0.2)
    timed.clock.step(-14400)
    c.nothing(0.1)
    timed.clock.advance(60.1)
    assert sorted(m.body for m in c.messages(2)) == [b"deferred", b"in flight"]


def test_a_due_time_passes_while_the_daemon_is_down(timed):
    timed.consumer("t", "c", 0)
    timed.client().dpub("t", 3600000, "x")
    timed.wait_channel("t", "c", deferred_count=1)
    timed.stop()
    timed.clock.advance(1800)
    timed.start()
    c = timed.consumer("t", "c", 1, heartbeat_interval=60000)
    c.nothing(0.2)
    timed.stop()
    timed.clock.advance(1801)
    timed.start()
    assert timed.consumer("t", "c", 1).message().body == b"x"


def test_a_leap_of_the_clock_keeps_the_order(timed):
    timed.post("/topic/create", topic="t")
    timed.post("/channel/create", topic="t", channel="c")
    with timed.client() as p:
        for seconds in (3590, 3500, 61, 2):
            p.dpub("t", seconds * 1000, str(seconds).encode())
    timed.wait_channel("t", "c", deferred_count=4)
    timed.clock.advance(3600)
    timed.wait_channel("t", "c", deferred_count=0)
    with timed.consumer("t", "c", 10) as c:
        assert [m.body for m in c.messages(4)] == [b"2", b"61", b"3500", b"3590"]


def test_a_deferred_message_for_every_second_of_an_hour(timed):
    clock = timed.clock
    # Real time passes too: a message may be delivered just before a minute does, which must not be its timeout.
    c = timed.consumer("t", "c", 2500, heartbeat_interval=60000, msg_timeout=900000)
    p = timed.client(timeout=30)
    delays = [(i * 7919) % 3600 for i in range(3600)]  # every second of the hour once, in mixed order
    p.send(b"".join(b"DPUB t %d\n\0\0\0\4%04d" % (s * 1000 + 1, s) for s in delays))
    for _ in delays:
        p.response(timeout=30)
    p.close()
    got = []

    def take(messages):
        for m in messages:
            c.fin(m)
            got.append(int(m.body))

    for minute in range(1, 61):
        clock.advance(60)
        while len(got) < 60 * minute:
            take([c.message()])
        while late := c.sync(skip=True):  # all must be finished before the next minute passes
            take(late)
    assert got == sorted(got) and len(got) == 3600
    eventually(lambda: timed.channel_stats("t", "c")["deferred_count"] == 0, 5 * SLOW)
