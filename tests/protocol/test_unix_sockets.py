"""Both listeners on unix sockets."""

import os
import socket
import stat
import tempfile

import pytest


@pytest.fixture
def folder():
    """A socket's path is limited to about 100 bytes; pytest's own folders can be longer."""
    path = tempfile.mkdtemp(prefix="pluqtest-")
    yield path
    os.rmdir(path)


@pytest.fixture
def local(launch, folder):
    d = launch(tcp=f"{folder}/tcp.sock", http_address=f"{folder}/http.sock")
    yield d
    d.stop()
    assert os.listdir(folder) == [], "sockets are removed at exit"


def test_everything_works_over_them(local):
    c = local.consumer("t", "c", 1)
    c.pub("t", "x")
    assert c.message().body == b"x"
    local.post("/pub", "y", topic="t")
    s = local.stats(topic="t")
    client, = s["topics"][0]["channels"][0]["clients"]
    assert (client["remote_address"], client["client_id"]) == ("@", "")
    info = local.http("GET", "/info").json()
    assert (info["tcp_port"], info["http_port"]) == (-1, -1)


def test_wrong_magic(local):
    local.client(magic=b"  V9").fatal("E_BAD_PROTOCOL")


def test_the_socket_is_one(local):
    assert stat.S_ISSOCK(os.stat(local.tcp).st_mode)


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(launch, folder):
    path = f"{folder}/tcp.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(path)
    stale.close()
    d = launch(tcp=path)
    d.client().pub("t", "x")
    with pytest.raises(RuntimeError, match="status 1"):
        launch(tcp=path)
    d.client().pub("t", "still served")
    d.stop()
    assert not os.path.exists(path)
