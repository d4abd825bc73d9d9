"""GET /info; GET and PUT /config/:opt."""

import json
import re
import time

import pytest

from pluqtest import eventually

OPTIONS = {"mem_queue_size": 123, "msg_timeout": "1m30s", "topology_zone": "z1", "enable_experiment": ["one", "two"],
           "broadcast_address": "announced.example", "sync_timeout": "3s", "node_id": 7}

INFO = ["version", "broadcast_address", "hostname", "http_port", "tcp_port", "start_time", "max_heartbeat_interval",
        "max_output_buffer_size", "max_output_buffer_timeout", "max_deflate_level", "topology_zone", "topology_region"]


def config(broker, key):
    return broker.http("GET", f"/config/{key}")


def test_info(broker):
    r = broker.http("GET", "/info")
    info = r.json()
    assert list(info) == INFO
    assert r.body == json.dumps(info, separators=(",", ":")).encode()
    assert (info["http_port"], info["tcp_port"]) == (broker.http_at[1], broker.tcp[1])
    assert info["broadcast_address"] == "announced.example" and info["hostname"]
    assert abs(info["start_time"] - time.time()) < 300
    assert (info["max_heartbeat_interval"], info["max_output_buffer_timeout"]) == (60_000_000_000, 30_000_000_000)
    assert (info["max_output_buffer_size"], info["max_deflate_level"]) == (65536, 6)
    assert (info["topology_zone"], info["topology_region"]) == ("z1", "")
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", info["version"])


def test_info_without_http_cannot_be_asked_but_tcp_serves(launch):
    d = launch(http_address="")
    d.client().pub("t", "x")


@pytest.mark.parametrize("key, value", [
    ("mem_queue_size", 123), ("max_rdy_count", 2500), ("max_msg_size", 1048576), ("max_body_size", 5242880), ("id", 7),
    ("msg_timeout", 90_000_000_000), ("max_msg_timeout", 900_000_000_000), ("max_req_timeout", 3_600_000_000_000),
    ("output_buffer_timeout", 250_000_000), ("min_output_buffer_timeout", 25_000_000), ("max_heartbeat_interval", 60_000_000_000),
    ("max_channel_consumers", 0), ("max_deflate_level", 6), ("queue_scan_selection_count", 20),
    ("sync_every", 2500), ("sync_timeout", 3_000_000_000), ("max_bytes_per_file", 104857600),
    ("enable_experiment", ["one", "two"]),
])
def test_json_values(broker, key, value):
    r = config(broker, key)
    assert (r.status, r.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert r.body == json.dumps(value, separators=(",", ":")).encode()


@pytest.mark.parametrize("key, value", [("topology_zone", "z1"), ("topology_region", ""), ("broadcast_address", "announced.example")])
def test_string_values(broker, key, value):
    r = config(broker, key)
    assert (r.status, r.body.decode(), r.headers["content-type"]) == (200, value, "text/plain; charset=utf-8")


def test_data_path_and_addresses(broker):
    assert config(broker, "data_path").body.decode() == str(broker.data)
    assert config(broker, "tcp_address").body == b"127.0.0.1:0"


def test_broadcast_ports_are_those_announced(broker):
    assert config(broker, "broadcast_tcp_port").json() == broker.tcp[1]
    assert config(broker, "broadcast_http_port").json() == broker.http_at[1]


@pytest.mark.parametrize("key", ["nonsense", "node_id", "version", "config", "verbose", "lookupd_tcp_address", "MEM_QUEUE_SIZE",
                                 "mem-queue-size", "plugin_dir"])
def test_unknown_keys(broker, key):
    r = config(broker, key)
    assert (r.status, r.message) == (400, "INVALID_OPTION")


def put(broker, key, body):
    r = broker.http("PUT", f"/config/{key}", body=body)
    return r.status, r.body if r.status == 200 else r.message


def test_log_level_is_changed_at_run_time(broker, topic):
    levels = {"debug": 1, "info": 2, "warn": 3, "error": 4, "fatal": 5}
    try:
        for word, number in levels.items():
            for spelled in (word, word.upper(), word.title()):
                assert put(broker, "log_level", spelled.encode()) == (200, b"%d" % number)
                assert config(broker, "log_level").json() == number
        size = len(broker.log())
        broker.http("GET", "/quiet-now")
        put(broker, "log_level", b"info")
        broker.http("GET", "/loud-again")
        broker.wait_log("/loud-again")
        assert "/quiet-now" not in broker.log()[size:]
    finally:
        put(broker, "log_level", b"debug")


@pytest.mark.parametrize("body", [b'"info"', b"information", b"2", b" info", b"info\n", b"warning"])
def test_log_level_that_does_not_parse(broker, body):
    assert put(broker, "log_level", body) == (400, "INVALID_VALUE")


@pytest.mark.parametrize("key", ["log_level", "mem_queue_size", "nonsense"])
def test_put_body_size_is_checked_first(broker, key):
    assert put(broker, key, b"") == (413, "INVALID_VALUE")
    assert put(broker, key, b"x" * (1048576 + 1)) == (413, "INVALID_VALUE")


@pytest.mark.parametrize("key", ["mem_queue_size", "msg_timeout", "nonsense", "LOG_LEVEL"])
def test_put_of_any_other_key(broker, key):
    assert put(broker, key, b"1") == (400, "INVALID_OPTION")


def test_put_values_are_not_saved(launch):
    d = launch(**{"log.level": "info"})
    assert put(d, "log_level", b"error") == (200, b"4")
    d.restart()
    assert config(d, "log_level").json() == 2
    eventually(lambda: d.http("GET", "/ping").body == b"OK")
