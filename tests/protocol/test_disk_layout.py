"""The original's files, both ways: bytes after a clean stop, and a start on bytes made here."""

import json
import stat

import pytest

from pluqtest import disk, eventually


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_metadata_after_a_clean_stop(launch):
    d = launch()
    d.post("/topic/create", topic="empty")
    c = d.consumer("t", "c")
    d.consumer("t", "e#ephemeral")
    d.consumer("gone#ephemeral", "durable")
    d.post("/channel/pause", topic="t", channel="c")
    d.post("/topic/pause", topic="t")
    c.close()
    d.stop()
    path = d.data / "nsqd.dat"
    raw = path.read_bytes()
    parsed = json.loads(raw)
    assert raw == json.dumps(parsed, separators=(",", ":")).encode()
    assert mode(path) == 0o600
    assert isinstance(parsed["version"], str)
    assert disk.metadata(d.data) == {"empty": (False, {}), "t": (True, {"c": True})}
    assert [p for p in d.files() if p.endswith(".tmp")] == []


def test_metadata_of_nothing(launch):
    d = launch()
    d.stop()
    assert json.loads((d.data / "nsqd.dat").read_bytes())["topics"] is None
    d.start()
    d.post("/topic/create", topic="t")
    d.stop()
    assert json.loads((d.data / "nsqd.dat").read_bytes())["topics"] == [{"name": "t", "paused": False, "channels": None}]


def test_queue_files_after_a_clean_stop(launch):
    d = launch()
    c = d.consumer("t", "c", 2)
    p = d.client()
    p.mpub("t", ["one", "two", "three"])
    p.pub("lone", b"\0\xff")
    first, second = c.messages(2)
    c.fin(first)
    c.message()
    c.sync()
    lone = d.consumer("probe", "c")  # lets the last snapshot settle
    lone.close()
    d.stop()
    records = disk.pending(d.data, "t:c")
    assert sorted((r.body, r.attempts) for r in records) == [(b"three", 1), (b"two", 1)]
    two, = [r for r in records if r.body == b"two"]
    assert (two.id, two.timestamp) == (second.id, second.timestamp)
    assert disk.read_meta(d.data, "t:c").depth == 2
    lone, = disk.pending(d.data, "lone")
    assert (lone.body, lone.attempts) == (b"\0\xff", 0)
    for name in d.files("*.diskqueue.*"):
        assert mode(d.data / name) == 0o600, name


def test_an_empty_queue_leaves_no_data_file_without_a_meta_file(launch):
    """The original takes a queue without a meta file for a new one, whatever data files there are."""
    d = launch(mem_queue_size=0)
    c = d.consumer("t", "c", 1)
    d.consumer("untouched", "c").close()
    d.client().pub("t", "x")
    c.bodies(1)
    c.sync()
    d.stop()
    for queue in ("t", "t:c", "untouched", "untouched:c"):
        if (d.data / disk.meta_name(queue)).exists():
            m = disk.read_meta(d.data, queue)
            assert m.depth == 0 and (m.read_file, m.read_pos) == (m.write_file, m.write_pos)
        else:
            assert d.files(f"{queue}.diskqueue.*.dat") == []


def test_no_data_file_is_longer_than_the_write_position(launch):
    d = launch(mem_queue_size=0, max_bytes_per_file=500)
    c = d.consumer("t", "c", 5)
    d.client().mpub("t", ["x" * 50] * 100)
    c.bodies(37)
    c.sync(skip=True)
    d.stop()
    assert len(disk.pending(d.data, "t:c")) == 63
    for name in d.files("t:c.diskqueue.0*.dat"):
        assert (d.data / name).stat().st_size <= 500


def test_rolling(launch):
    d = launch(mem_queue_size=0, max_bytes_per_file=200)
    p = d.client()
    p.pub("t", "a" * 70)   # 100 bytes
    p.pub("t", "b" * 70)   # exactly full
    p.pub("t", "c" * 500)  # larger than a file: one of its own
    p.pub("t", "d")
    d.stop()
    sizes = [(n, (d.data / n).stat().st_size) for n in d.files("t.diskqueue.0*.dat")]
    assert sizes == [("t.diskqueue.000000.dat", 200), ("t.diskqueue.000001.dat", 530), ("t.diskqueue.000002.dat", 31)]
    assert (d.data / "t.diskqueue.meta.dat").read_bytes() == b"4\n0,0\n2,31\n"


def originals(d, records):
    disk.write_metadata(d.data, {"t": ["c"]})
    disk.write_queue(d.data, "t:c", records)
    disk.write_queue(d.data, "t", [[]])


def test_start_on_a_directory_of_the_original(launch):
    d = launch.make()
    files = [[disk.record(i, b"m%d" % i, attempts=i % 4) for i in range(f * 10, f * 10 + 10)] for f in range(3)]
    originals(d, files)
    d.start()
    assert d.channel_stats("t", "c")["depth"] == 30
    got = d.consumer("t", "c", 50).messages(30, finish=True)
    wanted = [r for f in files for r in f]
    assert [(m.body, m.id, m.timestamp) for m in got] == [(r.body, r.id, r.timestamp) for r in wanted]
    assert [m.attempts for m in got] == [r.attempts + 1 for r in wanted]
    d.stop()
    assert disk.pending(d.data, "t:c") == []
    assert d.files("*.bad") == []


def test_the_read_position_is_taken_up_in_the_middle_of_a_file(launch):
    d = launch.make()
    disk.write_metadata(d.data, {"t": ["c"]})
    records = [disk.record(i, b"m%d" % i) for i in range(10)]
    disk.write_queue(d.data, "t:c", [records], read_pos=4 * len(records[0].encode()), depth=6, first=17)
    d.start()
    c = d.consumer("t", "c", 50)
    assert c.bodies(6) == [b"m%d" % i for i in range(4, 10)]
    c.nothing(0.05)


@pytest.mark.parametrize("meta, first", [
    ("0\n0,0\n0,0\n", 0),      # as it is left for a topic or channel that never had anything on disk
    ("0\n7,0\n7,0\n", 7),      # emptied
    ("0\n7,300\n7,300\n", 8),  # its file is gone: the original would write at 300 of a new one
])
def test_a_meta_file_alone(launch, meta, first):
    d = launch.make(mem_queue_size=0)
    disk.write_metadata(d.data, {"t": []})
    disk.write(d.data / "t.diskqueue.meta.dat", meta.encode())
    d.start()
    assert d.topic_stats("t")["depth"] == 0
    d.client().pub("t", "x")
    d.stop()
    assert [r.body for r in disk.pending(d.data, "t")] == [b"x"]
    assert d.files("t.diskqueue.0*") == [f"t.diskqueue.{first:06d}.dat"]
    assert " warn " not in d.log() and " error " not in d.log()


def test_a_reader_at_the_end_of_a_complete_file(launch):
    """The original takes this file, of which nothing is left, for a bad one."""
    d = launch.make()
    done = [disk.record(i, b"done") for i in range(3)]
    originals(d, [done, [disk.record(9, b"x")]])
    disk.write(d.data / "t:c.diskqueue.meta.dat", disk.Meta(1, 0, sum(len(r.encode()) for r in done), 1, 31).encode())
    d.start()
    assert d.channel_stats("t", "c")["depth"] == 1
    d.stop()
    assert [r.body for r in disk.pending(d.data, "t:c")] == [b"x"]
    assert d.files("*.bad") == []
    assert " error " not in d.log()


def test_a_directory_of_the_original_is_left_alone(launch):
    """Started and stopped, nothing more: every file of a queue is what it was."""
    d = launch.make()
    originals(d, [[disk.record(10 * f + i, b"%d" % i) for i in range(10)] for f in range(3)])
    disk.write_queue(d.data, "unlisted", [[disk.record(1, b"x")]], first=5)
    before = {n: (d.data / n).read_bytes() for n in d.files("*.diskqueue.*")}
    d.start()
    d.stop()
    assert {n: (d.data / n).read_bytes() for n in d.files("*.diskqueue.*")} == before


def test_deleting_leaves_bad_files(launch):
    d = launch.make(mem_queue_size=0)
    originals(d, [[disk.record(1, b"x")]])
    disk.write(d.data / "t:c.diskqueue.000000.dat.bad", b"junk")
    d.start()
    d.client().pub("t", "y")
    d.post("/channel/empty", topic="t", channel="c")
    assert d.files("t:c.diskqueue.0*") == ["t:c.diskqueue.000000.dat.bad"]
    d.post("/topic/delete", topic="t")
    assert d.files("t*") == ["t:c.diskqueue.000000.dat.bad"]


def test_a_record_with_an_empty_body_is_delivered(launch):
    d = launch.make()
    originals(d, [[disk.record(1, b""), disk.record(2, b"x")]])
    d.start()
    assert d.consumer("t", "c", 5).bodies(2) == [b"", b"x"]


def test_meta_without_its_last_newline(launch):
    d = launch.make()
    originals(d, [[disk.record(1, b"x")]])
    path = d.data / "t:c.diskqueue.meta.dat"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    d.start()
    assert d.consumer("t", "c", 5).bodies(1) == [b"x"]


def test_a_wrong_depth_is_corrected(launch):
    for depth in (0, 2, 99):
        d = launch.make()
        disk.write_metadata(d.data, {"t": ["c"]})
        disk.write_queue(d.data, "t:c", [[disk.record(i, b"%d" % i) for i in range(5)]], depth=depth)
        d.start()
        c = d.consumer("t", "c", 10)
        assert c.bodies(5) == [b"%d" % i for i in range(5)]
        c.sync()
        d.wait_channel("t", "c", depth=0)
        d.stop()


def test_a_topics_own_backlog(launch):
    d = launch.make()
    disk.write_metadata(d.data, {"t": []})
    disk.write_queue(d.data, "t", [[disk.record(i, b"%d" % i) for i in range(5)]])
    d.start()
    assert d.topic_stats("t")["depth"] == 5
    assert d.consumer("t", "c", 10).bodies(5) == [b"%d" % i for i in range(5)]


def test_paused_states_are_taken_over(launch):
    d = launch.make()
    disk.write_metadata(d.data, {("t", True): ["c", ("p", True)]})
    d.start()
    t = d.topic_stats("t")
    assert t["paused"] and [(c["channel_name"], c["paused"]) for c in t["channels"]] == [("c", False), ("p", True)]


@pytest.mark.parametrize("text, topics", [
    ("{}", []), ('{"topics":null,"version":"1.3.0"}', []), ('{"topics":[],"x":{"y":[1]}}', []),
    ('{"topics":[{"name":"t","channels":null}]}', ["t"]), ('{"topics":[{"name":"t"}]}', ["t"]),
    ('{"version":"0.2.0","topics":[{"channels":[{"name":"c","junk":1}],"paused":false,"name":"t"}]}', ["t"]),
    ('{"topics":[{"name":"bad!","channels":[{"name":"c"}]},{"name":"good","channels":[{"name":"b d"},{"name":"c"}]}]}', ["good"]),
    ('{"topics":[{"name":"t#ephemeral"}]}', ["t#ephemeral"]),
    (' {\n "topics" : [ { "name" : "t" } ] } \n', ["t"]),
])
def test_metadata_that_is_read(launch, text, topics):
    d = launch.make()
    disk.write(d.data / "nsqd.dat", text.encode())
    d.start()
    assert [t["topic_name"] for t in d.stats()["topics"]] == topics
    if "good" in topics:
        assert [c["channel_name"] for c in d.topic_stats("good")["channels"]] == ["c"]
        assert len([line for line in d.log().splitlines() if " warn " in line]) == 2


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"junk", b'{"topics":5}', b"\0" * 100])
def test_metadata_that_stops_the_start(launch, data):
    d = launch.make()
    disk.write(d.data / "nsqd.dat", data)
    d.spawn()
    assert d.wait() == 1
    assert "nsqd.dat" in d.log()
    assert (d.data / "nsqd.dat").read_bytes() == data, "it must be left for the operator to look at"


def test_queue_files_of_unlisted_topics_stay_until_they_are_made(launch):
    d = launch.make()
    disk.write_queue(d.data, "later:c", [[disk.record(1, b"x"), disk.record(2, b"y")]])
    d.start()
    assert d.stats()["topics"] == []
    assert d.files("later*")
    assert d.consumer("later", "c", 5).bodies(2) == [b"x", b"y"]


def test_file_numbers_do_not_go_back_when_emptied(launch):
    d = launch(mem_queue_size=0, max_bytes_per_file=100)
    d.client().pub_all("t", ["x" * 60] * 5)
    d.post("/topic/empty", topic="t")
    d.client().pub("t", "y")
    d.stop()
    m = disk.read_meta(d.data, "t")
    assert m.depth == 1 and m.read_file >= 5
    assert [r.body for r in disk.pending(d.data, "t")] == [b"y"]


def test_seven_digit_file_numbers(launch):
    d = launch.make(max_bytes_per_file=100, mem_queue_size=0)
    disk.write_metadata(d.data, {"t": []})
    disk.write_queue(d.data, "t", [[disk.record(1, b"x")]], first=999_999)
    d.start()
    d.client().pub_all("t", ["y" * 60, "z" * 60])
    assert "t.diskqueue.1000000.dat" in d.files()
    assert d.consumer("t", "c", 5).bodies(3) == [b"x", b"y" * 60, b"z" * 60]
    d.stop()
    assert d.files("*.bad") == []


def test_stale_temporary_files_are_not_read(launch):
    d = launch.make()
    originals(d, [[disk.record(1, b"x")]])
    disk.write(d.data / "nsqd.dat.12345.tmp", b"junk")
    disk.write(d.data / "t:c.diskqueue.meta.dat.99.tmp", b"7\n0,0\n0,999\n")
    d.start()
    assert d.consumer("t", "c", 5).bodies(1) == [b"x"]


def test_sync_every_updates_the_meta_file(launch):
    d = launch(mem_queue_size=0, sync_every=3, sync_timeout="1h")
    p = d.client()
    p.pub_all("t", ["x"] * 3)
    eventually(lambda: (d.data / "t.diskqueue.meta.dat").exists())
    eventually(lambda: disk.read_meta(d.data, "t").depth == 3)


def test_sync_timeout_updates_the_meta_file(launch):
    d = launch(mem_queue_size=0, sync_every=100000, sync_timeout="100ms")
    d.client().pub("t", "x")
    eventually(lambda: (d.data / "t.diskqueue.meta.dat").exists() and disk.read_meta(d.data, "t").depth == 1)
