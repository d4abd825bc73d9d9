"""kill -9 at random moments under load: what was on disk is delivered, and the daemon always starts."""

import os
import random
import time

from pluqtest import disk
from pluqtest.load import Consumer, Publisher, drain

SEED = int(os.environ.get("PLUQ_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
RESTARTS = 50


def good_files_set_aside(d):
    """Names of .bad files in which nothing is wrong."""
    found = []
    for name in d.files("*.bad"):
        try:
            disk.parse_records((d.data / name).read_bytes())
        except (AssertionError, IndexError):
            continue
        found.append(name)
    return found


def under_load(d, number, acked, seen, moment):
    """Returns how many messages of each name were sent."""
    publishers = [Publisher(d.tcp, "t", f"{number}.{k}", acked) for k in range(2)]
    workers = publishers + [Consumer(d.tcp, "t", channel, seen[channel]) for channel in seen]
    for w in workers:
        w.start()
    time.sleep(moment)
    d.kill()
    for w in workers:
        w.finish()
    return {p.name_: p.next for p in publishers}


def test_fifty_times_with_everything_on_disk(launch):
    """Without a memory queue every acknowledged message has been written, so none may be missing."""
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    d = launch(mem_queue_size=0, max_bytes_per_file=20000, sync_every=50, msg_timeout="1s")
    for channel in ("a", "b"):
        d.consumer("t", channel).close()
    acked, seen = set(), {"a": {}, "b": {}}
    for number in range(RESTARTS):
        under_load(d, number, acked, seen, rng.uniform(0.02, 0.25))
        assert good_files_set_aside(d) == []
        d.start()
    assert len(acked) > 1000
    for channel in seen:
        drain(d, "t", channel, seen[channel])
        missing = acked - seen[channel].keys()
        assert not missing, f"{len(missing)} of {len(acked)} missing in {channel}: {sorted(missing)[:10]}"
    d.stop()
    assert good_files_set_aside(d) == []
    print(f"{len(acked)} acknowledged; seen more than once: {[sum(n > 1 for n in s.values()) for s in seen.values()]}")


def test_ten_times_with_a_memory_queue(launch):
    """What was only in memory may be lost; the files must be good and nothing invented."""
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    d = launch(mem_queue_size=30, max_bytes_per_file=20000, sync_every=7, msg_timeout="1s")
    d.consumer("t", "a").close()
    acked, seen, sent = set(), {"a": {}}, {}
    for number in range(10):
        sent |= under_load(d, number, acked, seen, rng.uniform(0.02, 0.25))
        d.start()
        assert good_files_set_aside(d) == []
    drain(d, "t", "a", seen["a"])
    assert seen["a"].keys() <= {f"{name}-{n}".encode() for name, count in sent.items() for n in range(count)}


def test_a_kill_right_after_an_acknowledgement(launch):
    d = launch(mem_queue_size=0, sync_every=100000, sync_timeout="1h")
    total = 0
    for i in range(10):
        d.client().pub("t", f"{i}")
        total += 1
        d.kill()
        d.start()
        assert d.topic_stats("t") is not None
    assert sorted(d.consumer("t", "c", 50).bodies(total)) == [b"%d" % i for i in range(total)]


def test_what_is_in_flight_from_disk_comes_back(launch):
    d = launch(mem_queue_size=0, sync_every=1)
    c = d.consumer("t", "c", 10)
    d.client().mpub("t", ["%d" % i for i in range(30)])
    got = c.messages(10)
    for m in got[:5]:
        c.fin(m)
    c.messages(5)
    c.sync()
    d.kill()
    d.start()
    seen = {}  # what was finished shortly before may come again
    drain(d, "t", "c", seen)
    assert {b"%d" % i for i in range(5, 30)} <= seen.keys()


def test_metadata_of_fresh_topics_is_there_before_their_first_message_is_acknowledged(launch):
    d = launch(mem_queue_size=0)
    for round_ in range(5):
        names = [f"t{round_}.{i}" for i in range(20)]
        c = d.client()
        for n in names:
            c.pub(n, "x")
        d.kill()
        d.start()
        have = {t["topic_name"]: t["depth"] for t in d.stats()["topics"]}
        assert set(names) <= set(have)
        assert [d.consumer(n, "c", 1).bodies(1) for n in names] == [[b"x"]] * 20
