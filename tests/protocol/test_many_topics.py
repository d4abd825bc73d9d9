"""Two thousand topics made in a burst."""

import time

from pluqtest import disk, eventually, scaled
from pluqtest.client import sized

N = 2000


def test_burst(launch):
    d = launch()
    c = d.client(timeout=30)
    start = time.monotonic()
    c.send(b"".join(f"PUB topic.{i:04}\n".encode() + sized(b"x") for i in range(N)))
    for _ in range(N):
        c.response(timeout=30)
    took = time.monotonic() - start
    assert took < scaled(10), f"{N} topics took {took:.1f} s: is the metadata rewritten for each?"
    s = d.stats(include_clients="false")
    assert len(s["topics"]) == N and all(t["depth"] == 1 for t in s["topics"])
    eventually(lambda: len(disk.metadata(d.data)) == N)
    subs = [d.client() for _ in range(50)]
    for i, sub in enumerate(subs):
        sub.send(f"SUB topic.{i * 40:04} c\nRDY 1\n")
    for sub in subs:
        sub.response()
        assert sub.message().body == b"x"
    d.stop()
    assert len(disk.metadata(d.data)) == N
    d.start()
    assert sum(t["depth"] + sum(ch["depth"] for ch in t["channels"]) for t in d.stats()["topics"]) == N
