"""Names of lookup daemons: resolved anew at every try, off the loops."""

import os

from pluqtest import eventually
from pluqtest.shim import Names

from test_trouble import use


def test_a_name_that_cannot_be_resolved_and_then_can(launch, fakes):
    a, b = fakes(), fakes()
    names = Names()
    d = launch(lookupd_tcp_address=[f"lookup.example:{a.tcp_port}", b.address], **names.options())
    d.wait_log(r"lookupd lookup\.example:\d+: Name or service not known \(1 in a row\); tried again")
    b.peer()
    use(d, "t")
    names.set(lookup_example="127.0.0.1")
    d.post("/topic/create", topic="stays")
    a.wait_state({"stays": []}, deadline=20)


def test_a_name_that_moves_is_followed(launch, fakes):
    """The old machine refuses connections; the name leads to another one, on the same port."""
    old = fakes()
    names = Names(lookup_example="127.0.0.1")
    d = launch(lookupd_tcp_address=f"lookup.example:{old.tcp_port}", **names.options())
    d.post("/topic/create", topic="t")
    old.wait_state({"t": []})
    new = fakes(host="127.0.0.2", tcp_port=old.tcp_port)
    names.set(lookup_example="127.0.0.2")
    old.refuse()
    old.drop()
    new.wait_state({"t": []}, deadline=20)
    assert len(old.peers) == 1


def test_a_resolver_that_hangs_holds_up_nobody(launch, fakes):
    a, b = fakes(), fakes()
    names = Names(slow_example="hang")
    d = launch(lookupd_tcp_address=[f"slow.example:{a.tcp_port}", b.address], **names.options())
    b.peer()
    for n in range(3):
        use(d, f"t{n}")
    d.wait_log("its name was not resolved in time", deadline=15)
    names.set(slow_example="127.0.0.1")
    a.peer(deadline=20)


def test_stop_does_not_wait_for_a_resolver_that_hangs(launch, fake):
    shim = Names(slow_example="hang").options()
    shim["env"]["TSAN_OPTIONS"] = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"  # the one that hangs
    d = launch(lookupd_tcp_address=["slow.example:4160", fake.address], **shim)
    fake.peer()
    d.client().pub("t", "x")
    fake.wait_state({"t": []})
    d.stop(deadline=4)
    eventually(lambda: fake.peers[-1].ended)
    d.options["lookupd_tcp_address"] = []
    d.start()
    assert d.consumer("t", "c", 1).message().body == b"x"
