"""Options that change while messages are judged."""

import threading

import pytest

from pluqtest.authbackends import reload_and_wait
from pluqtest.client import answer

# What goes wrong in a thread is a failure of its test.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


def configure(d, **options):
    d.plugins[:] = [("validate-json", options)]
    d._config_file()


def test_rules_topics_and_fate(launch):
    d = launch(plugins=[("validate-json", {"topics": ["a*"], "require": ["x"]})])
    c = d.client()
    assert b"the member x is not set" in answer(c, "a1", b"{}")
    assert answer(c, "b1", b"{}") == b"OK"
    configure(d, topics=["b*"], require=["y"])
    reload_and_wait(d)
    assert answer(c, "a1", b"{}") == b"OK"
    assert b"the member y is not set" in answer(c, "b1", b"{}")
    configure(d, topics=["b*"], require=["y"], on_reject="divert", divert_to="bin")
    reload_and_wait(d)
    assert answer(c, "b1", b"{}") == b"OK"
    assert d.topic_stats("bin")["message_count"] == 1


def test_a_bad_reload_changes_nothing(launch):
    d = launch(plugins=[("validate-json", {"topics": ["a*"], "require": ["x"]})])
    c = d.client()
    for bad in ({"topics": ["a["]}, {"topics": ["a*"], "require": ["x y"]}, {"topics": ["a*"], "require": ["x"], "max_depth": -1}):
        configure(d, **bad)
        reload_and_wait(d)
        assert b"the member x is not set" in answer(c, "a1", b"{}")
    assert d.log().count("stays") + d.log().count("stay:") == 3
    configure(d, topics=["a*"])
    reload_and_wait(d)
    assert answer(c, "a1", b"{}") == b"OK"


def test_reloads_under_load(launch):
    """Each message is judged by one set of rules or the other, and what was refused is never seen."""
    rules = ["a", "b"]
    d = launch(plugins=[("validate-json", {"require": ["a"]})], threads=3)
    stop, accepted = threading.Event(), [{"a": 0, "b": 0} for _ in range(4)]

    def publish(n):
        c = d.client()
        i = 0
        while not stop.is_set():
            which = rules[i % 2]
            i += 1
            data = answer(c, f"t{n}", b'{"%s":1}' % which.encode())
            assert data == b"OK" or data.endswith(b"is not set"), data
            accepted[n][which] += data == b"OK"
        c.close()

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for i in range(20):
        configure(d, require=[rules[(i + 1) % 2]])
        reload_and_wait(d)
    stop.set()
    for t in threads:
        t.join()
    for n in range(4):
        seen = d.topic_stats(f"t{n}")["message_count"]
        assert seen == sum(accepted[n].values())
        assert seen == 0 or d.consumer(f"t{n}", "c", 2500).bodies(min(seen, 1000))
    assert sum(a["a"] for a in accepted) and sum(a["b"] for a in accepted)
