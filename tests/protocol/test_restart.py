"""What a clean restart keeps."""

import time

import pytest

from pluqtest import disk, scaled


@pytest.mark.parametrize("memory", [0, 3, 10000])
def test_everything_pending_is_delivered(launch, memory):
    d = launch(mem_queue_size=memory)
    c = d.consumer("t", "c", 3)
    p = d.client()
    p.pub_all("t", ["%d" % i for i in range(20)])
    p.pub_all("waiting", ["w%d" % i for i in range(20)])
    c.messages(3)
    d.restart()
    assert d.topic_stats("waiting")["depth"] == 20
    c = d.consumer("t", "c", 50)
    got = c.messages(20, finish=True)
    assert sorted(int(m.body) for m in got) == list(range(20))
    assert {m.body: m.attempts for m in got} == {b"%d" % i: 2 if i < 3 else 1 for i in range(20)}
    waiting = [int(b[1:]) for b in d.consumer("waiting", "c", 50).bodies(20)]
    assert sorted(waiting) == list(range(20))
    if memory != 3:  # memory's part goes behind what the files hold: they can only be appended to
        assert [int(m.body) for m in got if m.attempts == 1] == list(range(3, 20))
        assert waiting == sorted(waiting)


def test_nothing_finished_comes_back(launch):
    d = launch(mem_queue_size=0)
    c = d.consumer("t", "c", 10)
    d.client().mpub("t", ["%d" % i for i in range(100)])
    c.bodies(60)
    c.rdy(0)
    c.sync(skip=True)
    d.restart()
    c = d.consumer("t", "c", 100)
    assert sorted(int(b) for b in c.bodies(40)) == list(range(60, 100))
    c.nothing()
    assert d.channel_stats("t", "c")["depth"] == 0


def test_finishing_out_of_order_from_disk(launch):
    d = launch(mem_queue_size=0, max_bytes_per_file=300)
    c = d.consumer("t", "c", 100)
    d.client().mpub("t", ["%02d" % i for i in range(50)])
    got = c.messages(50)
    for m in got[1::2]:
        c.fin(m)
    c.sync()
    d.restart()
    c = d.consumer("t", "c", 100)
    again = c.messages(25)
    assert sorted(m.body for m in again) == [b"%02d" % i for i in range(0, 50, 2)]
    assert {m.attempts for m in again} == {2}
    c.nothing()


def test_paused_states_survive(launch):
    d = launch()
    d.consumer("t", "c", 0)
    d.consumer("t", "d", 0)
    d.post("/topic/pause", topic="t")
    d.post("/channel/pause", topic="t", channel="c")
    d.restart()
    t = d.topic_stats("t")
    assert t["paused"] and [c["paused"] for c in t["channels"]] == [True, False]
    d.post("/topic/unpause", topic="t")
    d.restart()
    t = d.topic_stats("t")
    assert not t["paused"] and [c["paused"] for c in t["channels"]] == [True, False]


def test_a_paused_channel_keeps_its_messages(launch):
    d = launch()
    d.consumer("t", "c", 5)
    d.post("/channel/pause", topic="t", channel="c")
    d.client().pub("t", "x")
    d.restart()
    c = d.consumer("t", "c", 5)
    c.nothing()
    d.post("/channel/unpause", topic="t", channel="c")
    assert c.message().body == b"x"


@pytest.mark.parametrize("how", ["dpub", "req", "dpub without memory"])
def test_deferred_messages_keep_their_due_time(launch, how):
    """The original delivers them at once after a restart."""
    d = launch(mem_queue_size=0 if "without" in how else 100)
    c = d.consumer("t", "c", 1)
    delay = 2500
    if how == "req":
        d.client().pub("t", "x")
        m = c.message()
        start = time.monotonic()
        c.req(m, delay)
        c.sync()
    else:
        start = time.monotonic()
        d.client().dpub("t", delay, "x")
        d.wait_channel("t", "c", deferred_count=1)
    d.restart()
    took = time.monotonic() - start
    c = d.consumer("t", "c", 1)
    got = c.message(timeout=6)
    passed = time.monotonic() - start
    if took < delay / 1000:  # a slow machine may need longer for the restart
        assert 2.45 <= passed < 2.5 + scaled(0.3), passed
    assert (got.body, got.attempts) == (b"x", 2 if how == "req" else 1)


def test_the_original_can_read_a_directory_with_deferred_messages(launch):
    d = launch()
    d.consumer("t", "c", 0)
    p = d.client()
    p.dpub("t", 60000, "later")
    p.pub("t", "now")
    d.wait_channel("t", "c", depth=1, deferred_count=1)
    d.stop()
    assert sorted(r.body for r in disk.pending(d.data, "t:c")) == [b"later", b"now"]


def test_attempts_go_on_counting(launch):
    d = launch()
    d.client().pub("t", "x")
    for n in range(1, 6):
        c = d.consumer("t", "c", 1)
        assert c.message().attempts == n
        d.restart()


def test_ids_and_timestamps_survive(launch):
    d = launch()
    d.client().mpub("t", ["a", "b"])
    c = d.consumer("t", "c", 2)
    before = c.messages(2)
    d.restart()
    after = d.consumer("t", "c", 2).messages(2)
    assert sorted(m._replace(attempts=0) for m in before) == sorted(m._replace(attempts=0) for m in after)


def test_ten_restarts_with_a_bit_of_everything(launch):
    d = launch(mem_queue_size=7, max_bytes_per_file=1000)
    published, finished = 0, set()
    for round_ in range(10):
        p = d.client()
        p.pub_all("t", ["%d" % i for i in range(published, published + 37)])
        published += 37
        c = d.consumer("t", "c", 9)
        for _ in range(20):
            m = c.message()
            assert m.body not in finished
            c.fin(m)
            finished.add(m.body)
        c.req(c.message(), 50)
        c.sync(skip=True)
        d.restart()
    c = d.consumer("t", "c", 100)
    rest = c.bodies(published - len(finished))
    assert finished.isdisjoint(rest)
    assert len(finished | set(rest)) == published
    c.sync()
    d.wait_channel("t", "c", depth=0, in_flight_count=0, deferred_count=0)
    d.stop()
    assert d.files("*.bad") == []
    assert disk.pending(d.data, "t:c") == []


def test_sigint_stops_as_cleanly(launch):
    import signal
    d = launch()
    d.client().pub("t", "x")
    d.signal(signal.SIGINT)
    assert d.wait() == 0
    d.start()
    assert d.topic_stats("t")["depth"] == 1


def test_clients_are_closed_without_a_frame_at_stop(launch):
    d = launch()
    idle, sub = d.client(), d.consumer("t", "c", 1)
    d.client().pub("t", "x")
    sub.message()
    d.stop()
    idle.closed()
    sub.closed()


def test_restart_with_a_smaller_memory_queue_and_other_file_size(launch):
    d = launch(mem_queue_size=1000)
    d.client().pub_all("t", ["%d" % i for i in range(500)])
    d.restart(mem_queue_size=10, max_bytes_per_file=400)
    d.client().pub_all("t", ["%d" % i for i in range(500, 600)])
    assert d.consumer("t", "c", 50).bodies(600) == [b"%d" % i for i in range(600)]


def test_restart_with_another_number_of_loops(launch):
    d = launch(threads=4)
    for n in range(10):
        d.client().pub(f"t{n}", "x")
    for threads in (1, 3):
        d.restart(threads=threads)
    for n in range(10):
        assert d.consumer(f"t{n}", "c", 1).bodies(1) == [b"x"]
