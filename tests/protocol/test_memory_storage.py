"""The storage plugin `memory` at the stop; what it refuses while it runs is in test_spill.py."""


def test_a_stop_tells_what_was_only_in_memory(launch):
    d = launch(storage="memory")
    p = d.client()
    c = d.consumer("t", "c", 2)
    for i in range(3):
        p.pub("t", f"{i}")
    c.messages(2)
    p.dpub("t", 60000, "deferred")
    p.pub("u", "in the topic")
    d.stop()
    assert "warn memory: keeps nothing over a restart: 5 messages in memory are gone" in d.log()
    assert d.files() == []


def test_a_stop_with_nothing_in_memory_tells_nothing(launch):
    d = launch(storage="memory")
    c = d.consumer("t", "c", 1)
    d.client().pub("t", "x")
    c.fin(c.message())
    c.sync()
    d.stop()
    assert "gone" not in d.log()
