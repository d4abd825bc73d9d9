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
        assert len(data) - at >= 4, f"part of a length at {at} of {len(data)}"
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


class Original:
    """A queue as one process of the original works on it: by its algorithm, not by what would be sensible. Nothing changes on
    disk but by write() and close(). What it would log as an error is in `complaints`; files that it would set aside are
    left where they are."""

    def __init__(self, folder, queue, max_bytes_per_file=100 << 20, max_msg_size=1 << 20):
        self.folder, self.queue, self.max_bytes, self.max_length = folder, queue, max_bytes_per_file, max_msg_size + 26
        self.complaints, self.done = [], []
        meta = folder / meta_name(queue)
        if meta.exists():
            m = Meta.parse(meta.read_bytes())
        else:
            m = Meta(0, 0, 0, 0, 0)
            if list(folder.glob(f"{queue}.diskqueue.*.dat")):
                self.complaints.append("data files without a meta file, which it does not look at")
        self.depth, self.read_file, self.read_pos, self.write_file, self.write_pos = m
        if self.read_file > self.write_file or (self.read_file == self.write_file and self.read_pos > self.write_pos):
            self.complaints.append("the read position lies beyond the write position")
        path = self._path(self.write_file)
        if path.exists() and path.stat().st_size > self.write_pos:
            self.complaints.append(f"write position {self.write_pos} < file size of {path.stat().st_size}")
            self.write_file, self.write_pos = self.write_file + 1, 0

    def _path(self, number):
        return self.folder / data_name(self.queue, number)

    def _next(self):
        """The record at the read position, whose size is on disk; anything wrong is an AssertionError."""
        path = self._path(self.read_file)
        assert path.exists(), "no such file"
        with open(path, "rb") as f:
            f.seek(self.read_pos)
            head = f.read(4)
            assert len(head) == 4, "the file ends at or in a length"
            length, = struct.unpack(">i", head)
            assert 26 <= length <= self.max_length, f"a record of length {length}"
            payload = f.read(length)
            assert len(payload) == length, "the file ends in a record"
        timestamp, attempts = struct.unpack(">qH", payload[:10])
        return Record(timestamp, attempts, payload[10:26], payload[26:])

    def _skip_file(self, why):
        self.complaints.append(f"{self._path(self.read_file).name} at {self.read_pos}: {why}")
        if self.read_file == self.write_file:
            self.write_file, self.write_pos = self.write_file + 1, 0
        self.read_file, self.read_pos = self.read_file + 1, 0

    def _at_end(self):
        return not (self.read_file < self.write_file or self.read_pos < self.write_pos)

    def read(self, most=None):
        """Takes records out of the queue: so many, or all."""
        records = []
        while not self._at_end() and (most is None or len(records) < most):
            try:
                record = self._next()
            except AssertionError as why:
                self._skip_file(why)
                continue
            records.append(record)
            self.depth -= 1
            self.read_pos += len(record.encode())
            if self.read_file < self.write_file and self.read_pos >= self._path(self.read_file).stat().st_size:
                self.done.append(self._path(self.read_file))
                self.read_file, self.read_pos = self.read_file + 1, 0
        if self._at_end() and self.depth != 0:
            self.complaints.append(f"depth {self.depth} at the tail")
            self.depth = 0
        return records

    def write(self, records):
        for record in records:
            data = record.encode()
            if self.write_pos > 0 and self.write_pos + len(data) > self.max_bytes:
                self.write_file, self.write_pos = self.write_file + 1, 0
            with open(os.open(self._path(self.write_file), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as f:
                f.seek(self.write_pos)
                f.write(data)
            self.write_pos += len(data)
            self.depth += 1

    def close(self):
        for path in self.done:
            path.unlink()
        meta = Meta(self.depth, self.read_file, self.read_pos, self.write_file, self.write_pos)
        write(self.folder / meta_name(self.queue), meta.encode())


def pending(folder, queue):
    """The unread records of a queue after a clean stop: the original must find them all, the count of them right, and nothing
    to complain of."""
    q = Original(folder, queue)
    records = q.read()
    assert q.complaints == [], f"{queue}: {q.complaints}"
    return records


def check_left(folder):
    """What holds after a clean stop, whatever has happened before."""
    numbers = {}
    for path in folder.iterdir():
        assert not path.name.endswith(".tmp"), path.name
        queue, infix, rest = path.name.rpartition(".diskqueue.")
        if infix and rest.endswith(".dat") and not rest.startswith("meta"):
            numbers.setdefault(queue, []).append(int(rest[:-4]))
    for queue, found in numbers.items():
        assert (folder / meta_name(queue)).exists(), f"{queue}: data files without a meta file"
        m = read_meta(folder, queue)
        assert m.read_file <= min(found) and max(found) <= m.write_file, f"{queue}: files {sorted(found)} beside {m}"
        size = (folder / data_name(queue, m.write_file)).stat().st_size if m.write_file in found else 0
        assert size == m.write_pos, f"{queue}: the write file has {size} bytes beside {m}"


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
