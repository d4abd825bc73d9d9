"""Out of descriptors: refuses politely, goes on, does not spin."""

import re
import socket
import time

from pluqtest import SLOW, disk, eventually
from pluqtest.client import Client, Closed, NoFrame


def opened(address, n):
    sockets = []
    for _ in range(n):
        s = socket.create_connection(address, timeout=5)
        s.sendall(b"  V2")
        sockets.append(s)
    return sockets


def test_at_the_limit(launch):
    d = launch(nofile=64)
    first = d.client()
    first.pub("t", "x")
    many = opened(d.tcp, 150)
    first.pub("t", "who is connected is served")
    cpu, start = d.cpu_seconds(), time.monotonic()
    while time.monotonic() - start < 1:
        first.pub("t", "y")
        time.sleep(0.05)
    if SLOW == 1:
        assert d.cpu_seconds() - cpu < 0.3, "accepting spins"
    assert d.alive()
    for s in many:
        s.close()
    eventually(lambda: answers(d), 10, "new connections are served once there is room")
    assert d.http("GET", "/ping").body == b"OK"
    complaints = [line for line in d.log().splitlines() if " warn " in line or " error " in line]
    assert 1 <= len(complaints) < 20, complaints


def test_past_the_last_descriptor(launch):
    """max_connections promises more than there is: accepting itself fails."""
    d = launch(nofile=64, max_connections=1000)
    first = d.client()
    first.pub("t", "x")
    many = opened(d.tcp, 150)
    d.wait_log(r"error net: TCP: cannot accept connections: Too many open files")
    cpu, start = d.cpu_seconds(), time.monotonic()
    while time.monotonic() - start < 1:
        first.pub("t", "who is connected is served")
        time.sleep(0.05)
    if SLOW == 1:
        assert d.cpu_seconds() - cpu < 0.3, "accepting spins"
    for s in many:
        s.close()
    eventually(lambda: answers(d), 10, "new connections are served once there is room")
    assert len(re.findall(r"cannot accept", d.log())) < 10


def answers(d):
    c = Client(d.tcp)
    try:
        c.pub("t", "room again")
        return True
    except (Closed, NoFrame, OSError):
        return False
    finally:
        c.close()


def pings(d):
    try:
        return d.http("GET", "/ping", timeout=5).status in (200, 500)
    except OSError:
        return False


def test_messages_spill_at_the_limit_or_are_refused_but_never_lost(launch):
    """No descriptor is left for the queue's files: the publisher is told, and no good data is condemned."""
    d = launch(nofile=48, mem_queue_size=0)
    p = d.client()
    acked = 0
    p.pub("early", "has its file")
    acked_early = 1
    many = opened(d.tcp, 100)
    for i in range(30):
        try:
            p.command(f"PUB t{i}", "x")
            f = p.frame(timeout=10)
        except Closed:
            break
        if f.data == b"OK":
            acked += 1
        else:
            assert f.data.startswith(b"E_PUB_FAILED PUB failed "), f
            break
    for s in many:
        s.close()
    eventually(lambda: pings(d), 10, "those that left are closed here too, and there is room for new ones")
    c = d.client()
    c.pub("early", "again")
    acked_early += 1
    depths = {t["topic_name"]: t["depth"] for t in d.stats()["topics"]}
    assert depths["early"] == acked_early
    assert sum(v for k, v in depths.items() if k != "early") >= acked
    d.stop()
    assert d.files("*.bad") == []


def test_opening_a_queue_without_descriptors_at_start_condemns_nothing(launch):
    d = launch.make(nofile=40, mem_queue_size=0)
    names = {f"t{i:03}": ["c"] for i in range(100)}
    disk.write_metadata(d.data, names)
    for n in names:
        disk.write_queue(d.data, f"{n}:c", [[disk.record(1, n.encode())]])
    d.spawn()
    eventually(lambda: d.process.poll() is not None or "ready" in d.log(), 20)
    if d.alive():
        d.kill()
    else:
        d.wait()
    assert d.files("*.bad") == []
    d.nofile = None
    d.start()
    for n in names:
        assert d.consumer(n, "c", 1).bodies(1) == [n.encode()]
