"""The command line and the configuration: every option, every kind of mistake, plugins as test data, signals."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from pluqtest import Pluqd, eventually, scaled
from pluqtest import daemon as under_test

TEST_PLUGINS = os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")
SOURCE = os.environ.get("PLUQ_SOURCE_DIR", "")

needs_test_plugins = pytest.mark.skipif(not TEST_PLUGINS, reason="PLUQ_TEST_PLUGIN_DIR is not set")


def pluqd(*arguments, plugin_dir=under_test.PLUGIN_DIR, status=0):
    argv = [under_test.PROGRAM, *([f"--set=plugin_dir={plugin_dir}"] if plugin_dir else []), *map(str, arguments)]
    r = subprocess.run(argv, capture_output=True, text=True, timeout=scaled(20))
    assert r.returncode == status, r
    return r


def mistake(*arguments, plugin_dir=under_test.PLUGIN_DIR):
    """What a start that must fail says: one line, behind the program's name."""
    r = pluqd(*arguments, plugin_dir=plugin_dir, status=1)
    assert r.stdout == "" and r.stderr.count("\n") == 1, r
    assert r.stderr.startswith("pluqd: ")
    return r.stderr[len("pluqd: "):].rstrip("\n")


@pytest.fixture
def config(tmp_path):
    def write(text, name="pluqd.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path
    return write


# asking


def test_version_and_help():
    assert re.fullmatch(r"pluqd \d+\.\d+\.\d+ \(plugin ABI \d+\.\d+\)\n", pluqd("--version").stdout)
    text = pluqd("--help").stdout
    for option in ("--config", "--set", "--check-config", "--print-config", "--list-plugins", "--help-plugin", "--version"):
        assert option in text


def test_wrong_usage_is_status_2():
    for arguments, said in [(["--nonsense"], "--help"), (["--confg=x"], "did you mean '--config'"), (["x.yaml"], "x.yaml"),
                            (["--config"], "a value is missing"), (["--set", "x"], "NAME=VALUE"), (["-x"], "'-x'"),
                            (["--set=a=b", "-xy"], "'-xy'"), (["--print"], "'--print'"), (["--version=3"], "'--version'")]:
        r = pluqd(*arguments, status=2)
        assert r.stdout == "" and said in r.stderr and r.stderr.count("\n") == 1


def test_plugins_are_listed():
    lines = pluqd("--list-plugins").stdout.splitlines()
    kinds = {line.split()[0]: line.split()[1] for line in lines}
    assert kinds["nsqd"] == kinds["lookupd"] == "handler" and kinds["diskqueue"] == kinds["memory"] == "storage"


def test_an_answer_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        for question in ("--help", "--print-config"):
            r = subprocess.run([under_test.PROGRAM, f"--set=plugin_dir={under_test.PLUGIN_DIR}", question], stdout=full,
                               stderr=subprocess.PIPE, text=True, timeout=scaled(20))
            assert (r.returncode, r.stderr) == (1, "pluqd: standard output cannot be written\n")


def test_options_of_a_plugin_are_described():
    text = pluqd("--help-plugin", "nsqd").stdout
    assert re.search(r"^  mem_queue_size: 10000$", text, re.M)
    assert re.search(r"^  threads: auto$", pluqd("--help-plugin", "core").stdout, re.M)
    assert "did you mean 'nsqd'" in mistake("--help-plugin", "nsqdd")


def test_reference_in_the_documentation_is_current():
    if not SOURCE:
        pytest.skip("PLUQ_SOURCE_DIR is not set")
    assert pluqd("--print-reference").stdout == (Path(SOURCE) / "docs" / "options.md").read_text(), "run: make options-doc"


@pytest.mark.parametrize("role, accounts", [("nsqd", False), ("nsqlookupd", False), ("nsqauthd", True)])
def test_example_configuration_is_good(tmp_path, role, accounts):
    if not SOURCE:
        pytest.skip("PLUQ_SOURCE_DIR is not set")
    own = ["--set", "user="]  # the package makes the user
    if accounts:
        (tmp_path / "accounts.csv").write_text("login,ip,tls_required,topic,channel,subscribe,publish\n")
        own += ["--set", f"auth-csv.data_file={tmp_path}/accounts.csv"]
    pluqd("--config", Path(SOURCE) / "etc" / "pluq" / f"{role}.yaml", "--check-config", *own)


# print-config


def test_what_is_printed_names_where_each_value_comes_from(config):
    path = config("threads: 3\nlog:\n  level: warn\nplugins:\n  - nsqd:\n      msg_timeout: 90s\n  - memory\n")
    text = pluqd("--config", path, "--set", "nsqd.max_rdy_count=7", "--print-config").stdout
    where = {m[1]: (m[2].rstrip(), m[3]) for m in re.finditer(r"^ *(\w+): (\S.*?) +# (.*)$", text, re.M)}
    assert where["threads"] == ("3", f"{path}:1")
    assert where["level"] == ("warn", f"{path}:3")
    assert where["msg_timeout"] == ("1m30s", f"{path}:6")
    assert where["max_rdy_count"] == ("7", "--set nsqd.max_rdy_count")
    assert where["mem_queue_size"] == ("10000", "default")


@needs_test_plugins
def test_what_is_printed_can_be_read_again(config):
    first = config("log: {to: /x/y}\nplugins: [options: {text: 'a \"b\" \\ #c', names: ['', 'x, y'], points: [0.1, 1e300]}]\n")
    printed = pluqd("--config", first, "--print-config", plugin_dir=TEST_PLUGINS).stdout
    second = config(printed.replace('"(hidden)"', "''"), "second.yaml")
    again = pluqd("--config", second, "--print-config", plugin_dir=TEST_PLUGINS).stdout

    def values(text):
        return [line.split("  # ")[0].rstrip() for line in text.splitlines()]
    assert values(again) == values(printed)


@needs_test_plugins
def test_secrets_are_never_printed(config):
    path = config("plugins: [options: {secret: hunter2}]\n")
    text = pluqd("--config", path, "--print-config", "--set", "options.secret=hunter3", plugin_dir=TEST_PLUGINS).stdout
    assert "(hidden)" in text and "hunter" not in text
    assert "hunter" not in mistake("--config", config("plugins: [options: {secret: [hunter2]}]\n"), plugin_dir=TEST_PLUGINS)


# mistakes in files


@pytest.mark.parametrize("text, said", [
    ("thread: 2\n", ":1: thread: there is no such option: did you mean 'threads'?"),
    ("log:\n  levl: info\n", ":2: log.levl: there is no such option: did you mean 'log.level'?"),
    ("\nthreads: many\n", ":2: threads: 'many' is not auto or an integer from 1 to 256"),
    ("log: {level: loud}\n", ":1: log.level: 'loud' is not one of debug, info, warn, error, fatal"),
    ("shutdown_timeout: 5 minutes\n", ":1: shutdown_timeout: '5 minutes' is not a duration"),
    ("memory_limit: 5 pounds\n", ":1: memory_limit: '5 pounds' is not auto or a size"),
    ("plugin:\n  - nsqd\n", ":1: plugin: there is no such option: did you mean 'plugins'?"),
    ("threads: 1\nnsqd: {max_rdy_count: 1}\n", ":2: nsqd: there is no such option: if it is a plugin, it belongs in the list: plugins: [nsqd: {...}]"),
    ("log: debug\n", ":1: log: a map of options is wanted: log: {...}"),
    ("threads:\n", ":1: threads: has no value: give auto or an integer from 1 to 256"),
    ("threads: [1]\n", ":1: threads: this list is not auto or an integer"),
    ("plugins:\n  - nsqd:\n      mem_queue_sise: 1\n", ":3: nsqd.mem_queue_sise: there is no such option: did you mean 'mem_queue_size'?"),
    ("plugins:\n  - nsqd:\n      max_rdy_count: x\n", ":3: nsqd.max_rdy_count: 'x' is not an integer from 1 to 2147483647"),
    ("plugins:\n  - nsqd:\n    max_rdy_count: 1\n", ":3: plugins: indent the options deeper"),
    ("plugins:\n  - nsqdd\n", ":2: plugin 'nsqdd': there is no "),
    ("plugins:\n  - nsqd\n  - memory\n  - nsqd\n", ":4: plugins: 'nsqd' is listed twice (first in line 2)"),
    ("plugins: {nsqd: {}}\n", ":1: plugins: a list is wanted"),
    ("plugins:\n  - {plugin: x}\n", ":2: plugins: a map of options is wanted behind the name"),
    ("plugins: [/nonexistent/x.so]\n", ":1: plugin '/nonexistent/x.so': there is no /nonexistent/x.so"),
    ("threads: 1\nthreads: 2\n", ":2:1: 'threads' is given twice (first in line 1)"),
    ("a: &b c\n", ":1:4: anchors (&name) are not supported"),
    ("threads: 1\n---\nthreads: 2\n", ":2:1: a second document"),
    ("threads: [\n", ":2:1: "),
    ("- x\n", ":1: a map of options is wanted"),
])
def test_mistakes_in_a_file_have_their_place(config, text, said):
    path = config(text)
    for action in ([], ["--check-config"], ["--print-config"]):
        assert mistake("--config", path, *action).startswith(f"{path}{said}")


def test_missing_file():
    assert mistake("--config", "/nonexistent.yaml") == "/nonexistent.yaml: cannot be opened: No such file or directory"


def test_storage_is_needed_once(config):
    said = mistake("--config", config("plugins: [nsqd: {tcp_address: '127.0.0.1:0', http_address: ''}]\nlog: {level: error}\n"))
    assert "diskqueue" in said and "memory" in said
    assert "more than one storage" in mistake("--config", config("plugins: [nsqd, memory, diskqueue: {data_path: /x}]\n"))


def test_check_config_starts_nothing(config, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        path = config(f"plugins: [nsqd: {{tcp_address: '127.0.0.1:{port}'}}, diskqueue: {{data_path: {tmp_path}/none}}]\n")
        assert pluqd("--config", path, "--check-config").stdout == "the configuration is good\n"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("plugin, text, said", [
    ("auth-csv: {data_file: FILE}", "login,ip\n", "FILE:1:1: the column tls_required is missing"),
    ("auth-csv: {data_file: FILE}", None, "FILE: cannot be opened: No such file or directory"),
    ("auth-token: {data_file: FILE}", "a md5:0\n", "FILE:1:3: not a hash"),
    ("auth-cert: {data_file: FILE}", "CN=a\n  publish (\n", "FILE:2:11: not a pattern"),
    ("auth-http: {address: ['h:x']}", None, "address 'h:x': the port is none"),
    ("authd: {oauth2_echo_endpoint: x}", None, "oauth2_echo_endpoint is not a URL"),
    ("authd: {https_address: '127.0.0.1:0'}", None, "https_address needs tls_cert and tls_key"),
    ("nsqd: {e2e_processing_latency_percentile: [0.5, 1.5]}", None, "invalid E2E processing latency percentile: 1.5 "),
    ("nsqd: {tls_cert: FILE}", None, "tls_key: is missing"),
    ("nsqd: {lookupd_tcp_address: [h]}", None, "lookupd_tcp_address: 'h' is neither "),
    ("stdout: {to: FILE/x}", "a file\n", "FILE/x: Not a directory"),
    ("stdout: {to: FILE/x}", None, "FILE/x: No such file or directory"),
    ("validate-lua: {script: FILE}", None, "script: FILE: cannot be opened: No such file or directory"),
    ("validate-lua: {script: FILE}", "x = 1\n", "script: FILE: there is no function validate"),
    ("validate-lua: {script: FILE}", "function validate(\n", "script: FILE:2:"),
])
def test_check_config_reads_what_plugins_are_told_to_read(config, tmp_path, plugin, text, said):
    file = tmp_path / "accounts"
    if text:
        file.write_text(text)
    path = config("plugins: [%smemory, %s]\n" % ("" if plugin.startswith("nsqd") else "nsqd, ", plugin.replace("FILE", str(file))))
    assert mistake("--config", path, "--check-config").startswith(f"{plugin.split(':')[0]}: {said.replace('FILE', str(file))}")


def test_check_config_makes_no_file(config, tmp_path):
    path = config("plugins: [nsqd, memory, stdout: {to: %s/lines}]\n" % tmp_path)
    assert pluqd("--config", path, "--check-config").stdout == "the configuration is good\n"
    assert not (tmp_path / "lines").exists()


def test_files_beside_the_file_are_merged(config):
    path = config("threads: 1\nplugins: [nsqd: {max_rdy_count: 1, max_msg_size: 1}, memory]\n")
    config("threads: 3\nplugins: [nsqd: {max_rdy_count: 3}]\n", "conf.d/20.yaml")
    config("threads: 2\nplugins: [nsqd: {max_rdy_count: 2, max_msg_size: 2}]\n", "conf.d/10.yaml")
    config("nonsense: [", "conf.d/30.yaml.bak")
    text = pluqd("--config", path, "--print-config").stdout
    assert re.search(r"^threads: 3 +# .*conf\.d/20\.yaml:1$", text, re.M)
    assert re.search(r"max_rdy_count: 3 ", text) and re.search(r"max_msg_size: 2 ", text)
    config("thread: 1\n", "conf.d/40.yaml")
    assert "conf.d/40.yaml:1: thread:" in mistake("--config", path)


# --set


@needs_test_plugins
def test_set_forms(config):
    def printed(*sets):
        arguments = [x for s in sets for x in ("--set", s)]
        text = pluqd("--config", config("plugins: []\n"), "--print-config", *arguments, plugin_dir=TEST_PLUGINS).stdout
        return {m[1]: m[2] for m in re.finditer(r"^ *(\w+): (\S.*?) +#", text, re.M)}
    assert printed("threads=4")["threads"] == "4"
    assert printed("log.level=DEBUG")["level"] == "debug"
    assert printed("options.number=3", "options.number=9")["number"] == "9"
    assert printed("options.names=a", "options.names=b")["names"] == '["a", "b"]'
    assert printed("options.names=a,b")["names"] == '["a,b"]'
    assert printed("options.names=")["names"] == "[]"
    assert printed("options.text=a=b: c")["text"] == '"a=b: c"'
    assert printed("mine.plugin=options", "mine.number=8")["number"] == "8"


@pytest.mark.parametrize("setting, said", [
    ("threds=1", "--set threds: threds: there is no such option: did you mean 'threads'?"),
    ("log.levle=info", "--set log.levle: log.levle: there is no such option: did you mean 'log.level'?"),
    ("nsqd.max_rdy_cuont=1", "--set nsqd.max_rdy_cuont: nsqd.max_rdy_cuont: there is no such option: did you mean 'max_rdy_count'?"),
    ("nsqd.max_rdy_count=0", "--set nsqd.max_rdy_count: nsqd.max_rdy_count: '0' is not an integer from 1 to 2147483647"),
    ("nsqd.=0", "--set nsqd.=0: NAME=VALUE or PLUGIN.NAME=VALUE is wanted"),
])
def test_mistakes_in_set(setting, said):
    assert mistake("--set", setting) == said


def test_set_loads_a_plugin_and_stands_in_for_the_default_storage():
    text = pluqd("--set", "memory.plugin=memory", "--print-config").stdout
    assert "- memory: {}" in text and "- nsqd:" in text and "diskqueue" not in text


# plugins


@needs_test_plugins
@pytest.mark.parametrize("name, said", [
    ("no-symbol", "exports no pluq_plugin_entry"),
    ("wrong-major", r"built for plugin ABI 1\.0, this pluqd has 0\.\d+: rebuild it"),
    ("newer-minor", r"built for plugin ABI 0\.\d+, this pluqd has 0\.\d+: it needs a newer pluqd"),
    ("short-size", r"its descriptor is too short \(16 bytes"),
    ("small-option", r"its option_size is too small \(8 bytes"),
    ("bad-table", "its option table is faulty: outside: its member lies outside the conf struct"),
    ("no-ask", "it lacks the operation 'ask'"),
    ("no-ops", "it lacks the operation 'append'"),
    ("validator-odd", "its options do not begin with those of every validator"),
    ("other-kind", r"its kind \(99\) is unknown"),
    ("unbound", "cannot be loaded: .*undefined symbol: pluq_nobody_defines_this"),
])
def test_unusable_plugins_are_refused(config, name, said):
    path = config(f"plugins:\n  - {name}\n")
    line = mistake("--config", path, plugin_dir=TEST_PLUGINS)
    assert line.startswith(f"{path}:2: plugin {TEST_PLUGINS}/{name}.so: ") and re.search(said, line)
    assert re.search(rf"^{name} +unusable: .*{said}", pluqd("--list-plugins", plugin_dir=TEST_PLUGINS).stdout, re.M)


def test_what_is_no_shared_object_is_refused_with_the_true_reason(tmp_path):
    (tmp_path / "junk.so").write_text("not an object")
    line = mistake("--set", f"junk.plugin={tmp_path}/junk.so")
    assert "file too short" in line or "invalid ELF header" in line


@needs_test_plugins
def test_file_must_have_the_name_of_its_plugin(tmp_path):
    (tmp_path / "other.so").symlink_to(f"{TEST_PLUGINS}/options.so")
    assert "calls itself 'options'" in mistake("--set", "other.number=1", plugin_dir=tmp_path)


@needs_test_plugins
def test_failing_init_stops_the_start(config):
    path = config("plugins: [failing-init]\n")
    r = pluqd("--config", path, "--set", "log.level=warn", plugin_dir=TEST_PLUGINS, status=1)
    assert r.stderr == "pluqd: failing-init: the moon is not in the right phase\n"


def with_plugin(launch, name, option, **more):
    """A broker that also has this plugin of the test data; its configuration is the file d.home / "pluqd.yaml"."""
    path = f"{TEST_PLUGINS}/{name}.so"
    return launch.make(config=f"plugins:\n  - nsqd\n  - diskqueue\n  - {name}:\n      plugin: {path}\n      {option}\n", **more)


@needs_test_plugins
def test_slow_operations_are_named(launch):
    d = with_plugin(launch, "slow", "takes: 200ms", slow_operation="50ms").start()
    d.wait_log(r"warn slow: slow operation: work took 2\d\d ms")
    d.wait_log(r"info slow: back on loop 0")


@needs_test_plugins
def test_quick_operations_are_not(launch):
    d = with_plugin(launch, "slow", "takes: 1ms", slow_operation="5s").start()
    d.wait_log(r"info slow: back on loop 0")
    d.stop()
    assert "slow operation" not in d.log()


@needs_test_plugins
def test_host_serves_a_plugin(launch):
    d = with_plugin(launch, "options", "number: 7\n      text: hello\n      names: [x]\n      timeout: 3s").start()
    d.wait_log(r"info options: flag=1 number=7 duration=250000000 size=65536 word=1 timeout=3000000000 text=hello lists=x,0\.5,0\.99,$")
    d.wait_log(r"letter on loop 0")
    d.wait_log(r"option_get: hello$")
    d.wait_log(r"timer fired, not early")
    assert "an unknown option was found" not in d.log()


@needs_test_plugins
@pytest.mark.parametrize("where", ["loop", "pool"])
def test_a_crash_names_versions_and_builds(launch, where):
    d = with_plugin(launch, "crash", f"where: {where}", threads=3).spawn()
    status = d.wait(20, reports=False)
    if d.reported():
        pytest.skip("a sanitizer has reported it")
    assert status == -signal.SIGSEGV
    builds = dict(re.findall(r"plugin (\w+): .* build id (\w+)$", d.log(), re.M))
    said, = re.findall(r"^pluqd .* crashed; .*$", d.log(), re.M)
    assert re.match(r"pluqd \d+\.\d+\.\d+ \(build id \w+\) crashed; plugins: ", said) and said.endswith("; signal 11")
    assert f"crash 1.0 ({TEST_PLUGINS}/crash.so, build id {builds['crash']})" in said
    assert {"nsqd", "diskqueue", "crash"} <= builds.keys() and re.search(rf"diskqueue \S+ \(\S+, build id {builds['diskqueue']}\)", said)
    readelf = shutil.which("readelf")
    if readelf:
        notes = subprocess.run([readelf, "-n", f"{TEST_PLUGINS}/crash.so"], capture_output=True, text=True, check=True).stdout
        assert builds["crash"] == (re.findall(r"Build ID: (\w+)", notes) or ["none"])[0]


@needs_test_plugins
def test_a_storage_that_keeps_nothing_needs_no_more_than_load_and_save(launch):
    """Its table is shorter than the members it does not have."""
    path = f"{TEST_PLUGINS}/keeps-nothing.so"
    d = launch.make(storage="keeps-nothing", mem_queue_size=1, config=f"plugins:\n  - nsqd\n  - keeps-nothing: {{plugin: {path}}}\n")
    d.start()
    d.consumer("t", "c").close()
    p = d.client()
    p.pub("t", "fits")
    p.command("PUB t", "does not")
    assert p.frame().data.startswith(b"E_PUB_FAILED")
    d.post("/topic/delete", topic="t")
    d.stop()


# signals


def test_sigterm_and_sigint_stop_cleanly(launch):
    for number in (signal.SIGTERM, signal.SIGINT):
        d = launch()
        d.signal(number)
        assert d.wait() == 0
        assert re.search(rf"info core: received {number.name}", d.log()) and re.search(r"info core: stopped$", d.log(), re.M)


def test_second_signal_ends_at_once(launch):
    d = launch(shutdown_timeout="60s")
    d.signal(signal.SIGSTOP)  # so that both are there when it looks
    d.signal(signal.SIGTERM)
    d.signal(signal.SIGINT)
    d.signal(signal.SIGCONT)
    assert d.wait(5) == 1
    assert "told to stop a second time" in d.log()


@needs_test_plugins
def test_hangup_reloads_what_it_may(launch):
    d = with_plugin(launch, "options", "number: 7")
    del d.options["log.level"], d.options["threads"]
    d.start()
    path = d.home / "pluqd.yaml"
    path.write_text(path.read_text().replace("number: 7", "number: 8\n      size: 1MB\n      text: changed") +
                    "  - memory\nlog: {level: debug}\nthreads: 99\n")
    d.signal(signal.SIGHUP)
    d.wait_log(r"info core: reloaded")
    d.wait_log(r"info options: flag=1 number=8 .* size=65536 .* text=changed ")
    d.wait_log(r"warn options: size has changed: this needs a restart")
    d.wait_log(r"warn core: threads has changed: this needs a restart")
    d.wait_log(r"warn memory: is new in the configuration: this needs a restart")
    path.write_text(path.read_text().replace("options.so", "slow.so").replace("number: 8", "takes: 1s"))
    d.signal(signal.SIGHUP)
    d.wait_log(r"warn options: is another plugin now, '.*/slow\.so': this needs a restart")
    assert d.http("GET", "/config/log_level").body == b"1"  # the original's number for debug


@needs_test_plugins
def test_bad_reload_changes_nothing(launch):
    d = with_plugin(launch, "options", "number: 7").start()
    path = d.home / "pluqd.yaml"
    good = path.read_text()
    path.write_text(good.replace("number: 7", "number: 700"))
    d.signal(signal.SIGHUP)
    d.wait_log(rf"error core: reload failed, the old configuration stays: {path}:6: options.number: '700' is not an integer")
    path.write_text(good.replace("number: 7", "text: refuse"))
    d.signal(signal.SIGHUP)
    d.wait_log(r"error options: reload failed, the old options stay: text: refuse is refused")
    d.client().pub("topic", "it serves on")


def test_log_file_is_opened_anew(launch, tmp_path):
    log, old = tmp_path / "log", tmp_path / "log.1"
    d = launch.make(**{"log.to": log})
    d._serves = lambda: log.exists() and re.search(r"\bready\b", log.read_text())
    d._address = lambda what, configured: None
    d.start()
    log.rename(old)
    d.signal(signal.SIGHUP)
    eventually(lambda: log.exists() and "reloaded" in log.read_text(), 5, "the new file is written")
    d.stop()
    assert "stopped" in log.read_text() and "stopped" not in old.read_text()


def test_closed_standard_descriptors_are_nothing_else(launch, tmp_path):
    """Or lines for standard error would go to whatever file or socket gets its number."""
    log = tmp_path / "log"
    d = launch.make(**{"log.to": log})
    p = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *d.command()])
    try:
        eventually(lambda: log.exists() and re.search(r"\bready\b", log.read_text()), 20, "the daemon is ready")
        assert {os.readlink(f"/proc/{p.pid}/fd/{n}") for n in range(3)} == {"/dev/null"}
    finally:
        p.terminate()
        assert p.wait(scaled(20)) == 0


def test_service_manager_is_told(launch, tmp_path):
    for address, name in ((str(tmp_path / "notify"), str(tmp_path / "notify")), (f"\0pluqtest-{os.getpid()}", f"@pluqtest-{os.getpid()}")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(address)
            s.settimeout(scaled(10))
            d = launch(env={"NOTIFY_SOCKET": name})
            assert s.recv(100) == b"READY=1"
            d.signal(signal.SIGHUP)
            assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", s.recv(100))
            assert s.recv(100) == b"READY=1"
            d.stop()
            assert s.recv(100) == b"STOPPING=1"


# the user


def test_root_becomes_the_user(launch):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    nobody = pwd.getpwnam("nobody")
    d = launch.make(user="nobody")
    d.home.chmod(0o755)
    os.chown(d.data, nobody.pw_uid, nobody.pw_gid)
    d.start()
    status = Path(f"/proc/{d.pid}/status").read_text()
    assert re.search(rf"^Uid:(\t{nobody.pw_uid}){{4}}$", status, re.M) and re.search(rf"^Gid:(\t{nobody.pw_gid}){{4}}$", status, re.M)
    for thread in Path(f"/proc/{d.pid}/task").iterdir():
        assert re.search(rf"^Uid:(\t{nobody.pw_uid}){{4}}$", (thread / "status").read_text(), re.M)
    d.client().pub("topic", "x")
    d.stop()
    assert all(p.stat().st_uid == nobody.pw_uid for p in d.data.iterdir())


def test_unknown_user_stops_the_start(config):
    path = config("user: nobody-of-that-name\nplugins: [nsqd: {tcp_address: '127.0.0.1:0', http_address: ''}, memory]\n")
    for action in ([], ["--check-config"]):
        assert mistake("--config", path, *action) == "user: there is no user 'nobody-of-that-name'"
    long = "u" * 100
    assert long in mistake("--config", path, "--set", f"user={long}", "--check-config")


def test_what_root_has_made_is_the_users(launch, tmp_path):
    """The log can be opened anew, and the user's own clients can connect."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    nobody = pwd.getpwnam("nobody")
    place = Path(tempfile.mkdtemp(prefix="pluqtest-"))  # pytest's folders let no other user in
    try:
        place.chmod(0o755)
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
        log = place / "log"
        d = launch.make(user="nobody", tcp=str(place / "tcp"), **{"log.to": log})
        d._serves = lambda: log.exists() and re.search(r"\bready\b", log.read_text())
        d._address = lambda what, configured: configured
        d.home.chmod(0o755)
        os.chown(d.data, nobody.pw_uid, nobody.pw_gid)
        d.start()
        assert {log.stat().st_uid, (place / "tcp").stat().st_uid} == {nobody.pw_uid}
        d.signal(signal.SIGHUP)
        eventually(lambda: "reloaded" in log.read_text(), 5, "it has looked at its log")
        assert "cannot be opened again" not in log.read_text()
        d.stop()
        assert not (place / "tcp").exists()
        os.chown(log, 0, 0)  # somebody else's: it stays theirs
        log.write_text("")
        d.start()
        d.stop()
        assert log.stat().st_uid == 0
    finally:
        shutil.rmtree(place)


# without a file


def test_without_a_file_the_data_is_in_the_state_directory(tmp_path):
    text = subprocess.run([under_test.PROGRAM, f"--set=plugin_dir={under_test.PLUGIN_DIR}", "--print-config"], capture_output=True,
                          text=True, check=True, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)}).stdout
    folder = "/var/lib/pluq" if os.geteuid() == 0 else f"{tmp_path}/pluq"
    assert re.search(rf'data_path: "{folder}" +# default', text)
    assert re.search(r'tcp_address: "127\.0\.0\.1:4150" +# default', text)


def test_without_a_file_the_state_directory_is_made(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root's is /var/lib/pluq, which a test leaves alone")
    d = Pluqd(start=False, env={"XDG_STATE_HOME": str(tmp_path / "state")})
    d.command, plain = (lambda: [x for x in plain() if "data_path" not in x]), d.command
    try:
        d.start()
        assert (tmp_path / "state" / "pluq").stat().st_mode & 0o777 == 0o700
        d.stop()
    finally:
        if d.alive():
            d.kill()
        d.remove()
