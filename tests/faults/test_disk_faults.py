"""Disks that are full, broken or hang."""

import threading
import time

import pytest

from pluqtest import Client, eventually, scaled
from pluqtest.shim import Faults


@pytest.fixture
def faulty(launch):
    """launch, with a daemon whose disk does what faults.set says."""
    made = []

    def start(**options):
        faults = Faults()
        made.append(faults)
        d = launch(**{"mem_queue_size": 0, **faults.options(), **options})
        d.faults = faults
        return d
    yield start
    for faults in made:
        faults.clear()  # before the daemon is stopped


def refused(d, topic, body="x"):
    c = d.client()
    c.command(f"PUB {topic}", body)
    f = c.frame()
    c.close()
    return f.kind == 1 and f.data.startswith(b"E_PUB_FAILED PUB failed ")


def ready(d):
    return d.http("GET", "/healthz/ready").status == 200


FULL = "write *.diskqueue.*.dat ENOSPC"


def no_temporary_files(d):
    """One may be there for the moment in which it is written; none stays."""
    assert len(d.files("*.tmp")) <= 2, d.files("*.tmp")
    eventually(lambda: not d.files("*.tmp") and not d.files("*probe*"), 5, "no temporary file is left")


def test_a_full_disk_is_told_to_publishers_and_heals_by_itself(faulty):
    d = faulty()
    d.client().pub("t", "before")
    d.faults.set(FULL)
    p = d.client()
    p.command("PUB t", "x")
    f = p.frame()
    assert f.kind == 1 and f.data.startswith(b"E_PUB_FAILED PUB failed "), f
    assert b"o space left" in f.data, "the disk's error text belongs in the answer"
    p.closed()
    p = d.client()
    p.send_mpub("t", ["a", "b"])
    f = p.frame()
    assert f.data.startswith(b"E_MPUB_FAILED MPUB failed "), f
    p = d.client()
    p.command("DPUB t 100", "x")
    assert p.frame().data.startswith(b"E_DPUB_FAILED DPUB failed ")
    for path in ("/pub", "/mpub"):
        r = d.http("POST", path, {"topic": "t"}, body=b"x")
        assert (r.status, r.message) == (503, "EXITING")
    r = d.http("GET", "/ping")
    assert r.status == 500 and r.body.startswith(b"NOK - ")
    assert "x-nsq-content-type" not in r.headers
    assert not ready(d)
    assert d.http("GET", "/healthz/live").status == 200
    assert d.stats()["health"].startswith("NOK - ")
    d.faults.clear()
    # Ready becomes good again by itself once there is room: nobody need publish.
    eventually(lambda: ready(d), 10, "ready is good again")
    d.client().pub("t", "after")
    assert d.http("GET", "/ping").body == b"OK"
    assert d.consumer("t", "c", 5).bodies(2) == [b"before", b"after"]


def test_nothing_accepted_is_lost_on_a_full_disk(faulty):
    d = faulty(max_bytes_per_file=2000)
    c = d.consumer("t", "c", 0)
    acked = []
    d.faults.set("write *.diskqueue.0*.dat room=5000 ENOSPC")
    for i in range(200):
        p = d.client()
        body = b"%03d" % i + b"." * 50
        p.command("PUB t", body)
        if p.frame() == (0, b"OK"):
            acked.append(body)
        p.close()
    assert 10 < len(acked) < 150
    d.faults.clear()
    d.client().pub("t", "after")
    c.rdy(300)
    got = c.bodies(len(acked) + 1)
    assert got == [*acked, b"after"]
    c.nothing(0.05)
    assert d.files("*.bad") == []
    no_temporary_files(d)


def test_a_full_disk_and_a_restart(faulty):
    d = faulty(max_bytes_per_file=2000)
    d.consumer("t", "c", 0)
    acked = set()
    d.faults.set("write *.diskqueue.0*.dat room=3017 ENOSPC")
    for i in range(60):
        p = d.client()
        p.command("PUB t", b"%03d" % i + b"." * 50)
        if p.frame() == (0, b"OK"):
            acked.add(b"%03d" % i)
    d.faults.clear()
    d.restart()
    c = d.consumer("t", "c", 100)
    assert {b[:3] for b in c.bodies(len(acked))} == acked
    c.nothing(0.05)
    assert d.files("*.bad") == []


def test_other_queues_go_on(faulty):
    d = faulty()
    d.client().pub("full", "x")
    d.client().pub("fine", "x")
    d.faults.set("write full.diskqueue.* ENOSPC")
    assert refused(d, "full")
    for i in range(20):
        d.client().pub("fine", f"{i}")
    assert len(d.consumer("fine", "c", 50).bodies(21)) == 21


def test_one_channel_fails_and_its_siblings_keep_theirs(faulty):
    d = faulty()
    a, b = d.consumer("t", "a", 0), d.consumer("t", "b", 0)
    d.client().pub("t", "first")
    d.faults.set("write t:a.diskqueue.* ENOSPC")
    assert refused(d, "t", "half")
    b.rdy(5)
    assert b.bodies(2) == [b"first", b"half"]
    d.faults.clear()
    a.rdy(5)
    assert a.bodies(1) == [b"first"]


def test_moving_on_from_the_topic_stops_and_retries_on_a_full_disk(faulty):
    d = faulty()
    p = d.client()
    p.pub_all("t", ["%d" % i for i in range(20)])
    d.faults.set("write t:c.diskqueue.* ENOSPC")
    c = d.consumer("t", "c", 0)
    c.sync()
    d.wait_log(r" error diskqueue: append to t:c failed: ")
    t = d.topic_stats("t")
    assert t["depth"] + t["channels"][0]["depth"] == 20
    d.faults.clear()
    c.rdy(50)
    assert c.bodies(20, timeout=15) == [b"%d" % i for i in range(20)]


@pytest.mark.parametrize("error", ["EIO", "EROFS", "EACCES"])
def test_other_write_errors(faulty, error):
    d = faulty()
    d.client().pub("t", "before")
    d.faults.set(f"write *.diskqueue.0* {error}")
    assert refused(d, "t")
    d.faults.clear()
    eventually(lambda: not refused(d, "t", "after"), 10)
    c = d.consumer("t", "c", 10)
    assert c.bodies(2) == [b"before", b"after"]


@pytest.mark.parametrize("error", ["EMFILE", "EACCES"])
def test_data_that_cannot_be_opened_is_not_condemned(faulty, error):
    d = faulty(max_bytes_per_file=500)
    d.client().pub_all("t", ["%02d" % i + "." * 50 for i in range(30)])
    d.restart()
    d.faults.set(f"open t.diskqueue.0* {error}")
    c = d.consumer("t", "c", 50)
    c.nothing(0.5)
    assert d.files("*.bad") == []
    d.faults.clear()
    got = c.bodies(30, timeout=15)
    assert [b[:2] for b in got] == [b"%02d" % i for i in range(30)]
    assert d.files("*.bad") == []


@pytest.mark.parametrize("error", ["EMFILE", "EACCES"])
def test_data_that_cannot_be_opened_at_start(faulty, error):
    d = faulty(max_bytes_per_file=500)
    d.client().pub_all("t", ["%02d" % i + "." * 50 for i in range(30)])
    d.stop()
    d.faults.set(f"open t.diskqueue.0* {error}")
    try:
        d.start()
    except RuntimeError:
        pass  # refusing to start is fine, condemning the data is not
    assert d.files("*.bad") == []
    d.faults.clear()
    if not d.alive():
        d.start()
    got = d.consumer("t", "c", 50).bodies(30, timeout=15)
    assert [b[:2] for b in got] == [b"%02d" % i for i in range(30)]


@pytest.mark.parametrize("rule", ["write *.meta.dat* ENOSPC", "fsync *.meta.dat* EIO", "rename *.meta.dat* EIO",
                                  "open *.meta.dat* ENOSPC", "fsync *.diskqueue.0* EIO"])
def test_positions_that_cannot_be_saved_make_no_heap_of_temporary_files(faulty, rule):
    d = faulty(sync_every=1)
    d.client().pub("t", "x")
    accepted = {b"x", b"z"}
    d.faults.set(rule)
    for i in range(50):
        c = d.client()
        c.command("PUB t", f"{i}")
        if c.frame() == (0, b"OK"):
            accepted.add(b"%d" % i)
        c.close()
    no_temporary_files(d)
    d.faults.clear()
    d.client().pub("t", "z")
    c = d.consumer("t", "c", 200)
    got = []
    while b"z" not in got:
        got += c.bodies(1)
    assert accepted <= set(got)  # one that was refused because the sync failed may have been written all the same


@pytest.mark.parametrize("room", [0, 10])
def test_a_disk_that_is_full_for_everything_collects_no_files(faulty, room):
    """Data, positions, due times, metadata and the probe; some of each may still fit."""
    d = faulty(sync_every=1, max_bytes_per_file=500)
    c = d.consumer("t", "c", 0)
    p = d.client()
    p.pub_all("t", ["%02d" % i + "." * 50 for i in range(30)])
    p.dpub("t", 3600000, "later")
    before = {n for n in d.files() if not n.endswith(".tmp")}
    kinds = "*.diskqueue.0*", "*.meta.dat*", "*.due*", "nsqd.dat*", "*.probe.dat"
    d.faults.set(*(f"write {k} room={room} ENOSPC" if room else f"write {k} ENOSPC" for k in kinds))
    for i in range(10):
        assert refused(d, "t")
        d.http("POST", "/topic/create", {"topic": f"new{i}"}, body=b"")
        d.http("POST", "/pub", {"topic": f"new{i}", "defer": "1000"}, body=b"x")
    c.rdy(3)
    assert len(c.bodies(20)) == 20  # files are given back, positions cannot be saved
    c.rdy(0)
    c.sync(skip=True)
    eventually(lambda: not ready(d))
    no_temporary_files(d)
    # New queues may have got as far as an empty file; everything else must have been there.
    grown = {n for n in d.files() if n not in before and not n.endswith(".tmp") and (d.data / n).stat().st_size > 0}
    assert all(n.startswith("t:c.diskqueue.0") for n in grown), grown
    d.faults.clear()
    eventually(lambda: ready(d), 10)
    d.restart()
    assert d.files("*.tmp") == [] and d.files("*.bad") == []
    got = {b[:2] for b in d.consumer("t", "c", 50).bodies(10)}
    assert got == {b"%02d" % i for i in range(20, 30)}
    d.wait_channel("t", "c", deferred_count=1)


@pytest.mark.parametrize("rule", ["write nsqd.dat* ENOSPC", "fsync nsqd.dat* EIO", "rename nsqd.dat* EIO", "open nsqd.dat*.tmp ENOSPC"])
def test_metadata_that_cannot_be_saved(faulty, rule):
    d = faulty()
    d.post("/topic/create", topic="t")
    d.faults.set(rule)
    r = d.http("POST", "/topic/pause", {"topic": "t"}, body=b"")
    assert r.status == 500 and r.message == "INTERNAL_ERROR"
    for i in range(20):
        d.http("POST", "/topic/create", {"topic": f"t{i}"}, body=b"")
    eventually(lambda: not ready(d), 5, "storage is in error")
    no_temporary_files(d)
    d.faults.clear()
    eventually(lambda: ready(d), 10)
    d.restart()
    assert len(d.stats()["topics"]) == 21


def test_a_hanging_queue_does_not_slow_others(faulty):
    d = faulty(**{"shutdown_timeout": "60s"})
    for t in ("hung", "free"):
        d.consumer(t, "c", 0)
        d.client().pub(t, "x")
    d.faults.set("write hung* delay=3000", "fsync hung* delay=3000")
    stuck = d.client()
    stuck.command("PUB hung", "y")
    started = time.monotonic()
    free, slowest, count = d.client(), 0, 0
    c = d.consumer("free", "c", 100)
    while time.monotonic() - started < 1.5:
        before = time.monotonic()
        free.pub("free", "z")
        c.fin(c.message())
        slowest = max(slowest, time.monotonic() - before)
        count += 1
    assert slowest < scaled(0.3), slowest
    assert count > 100 / scaled(1), count
    assert d.http("GET", "/ping").status == 200
    d.post("/topic/create", topic="new")
    d.client().pub("new", "fresh topics work too")
    stuck.nothing(0.05)
    stuck.response(timeout=10)
    print(f"{count} round trips beside a hanging queue, the slowest {slowest * 1000:.1f} ms")


def test_a_hanging_channel_delays_the_answer_but_not_its_siblings(faulty):
    d = faulty()
    d.consumer("t", "hung", 0)
    fine = d.consumer("t", "fine", 5)
    d.client().pub("t", "warm")
    fine.fin(fine.message())
    d.faults.set("write t:hung* delay=1500")
    p = d.client()
    start = time.monotonic()
    p.command("PUB t", "x")
    assert fine.message().body == b"x"
    assert time.monotonic() - start < scaled(0.5)
    p.response(timeout=10)
    assert time.monotonic() - start > 1.4


def test_a_hanging_sync_holds_up_nothing(faulty):
    d = faulty(sync_every=10)
    c = d.consumer("t", "c", 50)
    d.faults.set("fsync t* delay=2000")
    p = d.client()
    slowest = 0
    for i in range(100):
        before = time.monotonic()
        p.pub("t", f"{i}")
        c.fin(c.message())
        slowest = max(slowest, time.monotonic() - before)
    assert slowest < scaled(0.5), slowest


def test_twenty_hanging_queues(faulty):
    d = faulty()
    for i in range(20):
        d.client().pub(f"hung{i}", "x")
    d.client().pub("free", "x")
    d.faults.set("write hung* delay=2500")
    stuck = [d.client() for _ in range(20)]
    for i, c in enumerate(stuck):
        c.command(f"PUB hung{i}", "y")
    free = d.client()
    slowest = 0
    end = time.monotonic() + 6
    answered = 0
    # test_hanging_storage.py shows the same without a clock.
    while time.monotonic() < end:
        before = time.monotonic()
        free.command("PUB free", "z")
        free.response(timeout=10)
        answered += 1
        slowest = max(slowest, time.monotonic() - before)
    print(f"{answered} publishes beside twenty hanging queues, the slowest {slowest:.1f} s")
    assert slowest < scaled(2.5), slowest
    d.faults.clear()
    for c in stuck:
        c.response(timeout=30)


def test_a_slow_operation_is_named_in_the_log(faulty):
    d = faulty()
    d.client().pub("t", "x")
    d.faults.set("write t.* delay=1500")
    d.client(timeout=10).pub("t", "y")
    d.wait_log(r"diskqueue.*(took|slow|since)", 5)


def test_a_second_sigterm_ends_at_once(faulty):
    d = faulty()
    d.consumer("t", "c", 0)
    d.client().pub("t", "x")
    d.faults.set("write *diskqueue* delay=20000", "fsync *diskqueue* delay=20000")
    c = d.client()
    c.command("PUB t", "y")
    d.process.terminate()
    d.wait_log(r"core: stopping")
    assert d.alive(), "it waits for the disk"
    start = time.monotonic()
    d.process.terminate()
    status = d.wait(5)
    assert time.monotonic() - start < scaled(1)
    assert status != 0
    d.faults.clear()


def test_shutdown_timeout_ends_a_stop_without_progress(faulty):
    d = faulty(shutdown_timeout="1s", mem_queue_size=100)
    d.client().pub("t", "x")
    d.faults.set("write *diskqueue* delay=30000", "fsync *diskqueue* delay=30000")
    start = time.monotonic()
    d.process.terminate()
    assert d.wait(15) == 1
    assert 0.9 < time.monotonic() - start < scaled(6)
    d.faults.clear()


def test_a_stop_on_a_full_disk_says_what_it_could_not_keep(faulty):
    d = faulty(mem_queue_size=100)
    d.client().pub_all("t", ["x"] * 37)
    d.faults.set(FULL)
    d.process.terminate()
    assert d.wait() == 1
    assert any(" error " in line and "37" in line for line in d.log().splitlines()), d.log()[-2000:]


def test_the_disk_comes_and_goes_under_load(faulty):
    d = faulty(max_bytes_per_file=5000)
    d.consumer("t", "c", 0)
    acked, failures, stop = set(), [], threading.Event()

    def publish(k):
        n = 0
        while not stop.is_set():
            c = Client(d.tcp)
            try:
                while not stop.is_set():
                    body = b"%d-%d" % (k, n)
                    n += 1
                    c.command("PUB t", body)
                    f = c.live_frame(timeout=20)
                    if f != (0, b"OK"):
                        assert f.data.startswith(b"E_PUB_FAILED PUB failed "), f
                        break
                    acked.add(body)
            except Exception as e:
                failures.append(repr(e))
                return
            finally:
                c.close()

    threads = [threading.Thread(target=publish, args=(k,)) for k in range(3)]
    for t in threads:
        t.start()
    for _ in range(10):
        d.faults.set(FULL)
        time.sleep(0.05)
        d.faults.clear()
        time.sleep(0.1)
    stop.set()
    for t in threads:
        t.join()
    assert not failures, failures
    d.restart()
    c = d.consumer("t", "c", 2500)
    got = set()
    while not acked <= got:
        m = c.message(timeout=5)
        c.fin(m)
        got.add(m.body)
    assert d.files("*.bad") == []
