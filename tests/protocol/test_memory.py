"""Memory: bounded by memory_limit, and given back after a spike."""

import pytest

from pluqtest import eventually
from pluqtest.shim import Clock

MIB = 1024


def fill(d, mib):
    """Numbered bodies of 2 KiB; returns how many."""
    p = d.client()
    for i in range(mib):
        p.mpub("t", [b"%06d." % (512 * i + k) + bytes(2041) for k in range(512)])
    return 512 * mib


def drain(d, n):
    c = d.consumer("t", "c", 1000)
    for i in range(n):
        m = c.message()
        assert m.body.startswith(b"%06d." % i)
        c.fin(m)
    c.close()


@pytest.fixture
def unsanitized(launch):
    def start(**options):
        d = launch(**options)
        if d.sanitized():
            pytest.skip("a sanitizer's allocator has its own idea of memory")
        return d
    return start


def test_past_the_limit_messages_spill_in_order(unsanitized):
    d = unsanitized(memory_limit="16MiB", mem_queue_size=1_000_000)
    before = d.rss_kib()
    n = fill(d, 100)
    s = d.topic_stats("t")
    assert s["depth"] == n and s["backend_depth"] > n / 2
    assert d.rss_kib() - before < 60 * MIB
    drain(d, n)


def test_memory_is_given_back_after_a_spike(unsanitized):
    clock = Clock()
    d = unsanitized(mem_queue_size=1_000_000, **clock.options())
    n = fill(d, 200)
    high = d.rss_kib()
    assert high > 200 * MIB
    drain(d, n)

    def given_back():
        clock.advance(10)  # to the next look; it wants to see an idle process
        assert d.rss_kib() < high / 2
        return True
    eventually(given_back, 10, "memory is given back")
