"""Starts that must fail: one clear line, the right exit status, nothing started."""

import os
import re
import socket
import subprocess

import pytest

from pluqtest import daemon as under_test


def failing(d, status=1):
    d.spawn()
    assert d.wait(10) == status
    lines = [line for line in d.log().splitlines() if line.strip()]
    return lines[-1] if status == 1 else d.log()


def test_busy_tcp_port(launch):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
        for kind in ({"tcp": f"127.0.0.1:{port}"}, {"http_address": f"127.0.0.1:{port}"}):
            line = failing(launch.make(**kind))
            assert str(port) in line


def test_data_directory_locked_by_another(launch):
    d = launch()
    line = failing(launch.make(data=d.data))
    assert str(d.data) in line and "use" in line
    d.client().pub("t", "the first serves on")


def test_data_directory_missing(launch, tmp_path):
    d = launch.make(data=tmp_path / "x")
    d.data.rmdir()
    assert str(d.data) in failing(d)


def test_data_path_is_a_file(launch, tmp_path):
    d = launch.make(data=tmp_path / "x")
    d.data.rmdir()
    d.data.write_text("")
    assert str(d.data) in failing(d)


@pytest.mark.parametrize("options, named", [
    ({"node_id": 1024}, "node_id"), ({"max_deflate_level": 10}, "max_deflate_level"), ({"mem_queue_size": -1}, "mem_queue_size"),
    ({"msg_timeout": "soon"}, "msg_timeout"), ({"max_msg_size": 0}, "max_msg_size"), ({"threads": 0}, "threads"),
    ({"mem_queue_sise": 1}, "mem_queue_size"), ({"diskqueue.sync_evry": 1}, "sync_every"), ({"nonsuch.x": 1}, "nonsuch"),
    ({"tcp_address": "127.0.0.1:99999"}, "99999"), ({"auth.on_error": "stale"}, "auth.on_error"),
    ({"auth.on_error": "stale:0"}, "stale:DURATION"), ({"auth.timeout": 0}, "auth.timeout"), ({"auth.deny_tll": 1}, "auth.deny_ttl"),
])
def test_bad_values_and_unknown_keys_name_the_remedy(launch, options, named):
    d = launch.make()
    d.options.update(options)
    assert named in failing(d)


@pytest.mark.parametrize("descriptors", [8, 12, 14])
def test_too_few_descriptors(launch, descriptors):
    # the search for leaks needs some itself
    d = launch.make(nofile=descriptors, env={"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"})
    line = failing(d)
    assert "Too many open files" in line or "out of memory or descriptors" in line
    assert all(re.match(r"pluqd: |\d{4}-\d\d-\d\dT", text) for text in d.log().splitlines()), "a library speaks past the log"


def test_usage(launch):
    for argument in ("--nonsense", "--set"):
        r = subprocess.run([under_test.PROGRAM, argument], capture_output=True, text=True, timeout=20)
        assert r.returncode == 2 and r.stderr


def test_unwritable_data_directory(launch, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    d = launch.make(data=tmp_path / "x")
    d.data.chmod(0o500)
    assert str(d.data) in failing(d)
