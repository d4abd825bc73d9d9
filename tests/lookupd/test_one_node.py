"""Both handlers in one process."""

import re

from pluqtest import http
from pluqtest.lookupd import Broker


def test_queue_daemon_and_discovery_daemon_in_one(launch, topic):
    d = launch(**{"lookupd.tcp_address": "127.0.0.1:0", "lookupd.http_address": "127.0.0.1:0"})
    (_, tcp), (_, web) = (re.findall(rf"\b{what}: listening on 127\.0\.0\.1:(\d+)", d.log()) for what in ("TCP", "HTTP"))
    b = Broker(("127.0.0.1", int(tcp)))
    assert b.identify(tcp_port=d.tcp[1], http_port=d.http_at[1])["http_port"] == int(web)
    b.register(topic, "c")
    found = http(("127.0.0.1", int(web)), "GET", "/lookup", {"topic": topic}).json()["producers"]
    assert [(p["remote_address"], p["tcp_port"]) for p in found] == [(b.local, d.tcp[1])]
    consumer = d.consumer(topic, "c", 1)
    d.client().pub(topic, "both work")
    assert consumer.message().body == b"both work"
