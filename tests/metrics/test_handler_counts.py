"""What handlers count. nsqd: each command once, whatever it had to wait for; each error frame that was sent. lookupd: connections."""

import pytest

from pluqtest.lookupd import Lookupd
from pluqtest.metricsdump import Dump, asked
from pluqtest.shim import Faults
from pluqtest.wait import eventually


@pytest.fixture
def dump(tmp_path):
    return Dump(tmp_path, interval="1h")


def commands(s):
    return {x["detail"]: x["value"] for x in s.all("nsqd_commands") if x["value"]}


def test_commands_that_are_parsed_again_count_once(launch, dump):
    """New topics are made on loop 0, and connections go to their topic's loop: what was begun before is parsed again."""
    d = launch(plugins=dump.plugins(), threads=3)
    for i in range(6):
        with d.client() as p:
            p.pub(f"t{i}", b"x")
        with d.consumer(f"t{i}", "c", 1) as c, d.consumer(f"new{i}", "c"):
            c.fin(c.message())
            c.sync()  # one more FIN
    assert commands(asked(d)) == {"PUB": 6, "SUB": 12, "RDY": 6, "FIN": 12}


@pytest.mark.parametrize("size", [10, 100_000, 1_000_000])
def test_bodies_that_come_bit_by_bit(launch, dump, size):
    d = launch(plugins=dump.plugins())
    body = b"x" * size
    with d.client() as p:
        for start in [b"PUB t\n", b"DPUB t 1000\n"]:
            for piece in [start, size.to_bytes(4, "big"), body[:-1], body[-1:]]:
                p.send(piece)
            p.response()
        p.mpub("t", [body] * 4)
        assert commands(asked(d)) == {"PUB": 1, "DPUB": 1, "MPUB": 1}


def test_errors_that_come_later_are_counted(launch, dump):
    """The storage's verdict on a publish."""
    faults = Faults()
    d = launch(plugins=dump.plugins(), mem_queue_size=0, **faults.options())
    with d.client() as p:
        p.pub("t", b"x")
        faults.set("write *.diskqueue.*.dat ENOSPC")
        p.command("PUB t", b"x")
        assert p.frame().data.startswith(b"E_PUB_FAILED ")
        p.closed()
    faults.clear()
    s = asked(d)
    assert s.value("nsqd_errors", detail="E_PUB_FAILED") == 1
    assert s.value("publish_refused", detail="storage") == 1
    eventually(lambda: asked(d).total("nsqd_connections") == 0, 10, "it has left")


def test_connections_of_brokers_by_state(adopt, dump):
    """They open on any loop, and go to loop 0 with their first input."""
    d = adopt(Lookupd(start=False, plugins=dump.plugins(), threads=3)).start()

    def states():
        return {x["detail"]: x["value"] for x in asked(d).all("lookupd_connections")}

    def settle(init, identified):
        eventually(lambda: states() == {"init": init, "identified": identified}, 10, "the connections are counted")

    settle(0, 0)
    with d.broker() as b, d.stranger() as s, d.stranger(magic=b"") as silent:
        settle(2, 1)
        s.identify()
        settle(1, 2)
        b.send(b"NONSENSE\n")
        settle(1, 1)
        silent.send(b"  V1")
        silent.identify()
        settle(0, 2)
    settle(0, 0)
