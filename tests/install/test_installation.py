"""What `make install` puts in place: plugins are built against it outside the tree, with the commands of docs/plugins.md."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pluqtest.installation import BUILD, GUIDE, examples, make, run

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]

COMPILERS = [pytest.param(c, marks=pytest.mark.skipif(not shutil.which(c), reason=f"{c} is not installed"))
             for c in ("gcc", "clang")]

SOURCE, COMMANDS, CONFIGURATION = examples("The least that loads")


@pytest.fixture(params=COMPILERS)
def greeter(request, installation, tmp_path):
    """The guide's example, built and put in place by the guide's commands."""
    (tmp_path / "greeter.c").write_text(SOURCE)
    placed = installation.build(tmp_path, "greeter", COMMANDS, request.param)
    assert re.search(r"^  greeting: hello$", installation.said, re.M), installation.said
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
    libraries = run("pkg-config", "--cflags", "libevent_core", "jansson", "yaml-0.1", "libcrypto", "lua5.4").stdout.split()
    for header in headers:
        run("cc", "-std=gnu17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", f"-I{source}/plugin-api", *libraries, "-x", "c",
            "-include", header, "-fsyntax-only", "/dev/null")


def test_plugins_export_one_symbol(installation):
    plugins = list(installation.plugins.glob("*.so"))
    assert {"nsqd.so", "lookupd.so", "authd.so", "auth-csv.so", "auth-http.so", "auth-token.so", "auth-cert.so", "diskqueue.so", "memory.so",
            "prometheus.so", "statsd.so", "stdout.so", "validate-json.so", "validate-lua.so", "validate-schema.so"} <= {p.name for p in plugins}
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


def the_site_s(role, folder):
    """In place of what is not shipped: the user, and the accounts."""
    accounts = folder / "accounts.csv"
    accounts.write_text("login,ip,tls_required,topic,channel,subscribe,publish\n")
    return ["--set=user="] + [f"--set=auth-csv.data_file={accounts}"] * (role == "nsqauthd")


def test_the_unit_runs_what_is_installed(installation, tmp_path):
    """Its program is there, its configuration is good, and as shipped both name the user that is made for them."""
    root = Path(installation.root or "/")
    prefix = installation.daemon.parent.parent
    unit = (prefix / "lib/systemd/system/pluqd@.service").read_text()
    program, option, config = re.search(r"^ExecStart=(\S+) (--config) (\S+)$", unit, re.M).groups()
    assert root / program.lstrip("/") == installation.daemon
    for role in ("nsqauthd", "nsqd", "nsqlookupd"):
        run(installation.daemon, f"--set=plugin_dir={installation.plugins}", *the_site_s(role, tmp_path), option,
            root / config.replace("%i", role).lstrip("/"), "--check-config")
    users = re.findall(r"^u (\S+)", (prefix / "lib/sysusers.d/pluq.conf").read_text(), re.M)
    shipped = (GUIDE.parents[1] / "etc" / "pluq" / "nsqd.yaml").read_text()
    assert users == re.findall(r"^User=(\S+)$", unit, re.M) == re.findall(r"^user: (\S+)$", shipped, re.M)
    folder = re.search(r"^StateDirectory=(\S+)$", unit, re.M)[1]
    assert re.search(rf"data_path: /var/lib/{folder}$", shipped, re.M)


@pytest.mark.parametrize("role,options", [("nsqd", ["broadcast_address", "lookupd_tcp_address", "- validate-json", "- validate-lua",
                                                    "- validate-schema", "- statsd", "- stdout", "- prometheus", "- auth-csv", "- auth-http"]),
                                          ("nsqlookupd", ["broadcast_address", "inactive_producer_timeout", "- prometheus"]),
                                          ("nsqauthd", ["https_address", "tls_cert", "oauth2_echo_endpoint", "- prometheus"])])
def test_the_shipped_suggestions_are_good(installation, tmp_path, role, options):
    """What is commented out in a file is taken as it stands there: options, and plugins whose files are the site's."""
    shipped = (GUIDE.parents[1] / "etc" / "pluq" / f"{role}.yaml").read_text()
    whole = re.sub(r"^( +)#(\w+:|- |    )", r"\1\2", shipped, flags=re.M)
    for option in options:
        assert f"#{option}:" in shipped and f" {option}:" in whole
    for name in ("accounts.csv", "check.lua", "order.json"):
        whole = whole.replace(f"/etc/pluq/{name}", str(tmp_path / name))
    whole = whole.replace("/var/lib/pluq/metrics.json", str(tmp_path / "metrics.json"))
    the_site_s(role, tmp_path)
    shutil.copy(GUIDE.parent / "examples" / "check.lua", tmp_path)
    (tmp_path / "order.json").write_text('{"type": "object"}')
    (tmp_path / "role.yaml").write_text(whole)
    run(installation.daemon, f"--set=plugin_dir={installation.plugins}", *the_site_s(role, tmp_path), "--config", tmp_path / "role.yaml",
        "--check-config")


def shown_plugins():
    """The guides' pieces of YAML that name metrics plugins or validators, as whole configurations."""
    for guide in (GUIDE.parents[1] / "README.md", GUIDE.parent / "operators.md"):
        for block in re.findall(r"(?:^    .*\n)+", guide.read_text(), re.M):
            text = re.sub(r"^    ", "", block, flags=re.M)
            if not re.search(r"^ *- (statsd|stdout|prometheus|validate-\w+):", text, re.M):
                continue
            if text.startswith("plugins:"):
                text = text.replace("plugins:\n", "", 1)
            else:
                text = re.sub("^", "  ", text.rstrip("\n"), flags=re.M) + "\n"
            yield "plugins:\n" + text + ("" if "- nsqd" in text else "  - nsqd\n  - memory\n")


@pytest.mark.parametrize("text", list(shown_plugins()), ids=lambda text: re.search(r"- (statsd|stdout|prometheus|validate-\w+)", text)[1])
def test_what_the_guides_show_is_good(installation, tmp_path, text):
    for place in ("/etc/pluq", "/var/lib/pluq", "/var/cache/schemas"):
        (tmp_path / place.lstrip("/")).mkdir(parents=True)
        text = text.replace(place, f"{tmp_path}{place}")
    shutil.copy(GUIDE.parent / "examples" / "check.lua", tmp_path / "etc/pluq")
    (tmp_path / "etc/pluq/common").mkdir()
    for name in ("order.json", "user.json"):
        (tmp_path / "etc/pluq" / name).write_text('{"type": "object"}')
    (tmp_path / "shown.yaml").write_text(text)
    run(installation.daemon, f"--set=plugin_dir={installation.plugins}", "--config", tmp_path / "shown.yaml", "--check-config")
