"""What `make install` puts in place, for tests that build plugins against it as a stranger does.

Environment:
    PLUQ_BUILD_DIR            the build tree; from it a staged installation is made for these tests,
    PLUQ_INSTALLED_DAEMON     unless these name one that exists (make installcheck): its pluqd,
    PLUQ_INSTALLED_PKGCONFIG  the folder of its pluq-plugin.pc,
    DESTDIR                   where it is staged, if it is
"""

import os
import shutil
import subprocess
from pathlib import Path

from .wait import scaled

BUILD = os.environ.get("PLUQ_BUILD_DIR", "")
EXISTING = os.environ.get("PLUQ_INSTALLED_DAEMON", "")
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


def run(*command, status=0, **kw):
    r = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=scaled(60), **kw)
    assert r.returncode == status, f"{command}: status {r.returncode}\n{r.stdout}{r.stderr}"
    return r


def make(*arguments):
    """In the build tree, and not as a part of the make that may have started this suite."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
    return subprocess.run(["make", *arguments], cwd=BUILD, env=env, capture_output=True, text=True, timeout=scaled(120))


def examples(section):
    """The indented blocks below a heading of the guide."""
    text = GUIDE.read_text()
    assert f"\n## {section}\n" in text, section
    blocks, block = [], []
    for line in [*text.split(f"\n## {section}\n")[1].split("\n## ")[0].splitlines(), "end"]:
        if line.startswith("    ") or (block and not line):
            block.append(line[4:])
        elif block:
            blocks.append("\n".join(block).rstrip() + "\n")
            block = []
    return blocks


class Installation:
    """root: where it is staged, or nothing. plugin_dir: where a plugin may be put: the installed folder if it is ours, else one
    beside it in which the installed plugins are seen too."""

    def __init__(self, root, daemon, pkgconfig, ours, scratch):
        self.root, self.daemon, self.ours = root, Path(daemon), ours
        # pkg-config then puts the root before the directories that it names.
        self.env = {**os.environ, "PKG_CONFIG_PATH": str(pkgconfig), **({"PKG_CONFIG_SYSROOT_DIR": str(root)} if root else {})}
        self.headers = Path(self.variable("includedir")) / "pluq"
        self.plugins = self.plugin_dir = Path(self.variable("plugindir"))
        if not ours:
            self.plugin_dir = scratch
            for plugin in self.plugins.glob("*.so"):
                (scratch / plugin.name).symlink_to(plugin)

    def variable(self, name):
        value = run("pkg-config", f"--variable={name}", "pluq-plugin", env=self.env).stdout.strip()
        assert not name.endswith("dir") or Path(value).is_relative_to(self.root or "/"), value
        return value

    def shell(self, folder, lines, compiler):
        """Runs lines as a reader of the guide would, with this installation in PATH and `cc` being that compiler."""
        programs = folder / "bin"
        programs.mkdir(exist_ok=True)
        (programs / "cc").unlink(missing_ok=True)
        (programs / "cc").symlink_to(shutil.which(compiler))
        (programs / "pluqd").write_text(f'#!/bin/sh\nexec {self.daemon} --set plugin_dir={self.plugin_dir} "$@"\n')
        (programs / "pluqd").chmod(0o755)
        env = {**self.env, "PATH": f"{programs}:{os.environ['PATH']}", "PWD": str(folder)}
        return run("sh", "-e", "-c", "\n".join(lines), cwd=folder, env=env)

    def build(self, folder, name, commands, compiler):
        """Runs the guide's commands for NAME.c, which is in the folder, and puts NAME.so where the daemon finds it; its path there."""
        lines = commands.splitlines()
        copying = [line for line in lines if line.startswith("cp ")]
        assert len(copying) == 1
        if not self.ours:
            lines.remove(copying[0])
        self.said = self.shell(folder, lines, compiler).stdout
        placed = self.plugin_dir / f"{name}.so"
        if not self.ours:
            shutil.copy(folder / f"{name}.so", placed)
        assert placed.read_bytes() == (folder / f"{name}.so").read_bytes()
        return placed


def find_installation(new_folder):
    """new_folder(name) makes a folder that lasts as long as the session. None: there is nothing to install."""
    scratch = new_folder("plugins")
    if EXISTING:
        return Installation(os.environ.get("DESTDIR", ""), EXISTING, os.environ["PLUQ_INSTALLED_PKGCONFIG"], False, scratch)
    if not BUILD:
        return None
    root = new_folder("root")
    r = make("install", f"DESTDIR={root}")
    assert r.returncode == 0, r.stdout + r.stderr
    daemon, = root.rglob("sbin/pluqd")
    pc, = root.rglob("pluq-plugin.pc")
    return Installation(root, daemon, pc.parent, True, scratch)
