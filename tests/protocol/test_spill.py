"""Between memory and disk: order, counts, and a back end that refuses."""

import pytest

from pluqtest import disk, eventually


OPTIONS = {"mem_queue_size": 5, "max_bytes_per_file": 4096}


def numbers(n, start=0):
    return [b"%d" % i for i in range(start, start + n)]


def test_a_topics_backlog_leaves_in_order(broker, topic):
    broker.client().pub_all(topic, numbers(300))
    t = broker.topic_stats(topic)
    assert (t["depth"], t["backend_depth"]) == (300, 295)
    c = broker.consumer(topic, "c", 50)
    assert c.bodies(300) == numbers(300)


def test_a_channels_backlog_leaves_in_order(broker, topic):
    c = broker.consumer(topic, "c", 0)
    p = broker.client()
    p.mpub(topic, numbers(150))
    p.pub_all(topic, numbers(150, 150))
    s = broker.wait_channel(topic, "c", depth=300)
    assert s["backend_depth"] >= 290
    c.rdy(10)
    assert c.bodies(300) == numbers(300)


def test_order_while_both_ends_are_busy(broker, topic):
    c = broker.consumer(topic, "c", 3)
    p = broker.client()
    got, sent = [], 0
    for burst in (50, 1, 200, 7, 20, 300, 5, 2):
        p.pub_all(topic, numbers(burst, sent))
        sent += burst
        got += c.bodies(burst // 2)
    got += c.bodies(sent - len(got))
    assert got == numbers(sent)


def test_several_channels_spill_apart(broker, topic):
    a, b = broker.consumer(topic, "a", 0), broker.consumer(topic, "b", 0)
    broker.client().pub_all(topic, numbers(100))
    a.rdy(100)
    assert a.bodies(100) == numbers(100)
    broker.wait_channel(topic, "b", depth=100)
    b.rdy(1)
    assert b.bodies(100) == numbers(100)


def test_a_requeue_never_waits_behind_the_backlog(broker, topic):
    broker.client().pub_all(topic, numbers(200))
    c = broker.consumer(topic, "c", 1)
    m = c.message()
    c.req(m)
    seen = [c.message() for _ in [0]]
    for _ in range(30):
        if seen[-1].id == m.id:
            break
        c.fin(seen[-1])
        seen.append(c.message())
    assert seen[-1].id == m.id, "not redelivered within 30 messages"


def test_requeues_past_the_memory_limit_are_all_redelivered(broker, topic):
    broker.client().pub_all(topic, numbers(100))
    c = broker.consumer(topic, "c", 100)
    first = c.messages(100)
    c.rdy(0)
    for m in first:
        c.req(m)
    s = broker.wait_channel(topic, "c", depth=100, in_flight_count=0)
    assert s["backend_depth"] > 50
    c.rdy(100)
    again = c.messages(100, finish=True)
    assert sorted(m.id for m in again) == sorted(m.id for m in first)
    assert {m.attempts for m in again} == {2}
    c.sync()


def test_empty_channel_drops_memory_disk_and_in_flight(broker, topic):
    c = broker.consumer(topic, "c", 2)
    broker.client().pub_all(topic, numbers(100))
    got = c.messages(2)
    broker.post("/channel/empty", topic=topic, channel="c")
    broker.wait_channel(topic, "c", depth=0, backend_depth=0, in_flight_count=0)
    c.fin(got[0])
    c.error(f"E_FIN_FAILED FIN {got[0].id.decode()} failed ID not in flight")
    broker.client().pub_all(topic, ["after"] * 2)
    eventually(lambda: len(c.bodies(1)) == 1)


def test_empty_topic_leaves_its_channels_alone(broker, topic):
    c = broker.consumer(topic, "c", 0)
    broker.client().pub_all(topic, numbers(20))
    broker.wait_channel(topic, "c", depth=20)
    broker.post("/topic/pause", topic=topic)
    broker.client().pub_all(topic, numbers(30))
    broker.post("/topic/empty", topic=topic)
    t = broker.topic_stats(topic)
    assert (t["depth"], t["backend_depth"], t["channels"][0]["depth"]) == (0, 0, 20)
    broker.post("/topic/unpause", topic=topic)
    c.rdy(50)
    assert c.bodies(20) == numbers(20)
    c.nothing(0.05)


def test_space_is_freed_as_files_are_finished(broker, topic):
    broker.client().pub_all(topic, [b"x" * 500] * 100)
    pattern = f"{topic}.diskqueue.0*.dat"
    assert len(broker.files(pattern)) > 5
    c = broker.consumer(topic, "c", 50)
    c.bodies(100)
    eventually(lambda: len(broker.files(pattern)) <= 1, what="the topic's files are gone")
    assert broker.files("*.bad") == []


def test_a_few_deferred_messages_do_not_keep_the_files(launch):
    """Two of each hundred are requeued for an hour. The original has no files of what it has read."""
    d = launch(mem_queue_size=0, max_bytes_per_file=10000)
    c = d.consumer("t", "c", 0)
    p = d.client()
    for _ in range(30):
        p.mpub("t", [b"now" + b"." * 90] * 98 + [b"later" + b"." * 90] * 2)
    assert len(d.files("t:c.diskqueue.0*")) > 30
    c.rdy(100)
    for _ in range(3000):
        m = c.message()
        if m.body.startswith(b"later"):
            c.req(m, 3600000)
        else:
            c.fin(m)
    c.sync()
    eventually(lambda: len(d.files("t:c.diskqueue.0*")) <= 5, 10, "the files are gone")
    d.wait_channel("t", "c", depth=0, deferred_count=60)
    d.stop()
    assert len(disk.pending(d.data, "t:c")) == 60
    d.start()
    c = d.consumer("t", "c", 100)
    d.wait_channel("t", "c", depth=0, deferred_count=60)
    c.nothing(0)


def test_no_good_file_is_set_aside_when_the_writer_rolls_past_a_reader_that_caught_up(launch):
    d = launch(mem_queue_size=0, max_bytes_per_file="200")
    c = d.consumer("t", "c", 1)
    p = d.client()
    for i in range(300):
        p.pub("t", f"{i:050}")
        assert c.bodies(1) == [b"%050d" % i]
    d.stop()
    assert d.files("*.bad") == []
    assert " warn " not in d.log() and " error " not in d.log()


@pytest.mark.parametrize("channel_first", [True, False])
def test_no_memory_queue_at_all(launch, channel_first):
    d = launch(mem_queue_size=0)
    if channel_first:
        c = d.consumer("t", "c", 0)
    d.client().pub_all("t", numbers(1000))
    if channel_first:
        s = d.wait_channel("t", "c", depth=1000)
        assert s["backend_depth"] == 1000
    else:
        assert d.topic_stats("t")["backend_depth"] == 1000
        c = d.consumer("t", "c", 0)
    c.rdy(30)
    assert c.bodies(1000) == numbers(1000)


def test_mem_queue_size_zero_fanout_and_requeue(launch):
    d = launch(mem_queue_size=0)
    a, b = d.consumer("t", "a", 10), d.consumer("t", "b", 10)
    d.client().mpub("t", numbers(200))
    assert a.bodies(200) == numbers(200)
    first = b.message()
    b.req(first)
    rest = b.messages(200, finish=True)
    assert sorted(int(m.body) for m in rest) == list(range(200))


def test_the_memory_backend_refuses_past_the_limit(launch):
    d = launch(storage="memory", mem_queue_size=10)
    p = d.client()
    p.pub_all("t", numbers(10))
    p.command("PUB t", "11th")
    f = p.frame()
    assert f.kind == 1 and f.data.startswith(b"E_PUB_FAILED PUB failed "), f
    p.closed()
    r = d.http("POST", "/pub", {"topic": "t"}, body=b"x")
    assert (r.status, r.message) == (503, "EXITING")
    p = d.client()
    p.send_mpub("t", ["x"])
    f = p.frame()
    assert f.kind == 1 and f.data.startswith(b"E_MPUB_FAILED MPUB failed "), f
    c = d.consumer("t", "c", 5)
    assert c.bodies(10) == numbers(10)
    c.sync()
    d.client().pub("t", "room again")
    assert c.message().body == b"room again"
    d.stop()
    assert d.files() == []


def test_the_memory_backend_in_a_full_channel(launch):
    d = launch(storage="memory", mem_queue_size=10)
    c = d.consumer("t", "c", 0)
    d.client().pub_all("t", numbers(10))
    p = d.client()
    p.command("PUB t", "x")
    assert p.frame().data.startswith(b"E_PUB_FAILED PUB failed ")
    c.rdy(10)
    assert c.bodies(10) == numbers(10)


def depth_of_both(broker, topic):
    t = broker.topic_stats(topic)
    return t["depth"] + t["channels"][0]["depth"]


def test_depth_does_not_count_what_is_in_flight_from_disk(broker, topic):
    broker.client().pub_all(topic, numbers(50))
    c = broker.consumer(topic, "c", 20)
    c.messages(20)
    s = broker.wait_channel(topic, "c", in_flight_count=20)
    assert s["clients"][0]["in_flight_count"] == 20
    eventually(lambda: depth_of_both(broker, topic) == 30)


def test_pending_files_are_readable_by_the_original_after_a_stop(launch):
    d = launch(mem_queue_size=5, max_bytes_per_file="1000")
    c = d.consumer("t", "c", 0)
    d.client().pub_all("t", numbers(100))
    d.wait_channel("t", "c", depth=100)
    c.rdy(10)
    c.bodies(50)
    c.rdy(0)
    c.sync(skip=True)
    d.stop()
    left = disk.pending(d.data, "t:c")
    assert len(left) == disk.read_meta(d.data, "t:c").depth
    assert sorted(int(r.body) for r in left) == list(range(50, 100))
