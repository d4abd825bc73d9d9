"""snapshot_file: names of topics and channels survive a restart, producers do not."""

import json
import os

import pytest

from pluqtest import eventually, never


def saved(path):
    """{topic: channels} as the file has it now."""
    if not path.exists():
        return None
    s = json.loads(path.read_text())
    assert s["pluq_lookupd_snapshot"] == 1
    return {t["name"]: sorted(t["channels"]) for t in s["topics"]}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "snapshot.json"


def known(d):
    return {t: d.channels(t) for t in d.topics()}


def test_names_survive_a_restart(launch_lookupd, path):
    d = launch_lookupd(snapshot_file=path)
    assert d.topics() == []
    b = d.broker()
    b.register("t", "a")
    b.register("t", "b")
    b.register("u")
    d.post("/channel/create", topic="v", channel="c")
    d.restart()
    assert known(d) == {"t": ["a", "b"], "u": [], "v": ["c"]} and d.nodes() == {}
    assert d.lookup("t") == (["a", "b"], [])
    again = d.broker()
    again.register("t")
    assert d.lookup("t") == (["a", "b"], [again.local])
    d.post("/topic/delete", topic="t")
    d.post("/channel/delete", topic="v", channel="c")
    d.restart()
    assert known(d) == {"u": [], "v": []}


def test_ephemeral_names_do_not(launch_lookupd, path):
    d = launch_lookupd(snapshot_file=path)
    b = d.broker()
    b.register("t", "a#ephemeral")
    b.register("t#ephemeral", "a")
    d.restart()
    assert known(d) == {"t": []}


def test_it_is_written_while_running(launch_lookupd, path):
    d = launch_lookupd(snapshot_file=path)
    for i in range(100):
        d.post("/channel/create", topic="t", channel=f"c{i}")
    eventually(lambda: saved(path) == {"t": sorted(f"c{i}" for i in range(100))}, 10)
    d.kill()
    d.start()
    assert len(d.channels("t")) == 100
    assert os.listdir(path.parent) == [path.name], "no temporary file is left"


def test_it_is_not_written_without_a_change(launch_lookupd, path):
    d = launch_lookupd(snapshot_file=path)
    d.post("/topic/create", topic="t")
    eventually(lambda: saved(path) == {"t": []}, 10)
    before = path.stat()
    b = d.broker()
    b.register("t")
    b.register("t", "e#ephemeral")
    b.ping()
    b.close()
    d.post("/topic/create", topic="t")
    d.stop()
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_many_names(launch_lookupd, path):
    names = {f"topic-{i}": [f"c{k}" for k in range(3)] for i in range(5000)}
    path.write_text(json.dumps({"pluq_lookupd_snapshot": 1,
                                "topics": [{"name": t, "channels": c} for t, c in names.items()]}))
    d = launch_lookupd(snapshot_file=path)
    assert set(d.topics()) == set(names)
    d.post("/topic/create", topic="one-more")
    d.restart()
    assert saved(path) == {**names, "one-more": []}
    assert len(d.topics()) == 5001 and d.channels("topic-4999") == ["c0", "c1", "c2"]


DAMAGED = [
    b"", b"{", b"[]", b"null", b"{}", b'{"pluq_lookupd_snapshot":2,"topics":[]}', b'{"pluq_lookupd_snapshot":1}',
    b'{"pluq_lookupd_snapshot":1,"topics":{}}', b'{"pluq_lookupd_snapshot":1,"topics":[1]}',
    b'{"pluq_lookupd_snapshot":1,"topics":[{"name":"t"}]}', b'{"pluq_lookupd_snapshot":1,"topics":[{"channels":[]}]}',
    b'{"pluq_lookupd_snapshot":1,"topics":[{"name":"*","channels":[]}]}',
    b'{"pluq_lookupd_snapshot":1,"topics":[{"name":"t","channels":["a b"]}]}',
    b'{"pluq_lookupd_snapshot":1,"topics":[{"name":"t","channels":[1]}]}',
    b'{"pluq_lookupd_snapshot":1,"topics":[]}x', b"\xff\xfe", b"[" * 100000,
]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_stops_the_start(launch_lookupd, path, content):
    path.write_bytes(content)
    d = launch_lookupd.make(snapshot_file=path)
    d.spawn()
    assert d.wait() == 1
    lines = [line for line in d.log().splitlines() if line.startswith("pluqd: ")]
    assert len(lines) == 1 and str(path) in lines[0] and "is damaged" in lines[0] and "lookupd" in lines[0]
    assert path.read_bytes() == content


def test_what_is_no_file_stops_the_start(launch_lookupd, path):
    path.mkdir()
    for wrong, said in [(path, "is not a file"), (path / "none" / "x", "directory")]:
        d = launch_lookupd.make(snapshot_file=wrong)
        d.spawn()
        assert d.wait() == 1
        assert str(path) in d.log() and said in d.log()


def test_a_failing_write_is_told_and_tried_again(launch_lookupd, path):
    folder = path.parent / "folder"
    folder.mkdir()
    path = folder / "snapshot.json"
    d = launch_lookupd(snapshot_file=path)
    folder.rename(folder.parent / "away")
    d.post("/topic/create", topic="t")
    d.wait_log(r"error lookupd: snapshot_file: .*folder/snapshot.json.*tried again", 10)
    d.post("/topic/create", topic="u")
    assert d.topics() == ["t", "u"], "nobody is held up"
    (folder.parent / "away").rename(folder)
    eventually(lambda: saved(path) == {"t": [], "u": []}, 20)
    d.wait_log("is written again")


def test_a_write_that_fails_at_the_stop_is_told(launch_lookupd, path):
    folder = path.parent / "folder"
    folder.mkdir()
    d = launch_lookupd(snapshot_file=folder / "snapshot.json")
    folder.rmdir()
    d.post("/topic/create", topic="t")
    d.stop()
    assert "the last changes are not in it" in d.log()


def test_off_by_default(launch_lookupd):
    d = launch_lookupd()
    d.post("/topic/create", topic="t")
    d.restart()
    assert d.topics() == []
    never(lambda: "snapshot" in d.log(), 0.05)
