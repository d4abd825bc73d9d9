"""What `make install` puts in place: plugins are built against it outside the tree, with the commands of docs/plugins.md.

Environment:
    PLUQ_BUILD_DIR            the build tree; from it a staged installation is made for these tests,
    PLUQ_INSTALLED_DAEMON     unless these name one that exists (make installcheck): its pluqd,
    PLUQ_INSTALLED_PKGCONFIG  the folder of its pluq-plugin.pc,
    DESTDIR                   where it is staged, if it is
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pluqtest import daemon as under_test
from pluqtest import scaled

BUILD = os.environ.get("PLUQ_BUILD_DIR", "")
EXISTING = os.environ.get("PLUQ_INSTALLED_DAEMON", "")
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]

COMPILERS = [pytest.param(c, marks=pytest.mark.skipif(not shutil.which(c), reason=f"{c} is not installed"))
             for c in ("gcc", "clang")]


def run(*command, status=0, **kw):
    r = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=scaled(60), **kw)
    assert r.returncode == status, f"{command}: status {r.returncode}\n{r.stdout}{r.stderr}"
    return r


def make(*arguments):
    """In the build tree, and not as a part of the make that may have started this suite."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
    return subprocess.run(["make", *arguments], cwd=BUILD, env=env, capture_output=True, text=True, timeout=scaled(120))


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
        programs.mkdir()
        (programs / "cc").symlink_to(shutil.which(compiler))
        (programs / "pluqd").write_text(f'#!/bin/sh\nexec {self.daemon} --set plugin_dir={self.plugin_dir} "$@"\n')
        (programs / "pluqd").chmod(0o755)
        env = {**self.env, "PATH": f"{programs}:{os.environ['PATH']}", "PWD": str(folder)}
        return run("sh", "-e", "-c", "\n".join(lines), cwd=folder, env=env)


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("plugins")
    if EXISTING:
        return Installation(os.environ.get("DESTDIR", ""), EXISTING, os.environ["PLUQ_INSTALLED_PKGCONFIG"], False, scratch)
    if not BUILD:
        pytest.skip("PLUQ_BUILD_DIR is not set")
    root = tmp_path_factory.mktemp("root")
    r = make("install", f"DESTDIR={root}")
    assert r.returncode == 0, r.stdout + r.stderr
    daemon, = root.rglob("sbin/pluqd")
    pc, = root.rglob("pluq-plugin.pc")
    return Installation(root, daemon, pc.parent, True, scratch)


@pytest.fixture
def launch_installed(installation, launch, monkeypatch):
    monkeypatch.setattr(under_test, "PROGRAM", str(installation.daemon))
    monkeypatch.setattr(under_test, "PLUGIN_DIR", str(installation.plugin_dir))
    return launch


def examples():
    """The indented blocks of the guide."""
    blocks, block = [], []
    for line in [*GUIDE.read_text().splitlines(), "end"]:
        if line.startswith("    ") or (block and not line):
            block.append(line[4:])
        elif block:
            blocks.append("\n".join(block).rstrip() + "\n")
            block = []
    return blocks


SOURCE, COMMANDS, CONFIGURATION = examples()


@pytest.fixture(params=COMPILERS)
def greeter(request, installation, tmp_path):
    """The guide's example, built and put in place by the guide's commands."""
    (tmp_path / "greeter.c").write_text(SOURCE)
    lines = COMMANDS.splitlines()
    copying = [line for line in lines if line.startswith("cp ")]
    assert len(copying) == 1
    if not installation.ours:
        lines.remove(copying[0])
    out = installation.shell(tmp_path, lines, request.param).stdout
    assert re.search(r"^  greeting: hello$", out, re.M), out
    if not installation.ours:
        shutil.copy(tmp_path / "greeter.so", installation.plugin_dir)
    placed = installation.plugin_dir / "greeter.so"
    assert placed.read_bytes() == (tmp_path / "greeter.so").read_bytes()
    yield tmp_path / "greeter.so"
    placed.unlink()


def exported(shared_object):
    """Symbols that it defines for others, without their versions."""
    lines = run("nm", "-D", "--defined-only", "--format=posix", shared_object).stdout.splitlines()
    return {line.split()[0].split("@")[0] for line in lines}


# the example


def test_it_has_no_more_lines_than_promised():
    assert len([line for line in SOURCE.splitlines() if line.strip()]) <= 40


def test_it_compiles_without_warnings(installation, tmp_path):
    (tmp_path / "greeter.c").write_text(SOURCE)
    run("cc", *WARNINGS, f"-I{installation.headers.parent}", "-fsyntax-only", tmp_path / "greeter.c")


def test_it_exports_one_symbol(greeter):
    assert exported(greeter) == {"pluq_plugin_entry"}


def test_it_is_loaded_by_path(greeter, launch_installed):
    d = launch_installed(**{"greeter.plugin": greeter, "greeter.greeting": "good evening"})
    d.wait_log(r" info greeter: good evening$")
    d.post("/pub", b"still a broker", topic="t")


def test_it_is_loaded_by_name_from_the_plugin_directory(greeter, launch_installed):
    d = launch_installed.make(config="plugins:\n  - nsqd\n  - diskqueue\n")
    (d.home / "conf.d").mkdir()
    (d.home / "conf.d" / "greeter.yaml").write_text(CONFIGURATION)
    greeting, = re.findall(r"greeting: ([\w ]+)", CONFIGURATION)
    d.start().wait_log(rf" info greeter: {greeting}$")


def test_its_options_are_known(greeter, installation):
    def ask(*arguments, status=0):
        return run(installation.daemon, f"--set=plugin_dir={installation.plugin_dir}", *arguments, status=status)

    assert re.search(r"^greeter +handler\b", ask("--list-plugins").stdout, re.M)
    assert "hello" in ask("--set=greeter.plugin=greeter", "--print-config").stdout
    assert "did you mean 'greeting'" in ask("--set=greeter.greetin=x", "--check-config", status=1).stderr


# the installation


@pytest.mark.parametrize("language", ["c", "c++"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_header_stands_alone(installation, tmp_path, compiler, language):
    empty = tmp_path / "empty"
    empty.touch()
    if subprocess.run([compiler, "-x", language, "-fsyntax-only", empty], capture_output=True).returncode:
        pytest.skip(f"{compiler} does not know {language}")
    headers = sorted(installation.headers.glob("*.h"))
    assert "plugin.h" in [h.name for h in headers]
    for header in headers:
        source = tmp_path / "alone"
        source.write_text(f"#include <pluq/{header.name}>\n")
        run(compiler, "-x", language, *WARNINGS, f"-I{installation.headers.parent}", "-fsyntax-only", source)


def test_every_private_header_stands_alone():
    """In C, as C++ has no _Atomic."""
    source = Path(__file__).resolve().parents[2]
    headers = sorted(h for floor in ("daemon", "plugins", "client", "tools", "bench") for h in (source / floor).rglob("*.h"))
    assert len(headers) > 50
    libraries = run("pkg-config", "--cflags", "libevent_core", "jansson", "yaml-0.1", "libcrypto").stdout.split()
    for header in headers:
        run("cc", "-std=gnu17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", f"-I{source}/plugin-api", *libraries, "-x", "c",
            "-include", header, "-fsyntax-only", "/dev/null")


def test_plugins_export_one_symbol(installation):
    plugins = list(installation.plugins.glob("*.so"))
    assert {"nsqd.so", "lookupd.so", "diskqueue.so", "memory.so"} <= {p.name for p in plugins}
    for plugin in plugins:
        assert exported(plugin) == {"pluq_plugin_entry"}, plugin


def test_an_undefined_symbol_fails_the_build():
    if not BUILD:
        pytest.skip("PLUQ_BUILD_DIR is not set")
    if not re.search(r"^PLUGIN_NO_UNDEFINED = \S", (Path(BUILD) / "Makefile").read_text(), re.M):
        pytest.skip("not in this build: a sanitizer of clang lives in the executable")
    r = make("tests/plugins/undefined.la")
    assert r.returncode != 0 and "pluq_nobody_defines_this" in r.stderr, r.stdout + r.stderr


def test_versions_agree(installation):
    abi = installation.variable("abi")
    version = run("pkg-config", "--modversion", "pluq-plugin", env=installation.env).stdout.strip()
    assert run(installation.daemon, "--version").stdout == f"pluqd {version} (plugin ABI {abi})\n"
    numbers = re.findall(r"^#define PLUQ_ABI_(?:MAJOR|MINOR) (\d+)$", (installation.headers / "plugin.h").read_text(), re.M)
    assert ".".join(numbers) == abi


def test_plugins_are_found_where_they_were_installed(installation):
    """The program knows the place by itself, which shows only where it is really installed."""
    if installation.root:
        pytest.skip("this installation is staged")
    assert re.search(r"^nsqd +handler\b", run(installation.daemon, "--list-plugins").stdout, re.M)


def test_the_original_s_names_are_links(installation):
    """They hold where they are staged too, and are found first if their folder is."""
    folder = installation.daemon.parent.parent / "libexec" / "pluq"
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PLUQ_PLUGIN_DIR": str(installation.plugins)}
    assert {link.name for link in folder.iterdir()} == {"nsqd", "nsqlookupd"}
    for link in folder.iterdir():
        assert link.resolve() == installation.daemon.resolve() and not os.readlink(link).startswith("/")
    assert re.fullmatch(r"nsqd v1\.3\.0 \(built w/pluq .*\)\n", run("nsqd", "--version", env=env).stdout)
    assert run("nsqd", "--nonsense", status=2, env=env).stderr.startswith("flag provided but not defined: -nonsense\n")


def test_the_unit_runs_what_is_installed(installation):
    """Its program is there, its configuration is good, and as shipped both name the user that is made for them."""
    root = Path(installation.root or "/")
    prefix = installation.daemon.parent.parent
    unit = (prefix / "lib/systemd/system/pluqd@.service").read_text()
    program, option, config = re.search(r"^ExecStart=(\S+) (--config) (\S+)$", unit, re.M).groups()
    assert root / program.lstrip("/") == installation.daemon
    for role in ("nsqd", "nsqlookupd"):
        run(installation.daemon, f"--set=plugin_dir={installation.plugins}", "--set=user=", option,
            root / config.replace("%i", role).lstrip("/"), "--check-config")
    users = re.findall(r"^u (\S+)", (prefix / "lib/sysusers.d/pluq.conf").read_text(), re.M)
    shipped = (GUIDE.parents[1] / "etc" / "pluq" / "nsqd.yaml").read_text()
    assert users == re.findall(r"^User=(\S+)$", unit, re.M) == re.findall(r"^user: (\S+)$", shipped, re.M)
    folder = re.search(r"^StateDirectory=(\S+)$", unit, re.M)[1]
    assert re.search(rf"data_path: /var/lib/{folder}$", shipped, re.M)


@pytest.mark.parametrize("role,options", [("nsqd", ["broadcast_address", "lookupd_tcp_address"]),
                                          ("nsqlookupd", ["broadcast_address", "inactive_producer_timeout"])])
def test_the_shipped_suggestions_are_good(installation, tmp_path, role, options):
    """What is commented out in a file is taken as it stands there."""
    shipped = (GUIDE.parents[1] / "etc" / "pluq" / f"{role}.yaml").read_text()
    whole = re.sub(r"^( +)#(\w+:)", r"\1\2", shipped, flags=re.M)
    for option in options:
        assert f"#{option}:" in shipped and f" {option}:" in whole
    (tmp_path / "role.yaml").write_text(whole)
    run(installation.daemon, f"--set=plugin_dir={installation.plugins}", "--set=user=", "--config", tmp_path / "role.yaml",
        "--check-config")
