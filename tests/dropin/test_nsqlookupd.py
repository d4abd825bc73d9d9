"""The same for the discovery daemon."""

import re
import signal
import socket
import struct

import pytest

from pluqtest import Dropin, eventually
from pluqtest.wait import scaled


def test_version(programs):
    assert re.fullmatch(r"nsqlookupd v1\.3\.0 \(built w/pluq \d+\.\d+\.\d+\)\n", programs("nsqlookupd", "--version").stdout)


def test_help_names_every_flag(programs):
    names = re.findall(r"^  -(\S+)", programs("nsqlookupd", "--help").stderr, re.M)
    assert set(names) == {"config", "version", "log-level", "log-prefix", "verbose", "tcp-address", "http-address", "broadcast-address",
                          "inactive-producer-timeout", "tombstone-lifetime", "set", "check-config", "print-config"}


def test_defaults_are_the_original_s(programs):
    have = programs.printed("nsqlookupd")
    for option, value in {"tcp_address": '"0.0.0.0:4160"', "http_address": '"0.0.0.0:4161"', "inactive_producer_timeout": "5m",
                          "tombstone_lifetime": "45s", "broadcast_address": '""', "level": "info"}.items():
        assert have[option] == (value, "default")


def test_flags_and_file(programs, tmp_path):
    path = tmp_path / "nsqlookupd.toml"
    path.write_text('tombstone_lifetime = 1500\ninactive_producer_timeout = "1m30s"\nlog_prefix = "x"\n')
    have = programs.printed("nsqlookupd", f"-config={path}", "--inactive-producer-timeout", "1h30m", "--set=threads=1")
    assert have["tombstone_lifetime"] == ("1.5s", f"{path}:1")
    assert have["inactive_producer_timeout"] == ("1h30m", "flag --inactive-producer-timeout")
    assert programs("nsqlookupd", "--config", path, "--check-config").stderr.startswith(f"nsqlookupd: {path}:3: log_prefix: ")
    path.write_text("\ntombstone_lifetime = \"45\"\n")
    assert programs.mistake("nsqlookupd", "--config", path).startswith(f"{path}:2: tombstone_lifetime: '45' is not a duration")


def test_wrong_usage_is_status_2(programs):
    assert programs.usage("nsqlookupd", "--mem-queue-size=1") == "flag provided but not defined: -mem-queue-size"
    assert programs.usage("nsqlookupd", "--tombstone-lifetime=45").startswith('invalid value "45" for flag -tombstone-lifetime')


def test_a_busy_port_is_status_1(programs):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
        r = programs("nsqlookupd", f"--tcp-address=127.0.0.1:{port}", "--http-address=127.0.0.1:0", "--log-level=fatal", status=1)
    assert r.stderr.startswith("nsqlookupd: ") and str(port) in r.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_and_stops(adopt, number):
    d = adopt(Dropin.nsqlookupd("--broadcast-address=127.0.0.1", "--verbose")).start()
    assert d.http("GET", "/ping").body == b"OK"
    with socket.create_connection(d.tcp, timeout=scaled(5)) as s:
        s.sendall(b"  V1PING\n")
        assert s.recv(6, socket.MSG_WAITALL) == struct.pack(">i", 2) + b"OK"
    assert "flag --verbose: has no effect" in d.log()
    assert d.files() == []
    d.signal(number)
    assert d.wait() == 0


def address_of(d):
    return "{}:{}".format(*d.tcp)


def producers(d, topic):
    """Their TCP ports, as consumers find them."""
    r = d.http("GET", "/lookup", {"topic": topic})
    return sorted(p["tcp_port"] for p in r.json()["producers"]) if r.status == 200 else []


def test_nsqd_registers_with_the_ones_it_is_told(adopt):
    first, second = (adopt(Dropin.nsqlookupd()).start() for _ in range(2))
    d = adopt(Dropin.nsqd(f"--lookupd-tcp-address={address_of(first)}", "-lookupd-tcp-address", address_of(second),
                          "-broadcast-address=127.0.0.1")).start()
    d.client().pub("topic", "one")
    for lookupd in (first, second):
        eventually(lambda at=lookupd: producers(at, "topic") == [d.tcp[1]], 10, "the broker is found")


def test_hangup_takes_another_list_from_the_file(adopt, tmp_path):
    first, second = (adopt(Dropin.nsqlookupd()).start() for _ in range(2))
    path = tmp_path / "nsqd.toml"
    path.write_text(f'nsqlookupd_tcp_addresses = ["{address_of(first)}"]\n')
    d = adopt(Dropin.nsqd("--config", path)).start()
    d.client().pub("topic", "one")
    eventually(lambda: producers(first, "topic") == [d.tcp[1]], 10, "the broker is found")
    path.write_text(f'nsqlookupd_tcp_addresses = "{address_of(second)}"\n')
    d.signal(signal.SIGHUP)
    eventually(lambda: producers(second, "topic") == [d.tcp[1]], 10, "the broker is found at the other one")
    eventually(lambda: producers(first, "topic") == [], 10, "it has left the first one")
