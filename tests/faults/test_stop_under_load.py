"""SIGTERM while everybody is busy."""

import os
import random
import signal
import time

import pytest

from pluqtest import disk, scaled
from pluqtest.load import Consumer, Publisher, drain

SEED = int(os.environ.get("PLUQ_TEST_SEED", random.SystemRandom().randrange(1 << 32)))


@pytest.mark.parametrize("memory", [0, 50, 10000])
def test_nothing_acknowledged_is_lost(launch, memory):
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    d = launch(mem_queue_size=memory, max_bytes_per_file=50000)
    for channel in ("a", "b"):
        d.consumer("t", channel).close()
    acked, seen = set(), {"a": {}, "b": {}}
    for number in range(5):
        workers = [Publisher(d.tcp, "t", f"{number}.{k}", acked) for k in range(3)]
        workers += [Consumer(d.tcp, "t", c, seen[c]) for c in seen for _ in range(2)]
        for w in workers:
            w.start()
        time.sleep(rng.uniform(0.05, 0.4))
        d.stop()
        for w in workers:
            w.finish()
        for queue in ("t", "t:a", "t:b"):
            disk.pending(d.data, queue)  # whole records, exact positions
        d.start()
    for channel in seen:
        drain(d, "t", channel, seen[channel])
        missing = acked - seen[channel].keys()
        assert not missing, f"{len(missing)} of {len(acked)} missing in {channel}: {sorted(missing)[:10]}"
    assert len(acked) > 500
    assert d.files("*.bad") == []


def test_a_finish_that_was_confirmed_stays_finished(launch):
    """What was finished before the stop must not come back after it."""
    for memory in (0, 100):
        d = launch(mem_queue_size=memory)
        c = d.consumer("t", "c", 100)
        p = d.client()
        for i in range(20):
            p.mpub("t", ["%d" % n for n in range(i * 100, i * 100 + 100)])
        done = {m.body for m in c.messages(1500, finish=True)}
        c.sync(skip=True)
        d.stop()
        d.start()
        seen = {}
        drain(d, "t", "c", seen)
        assert done.isdisjoint(seen) and len(done) + len(seen) == 2000


def test_a_stop_during_a_storm_of_new_topics_and_subscribers(launch):
    d = launch()
    clients = []
    for i in range(200):
        c = d.client()
        c.send(f"PUB t{i}\n\0\0\0\1xSUB t{i} c\nRDY 1\n")
        clients.append(c)
    d.stop()
    d.start()
    have = {t["topic_name"]: t for t in d.stats()["topics"]}
    for i, c in enumerate(clients):
        try:
            acked = c.frame(timeout=0.2) == (0, b"OK")
        except AssertionError:
            acked = False
        if acked:
            t = have[f"t{i}"]
            assert t["depth"] + sum(ch["depth"] for ch in t["channels"]) == 1, t


def test_sigterm_with_nothing_to_do_is_quick(launch):
    d = launch()
    start = time.monotonic()
    d.stop()
    assert time.monotonic() - start < scaled(2)


def test_stopping_before_anything_was_ready(launch):
    for delay in (0, 0.005, 0.02, 0.05):
        d = launch.make()
        d.spawn()
        time.sleep(delay)
        d.signal(signal.SIGTERM)
        assert d.wait() in (0, -signal.SIGTERM)
