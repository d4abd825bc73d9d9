"""The original's files at rest, written and read independently of the daemon."""

import json
import os
import struct
from typing import NamedTuple


class Record(NamedTuple):
    timestamp: int
    attempts: int
    id: bytes
    body: bytes

    def encode(self):
        payload = struct.pack(">qH", self.timestamp, self.attempts) + self.id + self.body
        return struct.pack(">i", len(payload)) + payload


def parse_records(data):
    """Every record of a data file; fails on anything that is not whole."""
    records, at = [], 0
    while at < len(data):
        length, = struct.unpack_from(">i", data, at)
        assert 26 <= length <= len(data) - at - 4, f"record length {length} at {at} of {len(data)}"
        timestamp, attempts = struct.unpack_from(">qH", data, at + 4)
        records.append(Record(timestamp, attempts, data[at + 14:at + 30], data[at + 30:at + 4 + length]))
        at += 4 + length
    return records


class Meta(NamedTuple):
    depth: int
    read_file: int
    read_pos: int
    write_file: int
    write_pos: int

    def encode(self):
        return f"{self.depth}\n{self.read_file},{self.read_pos}\n{self.write_file},{self.write_pos}\n".encode()

    @classmethod
    def parse(cls, data):
        lines = data.decode().split("\n")
        assert len(lines) == 4 and lines[3] == "", data
        return cls(int(lines[0]), *(int(n) for line in lines[1:3] for n in line.split(",")))


def data_name(queue, number):
    return f"{queue}.diskqueue.{number:06d}.dat"


def meta_name(queue):
    return f"{queue}.diskqueue.meta.dat"


def read_meta(folder, queue):
    return Meta.parse((folder / meta_name(queue)).read_bytes())


def pending(folder, queue):
    """The unread records of a queue, found as the original finds them: from the read to the write position."""
    if not (folder / meta_name(queue)).exists():
        assert not list(folder.glob(f"{queue}.diskqueue.*.dat")), f"{queue}: data files without a meta file"
        return []
    m = read_meta(folder, queue)
    records = []
    for number in range(m.read_file, m.write_file + 1):
        path = folder / data_name(queue, number)
        if not path.exists():
            assert number == m.write_file, f"{path.name} is missing"
            continue
        data = path.read_bytes()
        if number == m.write_file:
            assert len(data) == m.write_pos, f"{path.name}: {len(data)} bytes, write position {m.write_pos}"
        records += parse_records(data[m.read_pos if number == m.read_file else 0:])
    return records


def write(path, data):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
        f.write(data)


def write_queue(folder, queue, files, read_pos=0, depth=None, first=0):
    """A queue as the original leaves it after a clean stop. files: a list of lists of records; the last is the file
    being written."""
    size = 0
    for number, records in enumerate(files, first):
        data = b"".join(r.encode() for r in records)
        write(folder / data_name(queue, number), data)
        size = len(data)
    total = sum(len(records) for records in files) if depth is None else depth
    meta = Meta(total, first, read_pos, first + len(files) - 1, size)
    write(folder / meta_name(queue), meta.encode())


def write_metadata(folder, topics):
    """topics: {name: [channel, ...]}; a name in a tuple with True is paused."""
    def split(name):
        return name if isinstance(name, tuple) else (name, False)

    def channel(c):
        name, paused = split(c)
        return {"name": name, "paused": paused}

    listed = []
    for topic, channels in topics.items():
        name, paused = split(topic)
        listed.append({"name": name, "paused": paused, "channels": [channel(c) for c in channels] or None})
    text = json.dumps({"topics": listed or None, "version": "1.3.0"}, separators=(",", ":"))
    write(folder / "nsqd.dat", text.encode())


def metadata(folder):
    """nsqd.dat as {topic: (paused, {channel: paused})}."""
    parsed = json.loads((folder / "nsqd.dat").read_bytes())
    return {t["name"]: (t["paused"], {c["name"]: c["paused"] for c in t["channels"] or []})
            for t in parsed["topics"] or []}


def record(n, body, attempts=0, timestamp=1_700_000_000_000_000_000):
    """A record of the original's kind, told apart by n."""
    return Record(timestamp + n, attempts, b"%016x" % (0x0ead_0000_0000_0000 + n), body)
