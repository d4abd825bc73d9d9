"""Brokers and discovery daemons that know of each other, each on a host of its own (network.py), at the same ports everywhere."""

import signal

from .load import Worker
from .wait import SLOW, eventually, scaled

# Below the range that outgoing connections are given ports from.
BROKER_TCP, BROKER_HTTP, LOOKUPD_TCP, LOOKUPD_HTTP = 14150, 14151, 14160, 14161
HEARTBEAT = 15  # s between two PINGs of a broker


def in_time(predicate, seconds, what=""):
    """As eventually(), for a promise of the daemons: only what this machine adds is stretched."""
    return eventually(predicate, (seconds + scaled(2)) / SLOW, what)


class Cluster:
    def __init__(self, network, launch, launch_lookupd, *, brokers=3, lookupds=2, clock=None, lookupd_options=None):
        """clock: a shim.Clock that all daemons go by. All are started, and the brokers are registered."""
        self.network, self.clock = network, clock
        common = clock.options() if clock else {}
        self.lookupds = [self._make(launch_lookupd, LOOKUPD_TCP, LOOKUPD_HTTP, **common, **(lookupd_options or {}))
                         for _ in range(lookupds)]
        announce_to = [f"{d.host.address}:{LOOKUPD_TCP}" for d in self.lookupds]
        self.brokers = [self._make(launch, BROKER_TCP, BROKER_HTTP, **common, lookupd_tcp_address=announce_to, node_id=n)
                        for n in range(brokers)]
        for group in (self.lookupds, self.brokers):
            for d in group:
                d.spawn()
            for d in group:
                d.wait_until_ready()
        eventually(lambda: all(self.nodes(d) == self.of(self.brokers) for d in self.lookupds), 20, "all brokers are registered")

    def _make(self, launch, tcp, http, **options):
        host = self.network.host()
        d = launch.make(tcp=f"{host.address}:{tcp}", http_address=f"{host.address}:{http}", broadcast_address=host.address, **options)
        d.host = host
        d.enter = host.enter
        return d

    def daemons(self):
        return [*self.lookupds, *self.brokers]

    @staticmethod
    def of(brokers):
        """Their addresses, as they announce them."""
        return {b.host.address for b in brokers}

    def lookupd_http(self):
        return [d.http_at for d in self.lookupds]

    # what discovery says: sets of addresses

    def nodes(self, lookupd):
        with self.network.on(lookupd.host):
            return {p["broadcast_address"] for p in lookupd.get("/nodes")["producers"]}

    def producers(self, lookupd, topic):
        with self.network.on(lookupd.host):
            r = lookupd.http("GET", "/lookup", {"topic": topic})
        return {p["broadcast_address"] for p in r.json()["producers"]} if r.status == 200 else set()

    def wait_producers(self, topic, brokers, seconds, lookupds=None):
        """Every discovery daemon (or these) names exactly these brokers, in time."""
        for d in self.lookupds if lookupds is None else lookupds:
            in_time(lambda: self.producers(d, topic) == self.of(brokers), seconds,
                    f"{d.host.address} names {self.of(brokers)} for {topic}")

    # time and trouble

    def pass_time(self, seconds, daemons):
        """The clock moves, in steps that none of these, which run, could take for an answer that is late."""
        step = 2.5
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            seconds -= step
            for _ in range(2):  # discovery runs on the loop of HTTP: the first brings it to a turn, the second finds that over
                for d in daemons:
                    assert d.http("GET", "/ping").status == 200

    def thaw(self):
        """Frozen ones go on: only then can they be stopped."""
        for d in self.daemons():
            if d.alive():
                d.signal(signal.SIGCONT)


class Publisher(Worker):
    """Publishes steadily, one message after the other; acked are the bodies that the broker has accepted."""

    def __init__(self, broker, topic):
        super().__init__(broker.tcp)
        self.host, self.topic, self.acked = broker.host, topic, set()
        self.start()

    def work(self, c):
        n = 0
        while not self.ending.wait(0.01):
            body = f"{self.host.address}/{n}".encode()
            c.pub(self.topic, body)
            self.acked.add(body)
            n += 1
