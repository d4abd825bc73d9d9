"""tests/plugins/metrics-dump.c: snapshots as JSON lines."""

import json
import os
from pathlib import Path

from .wait import eventually

PLUGIN = str(Path(os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")) / "metrics-dump.so")


class Snapshot:
    """One snapshot; its samples by name and labels."""

    def __init__(self, document):
        self.host, self.port, self.real_ns = document["host"], document["port"], document["real_ns"]
        self.samples = document["samples"]

    def all(self, metric, **labels):
        return [s for s in self.samples if s["metric"] == metric and all(s.get(k) == v for k, v in labels.items())]

    def one(self, metric, **labels):
        found = self.all(metric, **labels)
        assert len(found) == 1, (metric, labels, found)
        return found[0]

    def value(self, metric, **labels):
        return self.one(metric, **labels)["value"]

    def total(self, metric, **labels):
        return sum(s["value"] for s in self.all(metric, **labels))


class Dump:
    """The plugin, as a daemon is to be given it, and what it has written."""

    def __init__(self, folder, name="dump", **options):
        self.name = name
        self.file = Path(folder) / f"{name}.lines"
        self.fail_while = Path(folder) / f"{name}.fail"
        self.hang_while = Path(folder) / f"{name}.hang"
        self.options = {"plugin": PLUGIN, "file": str(self.file), "fail_while": str(self.fail_while), "hang_while": str(self.hang_while),
                        **options}

    def plugins(self):
        return [(self.name, self.options)]

    def lines(self):
        if not self.file.exists():
            return []
        text = self.file.read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def snapshots(self):
        return [Snapshot(d) for d in self.lines() if "samples" in d]

    def next(self, deadline=10):
        """One that was begun after this call, or at least the second from now."""
        before = len(self.snapshots())
        return eventually(lambda: len(self.snapshots()) > before + 1 and self.snapshots()[-1], deadline, "another snapshot")


def asked(daemon, **kw):
    """The snapshot that the daemon renders when asked over HTTP."""
    r = daemon.http("GET", "/dump", **kw)
    assert r.status == 200, r
    return Snapshot(r.json())
