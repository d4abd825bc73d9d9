"""nsqjs, an existing client library, from the registry: installed once per build tree, and its programs that consume."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "interop"
CONSUMER = Path(__file__).resolve().parent.parent / "cluster" / "consume.js"


def installed(otherwise):
    """The node_modules folder: in the build tree if there is one, else below what otherwise() returns; never in the source tree.
    Suites run side by side: one installs, the others wait. Skips the test without node or npm."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    build = os.environ.get("PLUQ_BUILD_DIR")
    folder = Path(build) / "tests" / "interop-modules" if build else otherwise()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(folder)
    return folder / "node_modules"


def _install(folder):
    wanted = (PACKAGE / "package-lock.json").read_bytes()
    stamp = folder / "installed-with-snappy"
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(PACKAGE / name, folder / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
    stamp.write_bytes(wanted)


class Reader:
    """A consumer that finds its brokers through discovery daemons alone (tests/cluster/consume.js)."""

    def __init__(self, modules, topic, channel, lookupds, **job):
        """lookupds: HTTP addresses, (host, port)."""
        job |= {"topic": topic, "channel": channel, "lookupds": [f"{host}:{port}" for host, port in lookupds]}
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(["node", str(CONSUMER), json.dumps(job)], stdin=subprocess.PIPE, stdout=self.output,
                                        env={**os.environ, "NODE_PATH": str(modules)})
        self.offset, self.rest = 0, b""
        self.bodies = set()        # of all messages so far
        self.connected = set()     # (host, port) of the brokers that it is connected to
        self.closed = []           # those that it was once, in order

    def look(self):
        """Takes in what has happened."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the consumer has ended with status {self.process.returncode}")
        data = os.pread(self.output.fileno(), 1 << 26, self.offset)
        self.offset += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            getattr(self, "_on_" + line[:1].decode())(line[2:])
        return self

    def _on_m(self, body):
        self.bodies.add(body)

    def _on_c(self, address):
        self.connected.add(self._address(address))

    def _on_d(self, address):
        if self._address(address) in self.connected:  # else it was not reached
            self.connected.remove(self._address(address))
            self.closed.append(self._address(address))

    @staticmethod
    def _address(text):
        host, _, port = text.decode().rpartition(":")
        return host, int(port)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.output.close()
