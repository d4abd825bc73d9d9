"""Libraries preloaded into the daemon: built once per session, from tests/shim."""

import functools
import mmap
import os
import shlex
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "shim"


@functools.cache
def folder():
    path = Path(tempfile.mkdtemp(prefix="pluqtest-shim-"))
    import atexit
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def build(name):
    """The shared object made of tests/shim/NAME.c."""
    source = SOURCES / f"{name}.c"
    target = folder() / f"{name}.so"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    subprocess.run([*compiler, "-std=gnu17", "-O1", "-Wall", "-Wextra", "-fPIC", "-shared", "-o", target, source, "-ldl"], check=True)
    return target


class Clock:
    """Moves the clocks of the daemons that it is given to: Pluqd(**clock.options())."""

    def __init__(self):
        fd, self.path = tempfile.mkstemp(dir=folder())
        os.write(fd, bytes(16))
        self.map = mmap.mmap(fd, 16)
        os.close(fd)
        self.mono_ns = self.real_ns = 0

    def options(self):
        return {"env": {"PLUQ_CLOCKSHIM": self.path}, "preload": [build("clockshim")]}

    def _write(self):
        self.map[:] = struct.pack("=qq", self.mono_ns, self.real_ns)

    def advance(self, seconds):
        """Time passes."""
        self.mono_ns += int(seconds * 1e9)
        self.real_ns += int(seconds * 1e9)
        self._write()

    def step(self, seconds):
        """Somebody sets the clock: only the time of day moves."""
        self.real_ns += int(seconds * 1e9)
        self._write()


class Faults:
    """Makes file operations of a daemon fail or wait: Pluqd(**faults.options()); tests/shim/faultfs.c tells the rules."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(dir=folder())) / "rules"
        self.path.write_text("")

    def options(self):
        return {"env": {"PLUQ_FAULTFS": str(self.path)}, "preload": [build("faultfs")]}

    def set(self, *rules):
        """These rules and no others, from the next operation on."""
        new = self.path.with_suffix(".new")
        new.write_text("".join(r + "\n" for r in rules))
        new.rename(self.path)

    def clear(self):
        self.set()


class Names:
    """Resolves names for a daemon: Pluqd(**names.options()); tests/shim/nameshim.c tells what may stand behind a name."""

    def __init__(self, **names):
        self.path = Path(tempfile.mkdtemp(dir=folder())) / "names"
        self.set(**names)

    def options(self):
        return {"env": {"PLUQ_NAMESHIM": str(self.path)}, "preload": [build("nameshim")]}

    def set(self, **names):
        """These names and no others; "_" in a keyword stands for "."."""
        new = self.path.with_suffix(".new")
        new.write_text("".join(f"{name.replace('_', '.')} {value}\n" for name, value in names.items()))
        new.rename(self.path)
