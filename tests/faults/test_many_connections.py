"""Ten thousand connections at once."""

import resource
import socket

import pytest

from pluqtest import SLOW, eventually
from pluqtest.client import sized

N = 10_000


@pytest.fixture
def descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < N + 1000:
        pytest.skip(f"the hard limit of descriptors is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, N + 5000) if hard != resource.RLIM_INFINITY else N + 5000, hard))
    opened = []
    yield opened
    for s in opened:
        s.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(d, sockets):
    for _ in range(N):
        s = socket.create_connection(d.tcp)
        s.sendall(b"  V2")
        sockets.append(s)


def test_ten_thousand(launch, descriptors):
    d = launch()
    d.client().pub("t", "warm")
    base_rss, base_fds = d.rss_kib(), d.descriptors()
    idle = descriptors
    connect(d, idle)
    eventually(lambda: d.descriptors() >= base_fds + N - 2, 20, "all are accepted")
    per_connection = (d.rss_kib() - base_rss) * 1024 / N
    print(f"{per_connection:.0f} bytes of memory per idle connection")
    if SLOW == 1:
        assert per_connection < 16384
    # They all work: every hundredth publishes, and a consumer among them gets it all.
    for i, s in enumerate(idle[::100]):
        s.sendall(b"PUB t\n" + sized(b"%d" % i))
    for s in idle[::100]:
        assert s.recv(10) == bytes.fromhex("00000006000000004f4b")
    c = d.consumer("t", "c", 200)
    assert len(set(c.bodies(N // 100 + 1))) == N // 100 + 1
    assert d.http("GET", "/ping").body == b"OK"
    for s in idle:
        s.close()
    eventually(lambda: d.descriptors() <= base_fds + 10, 20, "all are closed")


def test_ten_thousand_at_stop(launch, descriptors):
    d = launch()
    connect(d, descriptors)
    d.stop()
