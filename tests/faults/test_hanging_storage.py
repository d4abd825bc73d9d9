"""Queues whose storage hangs, beside others that go on: with a storage plugin of the test data (tests/plugins/hanging.c).

What is shown is an order of events: everything of the other queues is complete while the hung ones still hang, because nothing
but the test itself ends that.
"""

import os
import time

import pytest

from pluqtest import eventually

TEST_PLUGINS = os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")

pytestmark = pytest.mark.skipif(not TEST_PLUGINS, reason="PLUQ_TEST_PLUGIN_DIR is not set")


@pytest.fixture
def hanging(launch, tmp_path):
    """A daemon that keeps every message in the plugin. Queues named hung... hang until d.release()."""
    let_go = tmp_path / "go"
    made = []

    def start(**options):
        config = (f"plugins:\n  - nsqd\n  - hanging:\n      plugin: {TEST_PLUGINS}/hanging.so\n"
                  f"      until: {let_go}\n")
        d = launch.make(storage="hanging", config=config, **{"mem_queue_size": 0, **options})
        d.release, d.hang = let_go.touch, let_go.unlink
        made.append(d)
        return d.start()
    yield start
    let_go.touch()  # else the daemon could not stop


def numbers(n, start=0):
    return [b"%d" % i for i in range(start, start + n)]


def all_goes_on(d, topic="free"):
    """A topic and a channel that were not there, publishes of every kind, deliveries, requeues, the HTTP interface."""
    c = d.consumer(topic, "c", 100)
    p = d.client()
    p.pub_all(topic, numbers(500))
    assert c.bodies(500) == numbers(500)
    p.mpub(topic, numbers(500))
    assert c.bodies(500) == numbers(500)
    p.pub(topic, "again")
    m = c.message()
    c.req(m)
    assert c.message().attempts == 2
    c.fin(m)
    d.post("/pub", topic=topic, body=b"by HTTP")
    assert c.bodies(1) == [b"by HTTP"]
    c.sync()
    d.wait_channel(topic, "c", depth=0, in_flight_count=0, backend_depth=0)
    d.post("/channel/empty", topic=topic, channel="c")
    d.post("/channel/delete", topic=topic, channel="c")
    d.post("/topic/delete", topic=topic)
    c.close()
    p.close()
    assert d.http("GET", "/ping").body == b"OK"


@pytest.mark.parametrize("threads", [1, 3])
def test_other_queues_go_on_while_appends_hang(hanging, threads):
    d = hanging(threads=threads)
    hung = d.consumer("hung", "c", 10)
    stuck = [d.client() for _ in range(3)]
    for i, p in enumerate(stuck):
        p.command("PUB hung", b"%d" % i)
    for n in range(3):
        all_goes_on(d, f"free{n}")
    for c in [hung, *stuck]:
        c.nothing(0)
    d.release()
    for p in stuck:
        p.response()
    assert sorted(hung.bodies(3)) == numbers(3)
    hung.sync()
    d.wait_channel("hung", "c", depth=0, in_flight_count=0)


@pytest.mark.parametrize("threads", [1, 3])
def test_other_queues_go_on_while_fetches_and_syncs_hang(hanging, threads):
    d = hanging(threads=threads)
    d.release()
    d.client().pub_all("hung", numbers(250))  # more than sync_every
    d.hang()
    hung = d.consumer("hung", "c", 10)
    all_goes_on(d)
    hung.nothing(0)
    d.release()
    assert hung.bodies(250) == numbers(250)


def test_a_hung_channel_and_its_siblings(hanging):
    """The plugin's prefix is of the queue's name: here one of two channels of a topic hangs."""
    d = hanging(**{"hanging.prefix": "t:hung"})
    hung, fine = d.consumer("t", "hung", 10), d.consumer("t", "fine", 10)
    stuck = d.client()
    stuck.command("PUB t", b"0")
    assert fine.bodies(1) == [b"0"]
    all_goes_on(d)
    stuck.nothing(0)  # answered when every channel has it
    hung.nothing(0)
    d.release()
    stuck.response()
    assert hung.bodies(1) == [b"0"]


@pytest.mark.parametrize("count", [20, 50])
def test_many_queues_that_hang_at_once(hanging, count):
    d = hanging()
    d.client().pub("before", "x")
    stuck = [d.client() for _ in range(count)]
    for i, p in enumerate(stuck):
        p.command(f"PUB hung{i}", b"%d" % i)
    eventually(lambda: len(d.stats(topic="", include_mem="false")["topics"]) == count + 1)
    begun = time.monotonic()
    d.client(timeout=20).pub("before", "x")
    print(f"a publish beside {count} queues that begin to hang waited {time.monotonic() - begun:.2f} s")
    all_goes_on(d)
    for p in stuck:
        p.nothing(0)
    d.release()
    for p in stuck:
        p.response()
    for i in range(count):
        with d.consumer(f"hung{i}", "c", 1) as c:
            assert c.bodies(1) == [b"%d" % i]


def test_the_stop_waits_for_a_queue_that_hangs(hanging):
    d = hanging(shutdown_timeout="60s")
    stuck = d.client()
    stuck.command("PUB hung", b"0")
    d.consumer("free", "c", 1)
    d.client().pub("free", "x")
    d.process.terminate()
    d.wait_log(r"core: stopping")
    assert d.alive()
    d.release()
    assert d.wait() == 0
