"""Files that something else has damaged: what can be read is delivered, the rest is set aside, the daemon serves."""

import os
import struct

import pytest

from pluqtest import disk, eventually


def prepared(launch, files, topic_files=None, **options):
    d = launch.make(**options)
    disk.write_metadata(d.data, {"t": ["c"]})
    disk.write_queue(d.data, "t:c", files)
    return d


def records(first, n, size=20):
    return [disk.record(i, b"%d." % i + b"x" * size) for i in range(first, first + n)]


def numbers(messages):
    return [int(m.body.split(b".")[0]) for m in messages]


def data(d, number):
    return d.data / disk.data_name("t:c", number)


def take_all(d, n):
    c = d.consumer("t", "c", 100)
    got = numbers(c.messages(n, finish=True))
    c.sync()
    c.nothing(0.1)
    d.wait_channel("t", "c", depth=0, in_flight_count=0)
    c.close()
    return got


def still_works(d):
    """Serves on, and leaves at its stop what the original can go on with."""
    d.client().pub("t", "900.")
    with d.consumer("t", "c", 1) as c:
        assert numbers(c.messages(1, finish=True)) == [900]
        c.sync()
    assert d.http("GET", "/ping").body == b"OK"
    d.client().pub("t", "901.")
    d.wait_channel("t", "c", depth=1)
    d.stop()
    assert [r.body for r in disk.pending(d.data, "t:c")] == [b"901."]


LENGTHS = [0, -1, 1, 25, 2147483647, -2147483648, 1048576 + 27, 0x20202020]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_bad_length_in_the_middle_of_a_complete_file(launch, length):
    d = prepared(launch, [records(0, 10), records(10, 10)])
    at = sum(len(r.encode()) for r in records(0, 4))
    with open(data(d, 0), "r+b") as f:
        f.seek(at)
        f.write(struct.pack(">i", length))
    d.start()
    assert take_all(d, 14) == [0, 1, 2, 3, *range(10, 20)]
    eventually(lambda: d.files("*.bad") == ["t:c.diskqueue.000000.dat.bad"])
    still_works(d)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_bad_length_in_the_write_file(launch, length):
    d = prepared(launch, [records(0, 10)])
    at = sum(len(r.encode()) for r in records(0, 4))
    with open(data(d, 0), "r+b") as f:
        f.seek(at)
        f.write(struct.pack(">i", length))
    d.start()
    assert take_all(d, 4) == [0, 1, 2, 3]
    eventually(lambda: d.files("*.bad") == ["t:c.diskqueue.000000.dat.bad"])
    still_works(d)


@pytest.mark.parametrize("cut, left", [(1, 9), (5, 9), (30, 9), (52, 9), (53, 8)])
def test_a_complete_file_cut_short(launch, cut, left):
    """52 bytes are the last record whole: the file then ends where a record ends."""
    d = prepared(launch, [records(0, 10), records(10, 10)])
    os.truncate(data(d, 0), data(d, 0).stat().st_size - cut)
    d.start()
    assert take_all(d, left + 10) == [*range(left), *range(10, 20)]
    still_works(d)


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_torn_last_record(launch, cut):
    d = prepared(launch, [records(0, 10)])
    os.truncate(data(d, 0), data(d, 0).stat().st_size - cut)
    d.start()
    assert take_all(d, 9) == list(range(9))
    still_works(d)


def test_a_missing_file_in_the_middle(launch):
    d = prepared(launch, [records(0, 5), records(5, 5), records(10, 5)])
    data(d, 1).unlink()
    d.start()
    assert take_all(d, 10) == [*range(5), *range(10, 15)]
    still_works(d)


def test_a_missing_write_file(launch):
    d = prepared(launch, [records(0, 5)])
    data(d, 0).unlink()
    d.start()
    d.wait_channel("t", "c", depth=0)
    still_works(d)


def test_bytes_after_the_write_position_are_recovered(launch):
    """Metadata older than the data, as a kill leaves it."""
    d = prepared(launch, [records(0, 5)])
    with open(data(d, 0), "ab") as f:
        f.write(b"".join(r.encode() for r in records(5, 3)))
    d.start()
    assert take_all(d, 8) == list(range(8))
    assert d.files("*.bad") == []
    still_works(d)


@pytest.mark.parametrize("rest", [b"\0", b"\0\0\0", b"\0\0\0\x20abc", b"\0" * 100])
def test_a_torn_record_after_the_write_position(launch, rest):
    d = prepared(launch, [records(0, 5)])
    with open(data(d, 0), "ab") as f:
        f.write(records(5, 1)[0].encode() + rest)
    d.start()
    assert take_all(d, 6) == list(range(6))
    still_works(d)


def test_newer_files_than_the_metadata_knows(launch):
    """The writer had rolled, and was killed before the metadata was saved."""
    d = prepared(launch, [records(0, 5)])
    disk.write(data(d, 1), b"".join(r.encode() for r in records(5, 5)))
    disk.write(data(d, 2), b"".join(r.encode() for r in records(10, 5)))
    d.start()
    got = take_all(d, 15)
    assert got == list(range(15))
    assert d.files("*.bad") == []
    still_works(d)


@pytest.mark.parametrize("meta", [None, b"", b"junk", b"1\n", b"-5\n0,0\n0,100\n", b"5\n0,-1\n0,-7\n", b"99999999999999999999\n0,0\n0,0\n"])
def test_a_lost_or_unreadable_meta_file(launch, meta):
    """The original overwrites the data then; here it is found again or kept aside, never overwritten."""
    d = prepared(launch, [records(0, 5), records(5, 5)])
    path = d.data / disk.meta_name("t:c")
    path.unlink()
    if meta is not None:
        disk.write(path, meta)
    kept = [data(d, n).read_bytes() for n in (0, 1)]
    d.start()
    d.client().pub("t", "900.")
    c = d.consumer("t", "c", 100)
    got = numbers([c.message()])
    try:
        while True:
            m = c.message(timeout=0.3)
            c.fin(m)
            got += numbers([m])
    except AssertionError:
        pass
    assert 900 in got
    if set(got) >= set(range(10)):
        return
    aside = [(d.data / n).read_bytes() for n in d.files("t:c*") if "meta" not in n]
    assert all(k in aside for k in kept), got


def test_positions_past_the_end(launch):
    d = prepared(launch, [records(0, 5)])
    disk.write(d.data / disk.meta_name("t:c"), b"5\n7,1000\n3,50\n")
    d.start()
    d.client().pub("t", "900.")
    c = d.consumer("t", "c", 100)
    got = []
    eventually(lambda: got.extend(numbers(c.messages(1, timeout=1, finish=True))) or 900 in got)
    assert set(got) <= {900, *range(5)}


def test_read_position_inside_a_record(launch):
    d = prepared(launch, [records(0, 5), records(5, 5)])
    m = disk.read_meta(d.data, "t:c")
    disk.write(d.data / disk.meta_name("t:c"), m._replace(read_pos=7).encode())
    d.start()
    c = d.consumer("t", "c", 100)
    assert set(numbers(c.messages(5, finish=True))) >= set(range(5, 10))


def test_bad_files_are_never_read(launch):
    d = prepared(launch, [records(0, 2)])
    disk.write(d.data / "t:c.diskqueue.000000.dat.bad", b"".join(r.encode() for r in records(50, 5)))
    d.start()
    assert take_all(d, 2) == [0, 1]


def test_a_smaller_message_limit_condemns_nothing_silently(launch):
    """Stored messages above max_msg_size: what comes behind them is still delivered."""
    d = prepared(launch, [records(0, 2), records(2, 1, size=5000), records(3, 2)], max_msg_size=1000)
    d.start()
    c = d.consumer("t", "c", 100)
    got = []
    eventually(lambda: got.extend(numbers(c.messages(1, timeout=1, finish=True))) or {0, 1, 3, 4} <= set(got), 10)


def test_junk_of_every_kind_as_a_data_file(launch):
    import random
    rng = random.Random(4711)
    for _ in range(30):
        d = prepared(launch, [records(0, 3), records(3, 3)])
        whole = bytearray(data(d, 0).read_bytes())
        for _ in range(3):
            whole[rng.randrange(len(whole))] = rng.randrange(256)
        data(d, 0).write_bytes(whole)
        d.start()
        c = d.consumer("t", "c", 100)
        bodies = []
        eventually(lambda: bodies.append(c.message(timeout=2).body) or records(5, 1)[0].body in bodies, 10)
        d.stop()
        d.remove()
