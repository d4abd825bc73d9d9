"""Asking a program of the original's without letting it serve."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from pluqtest import daemon as under_test
from pluqtest import scaled


class Programs:
    """The links, in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("nsqd", "nsqlookupd"):
            (folder / name).symlink_to(Path(under_test.PROGRAM).resolve())

    def __call__(self, program, *arguments, status=0, plugin_dir=under_test.PLUGIN_DIR):
        """Runs it until it ends by itself."""
        r = subprocess.run([str(self.folder / program), *map(str, arguments)], capture_output=True, text=True, timeout=scaled(20),
                           env={**os.environ, "PLUQ_PLUGIN_DIR": str(plugin_dir)})
        assert r.returncode == status, r
        return r

    def printed(self, program, *arguments):
        """{option: (value, where it comes from)} of --print-config."""
        text = self(program, *arguments, "--print-config").stdout
        return {m[1]: (m[2].rstrip(), m[3]) for m in re.finditer(r"^ *(\w+): (\S.*?) +# (.*)$", text, re.M)}

    def usage(self, program, *arguments):
        """What it says of wrong usage, before it tells what would be right."""
        r = self(program, *arguments, status=2)
        assert r.stdout == ""
        said, _, rest = r.stderr.partition("\n")
        assert rest.startswith(f"Usage of {program}:\n"), r.stderr
        return said

    def mistake(self, program, *arguments, **more):
        """What a start that must fail says: one line."""
        r = self(program, *arguments, status=1, **more)
        assert r.stdout == "" and r.stderr.count("\n") == 1 and r.stderr.startswith(f"{program}: "), r
        return r.stderr[len(program) + 2:].rstrip("\n")


@pytest.fixture
def programs(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    return Programs(folder)
