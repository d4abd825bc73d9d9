"""pluq and the original take turns on one directory (the original by a model of its algorithm, pluqtest/disk.py): nothing is
lost, nothing comes twice, nothing is complained of."""

import random

import pytest

from pluqtest import disk

MAX_BYTES = 700


def finish_some(c, messages, rng):
    """Finishes about half, in any order; returns the bodies."""
    some = rng.sample(messages, len(messages) // 2)
    for m in some:
        c.fin(m)
    return {m.body for m in some}


def pluqs_turn(d, rng, number, waiting, deferred):
    """Publishes to a topic with a channel and to one without, finishes about half of what it gets, defers some. Keeps
    `waiting` and `deferred` up to date."""
    c = d.consumer("t", "c", 0)
    fresh = [b"p%d.%d" % (number, i) + b"." * rng.randrange(60) for i in range(rng.randrange(40))]
    if fresh:
        d.client().mpub("t", fresh)
        waiting["t:c"] |= set(fresh)
    lone = b"l%d" % number
    d.client().pub("lone", lone)
    waiting["lone"].add(lone)
    ready = rng.randrange(1, 30)
    c.rdy(ready)
    got = c.messages(min(ready, len(waiting["t:c"] - deferred)))
    c.rdy(0)
    bodies = {m.body for m in got}
    assert bodies <= waiting["t:c"] - deferred
    assert len(bodies) == len(got)
    finished = finish_some(c, got, rng)
    for m in got:
        if m.body not in finished and rng.random() < 0.3:
            c.req(m, 3600000)
            deferred.add(m.body)
    c.sync(skip=True)
    waiting["t:c"] -= finished
    c.close()


def originals_turn(folder, rng, number, waiting):
    for queue in waiting:
        q = disk.Original(folder, queue, MAX_BYTES)
        got = [r.body for r in q.read(rng.randrange(len(waiting[queue]) + 1))]
        assert len(set(got)) == len(got) and set(got) <= waiting[queue]
        fresh = [disk.record(1000 * number + i, b"o%d.%d" % (number, i) + b"." * rng.randrange(60)) for i in range(rng.randrange(30))]
        q.write(fresh)
        assert q.complaints == []
        q.close()
        waiting[queue] -= set(got)
        waiting[queue] |= {r.body for r in fresh}


@pytest.mark.parametrize("memory", [0, 5, 1000])
@pytest.mark.parametrize("seed", [1, 2, 20])
def test_turns(launch, memory, seed):
    rng = random.Random(seed)
    d = launch.make(mem_queue_size=memory, max_bytes_per_file=MAX_BYTES, **{"nsqd.max_req_timeout": "2h"})
    waiting, deferred = {"t:c": set(), "lone": set()}, set()
    for number in range(6):
        d.start()
        pluqs_turn(d, rng, number, waiting, deferred)
        d.stop()
        for queue, bodies in waiting.items():
            left = [r.body for r in disk.pending(d.data, queue)]
            assert len(left) == len(bodies) and set(left) == bodies
        originals_turn(d.data, rng, number, waiting)
        deferred &= waiting["t:c"]
    d.start()
    c = d.consumer("t", "c", 500)
    rest = waiting["t:c"] - deferred
    assert set(c.bodies(len(rest))) == rest
    assert set(d.consumer("lone", "c", 500).bodies(len(waiting["lone"]))) == waiting["lone"]
    c.sync()
    d.wait_channel("t", "c", deferred_count=len(deferred))
    d.stop()
    assert {r.body for r in disk.pending(d.data, "t:c")} == deferred
    assert disk.pending(d.data, "lone") == []
    assert d.files("*.bad") == []


def test_files_of_which_nothing_is_left_between_others(launch):
    """Two messages of the first file are in flight at the stop; of the following ones everything is finished."""
    d = launch(mem_queue_size=0, max_bytes_per_file=200)
    c = d.consumer("t", "c", 40)
    d.client().mpub("t", ["%010d" % i for i in range(60)])  # five to a file
    got = c.messages(40)
    c.rdy(0)
    for m in got[2:38]:
        c.fin(m)
    c.sync(skip=True)
    d.stop()
    assert sorted(int(r.body) for r in disk.pending(d.data, "t:c")) == [0, 1, *range(38, 60)]
    d.start()
    c = d.consumer("t", "c", 100)
    assert sorted(int(b) for b in c.bodies(24)) == [0, 1, *range(38, 60)]


def test_a_queue_whose_first_write_failed(launch):
    from pluqtest.shim import Faults
    faults = Faults()
    d = launch(mem_queue_size=0, **faults.options())
    faults.set("write t.diskqueue.0* ENOSPC")
    p = d.client()
    p.command("PUB t", "x")
    assert p.frame().data.startswith(b"E_PUB_FAILED")
    faults.clear()
    d.stop()
    assert disk.pending(d.data, "t") == []
