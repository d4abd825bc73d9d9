"""scripts/quickstart, on the build under test: it finds everything built, and must not need a package."""

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pluqtest import eventually, http, scaled

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "quickstart"
BUILD = os.environ.get("PLUQ_BUILD_DIR", "")

pytestmark = pytest.mark.skipif(not BUILD or "PLUQ_INSTALLED_DAEMON" in os.environ, reason="not for an installation")


@pytest.fixture
def environment(tmp_path):
    """Its own temporary folder; an apt-get that only says no; nothing of the make that may have started this suite."""
    programs, temporary = tmp_path / "bin", tmp_path / "tmp"
    programs.mkdir()
    temporary.mkdir()
    for name in ("apt-get", "sudo"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
    return {**env, "BUILD": BUILD, "TMPDIR": str(temporary), "PATH": f"{programs}:{env['PATH']}"}


def run(environment, *arguments):
    return subprocess.run([SCRIPT, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=scaled(120), errors="replace")


def test_once_ends_by_itself_and_leaves_nothing(environment):
    r = run(environment, "--once")
    assert r.returncode == 0, r.stdout + r.stderr
    lines, = re.findall(r"^== Publish (\d+) lines", r.stdout, re.M)
    for channel in ("archive", "live"):
        assert re.search(rf"^Channel {channel}: {lines} messages: .* per second$", r.stdout, re.M)
    assert "Both have received every line." in r.stdout and r.stdout.endswith("The broker has stopped.\n")
    assert os.listdir(environment["TMPDIR"]) == []


def test_takes_any_text(environment, tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"\n  blanks  \nd\xe9j\xe0 vu\r\n\xff\xfe\n\nno line end")
    r = run(environment, "--once", str(text))
    assert r.returncode == 0, r.stdout + r.stderr
    assert "Both have received every line." in r.stdout


@pytest.mark.parametrize("arguments, status, text", [
    (["--twice"], 2, "usage: "),
    (["/dev/null"], 1, "no lines to publish"),
    (["/nonexistent"], 1, "no lines to publish"),
])
def test_what_it_cannot_do_is_said(environment, arguments, status, text):
    r = run(environment, *arguments)
    assert r.returncode == status and text in r.stderr


@pytest.mark.parametrize("is_root", [True, False], ids=["root", "user"])
def test_missing_packages_are_installed_and_told(tmp_path, is_root):
    """Of four packages one is there, one's command is there; the other two are asked for, unasked."""
    calls = tmp_path / "calls"
    for name, text in {
        "dpkg-query": 'for p; do :; done; [ "$p" = there ] && echo install ok installed',
        "id": f"echo {0 if is_root else 1000}",
        "sudo": f'echo "sudo $1" >>{calls}; exec "$@"',
        "apt-get": f'echo "apt-get $DEBIAN_FRONTEND $*" >>{calls}',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    r = subprocess.run(["sh", "-euc", ". ./lib-deps.sh; pluq_install there absent shell:sh tool:no-such-command"], cwd=SCRIPT.parent,
                       env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "DEBIAN_FRONTEND": ""}, stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=scaled(20))
    assert r.returncode == 0, r.stderr
    assert r.stdout == "Installing missing packages: absent tool \n"
    apt = ["apt-get  -q update", "apt-get noninteractive -q -y --no-install-recommends install absent tool"]
    assert calls.read_text().splitlines() == (apt if is_root else ["sudo apt-get", apt[0], "sudo env", apt[1]])


def programs(folder, **scripts):
    folder.mkdir()
    for name, text in scripts.items():
        (folder / name.replace("_", "-")).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name.replace("_", "-")).chmod(0o755)
    return folder


def test_promtool_is_fetched_without_its_package(tmp_path):
    """The program alone, into a folder of ours, once; lists of packages that are too old are read anew. Nothing is installed."""
    calls, lists, there = tmp_path / "calls", tmp_path / "lists", tmp_path / "there"
    (tmp_path / "package" / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "package" / "usr" / "bin" / "promtool").write_text("#!/bin/sh\necho as fetched\n")
    made = programs(
        tmp_path / "bin", id="echo 0",
        apt_get=f'for p; do case $p in update | download | install) echo $p >>{calls} ;; esac; done\n'
                f'case "$*" in *update) touch {lists} ;; *) [ -e {lists} ] && touch prometheus_1.deb ;; esac',
        dpkg_deb=f'[ "$*" = "--fsys-tarfile prometheus_1.deb" ] && tar -C {tmp_path}/package -c ./usr')
    for tool in ("sh", "tar", "rm", "mv", "mkdir", "chmod", "touch"):
        (made / tool).symlink_to(shutil.which(tool))
    for _ in range(2):
        r = subprocess.run(["sh", "-euc", f". ./lib-deps.sh; pluq_promtool {there}; sh -c 'sh $PROMTOOL'"], cwd=SCRIPT.parent,
                           env={"PATH": str(made)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=scaled(20))
        assert r.returncode == 0 and r.stdout.endswith("as fetched\n"), r.stdout + r.stderr
    assert calls.read_text().split() == ["download", "update", "download"]
    assert os.listdir(there) == ["promtool"]


def test_promtool_that_cannot_be_fetched_is_no_success(tmp_path):
    """Its place is told all the same: tests then miss it there, rather than pass it over."""
    made = programs(tmp_path / "bin", id="echo 0", apt_get="exit 100", dpkg_deb="exit 1")
    for tool in ("sh", "rm", "mkdir"):
        (made / tool).symlink_to(shutil.which(tool))
    r = subprocess.run(["sh", "-c", f'. ./lib-deps.sh; pluq_promtool {tmp_path}/there; echo "$? $PROMTOOL"'], cwd=SCRIPT.parent,
                       env={"PATH": str(made)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=scaled(20))
    assert r.stdout.splitlines()[-1] == f"1 {tmp_path}/there/promtool", r.stdout + r.stderr
    assert r.stderr.splitlines()[-1].startswith("promtool could not be fetched; ")


def test_ctrl_c_stops_the_broker_with_nothing_lost(environment, tmp_path):
    """On a terminal, where Ctrl-C reaches everything in the foreground."""
    output = tmp_path / "output"
    try:
        terminal, inside = pty.openpty()
    except OSError as e:
        pytest.skip(f"no terminals here: {e}")
    with open(output, "wb") as out:
        process = subprocess.Popen(["setsid", "--ctty", "--wait", SCRIPT], env=environment, stdin=inside, stdout=out, stderr=out)
    os.close(inside)
    folder = None
    try:
        eventually(lambda: b"until you press Ctrl-C" in output.read_bytes() or process.poll() is not None, 120, "it has got there")
        text = output.read_text()
        host, port = re.search(r"HTTP on (\S+):(\d+)", text).groups()
        folder = Path(re.search(r"data in (\S+)/data\.$", text, re.M)[1])
        assert http((host, int(port)), "POST", "/pub", {"topic": "left"}, b"x").status == 200
        os.write(terminal, b"\x03")
        try:
            status = process.wait(scaled(60))
        except subprocess.TimeoutExpired:
            status = "it has not ended"
        assert status == 130, f"{output.read_text()[-3000:]}\n{(folder / 'log').read_text()[-3000:]}"
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(scaled(60))
        os.close(terminal)
    log = (folder / "log").read_text()
    assert "second time" not in log and re.search(r"info core: .*stopped", log), log
    assert (folder / "data" / "left.diskqueue.meta.dat").read_text().startswith("1\n")
    shutil.rmtree(folder)
