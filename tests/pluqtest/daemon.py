"""One pluqd process: starts it, finds its ports in its log, watches how it ends.

Environment:
    PLUQD              the program under test (required)
    PLUQ_PLUGIN_DIR    where its plugins are; unset: the program's own default
    PLUQ_TEST_THREADS  event loops, default 2; a test that needs a certain number sets it itself
    PLUQ_TEST_SLOW     stretches every deadline, default 1
"""

import ctypes
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import disk
from .client import Client
from .httpclient import RawHttp, http
from .wait import eventually, scaled

PROGRAM = os.environ.get("PLUQD", "")
PLUGIN_DIR = os.environ.get("PLUQ_PLUGIN_DIR", "")
THREADS = int(os.environ.get("PLUQ_TEST_THREADS", "2"))

_DISKQUEUE = {"data_path", "max_bytes_per_file", "sync_every", "sync_timeout"}
_DAEMON = {"threads", "user", "shutdown_timeout", "memory_limit", "max_connections", "slow_operation"}
_REPORT = re.compile(r"ERROR: (Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|WARNING: ThreadSanitizer|runtime error: ")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _setting(key, storage):
    if "." in key:
        return key
    if key in _DISKQUEUE:
        return f"{storage}.{key}"
    return key if key in _DAEMON else f"nsqd.{key}"


def _value(v):
    return str(v).lower() if isinstance(v, bool) else str(v)


class Pluqd:
    handler = "nsqd"
    running = []  # every live one, for the log of a failed test and for the teardown

    def __init__(self, data=None, *, tcp="127.0.0.1:0", http_address="127.0.0.1:0", storage="diskqueue", env=None,
                 preload=(), nofile=None, config=None, plugins=(), start=True, **options):
        """Keyword options become --set: those of diskqueue and of the daemon go there, a key with a dot is
        taken as it is, all others are the nsqd handler's. A list is given by repeating.
        plugins: further ones in their order, (name, options) each."""
        self.home = Path(tempfile.mkdtemp(prefix="pluqtest-"))
        self.data = Path(data) if data else self.home / "data"
        self.data.mkdir(exist_ok=True)
        self.log_path = self.home / "log"
        self.log_path.touch()
        self.listen = {"tcp_address": tcp, "http_address": http_address}
        self.storage = storage
        self.env = dict(env or {})
        self.preload = [str(p) for p in preload]
        self.nofile = nofile
        self.config = config
        self.plugins = list(plugins)
        https = {"https_address": "127.0.0.1:0"} if "tls_cert" in options else {}
        self.options = {"threads": THREADS, "log.level": "debug", **https, **options}
        self.enter = None  # called in the process before it becomes the program: a network namespace, for instance
        self.process = None
        self.log_from = 0
        self.tcp = self.http_at = self.https_at = self.tls_at = None
        if start:
            self.start()

    # life

    def command(self):
        settings = {**self.listen, **self.options}
        if self.storage == "diskqueue":
            settings["data_path"] = self.data
        argv = [PROGRAM]
        if self.config or self.plugins or self.storage != "diskqueue":
            argv += ["--config", str(self._config_file())]
        if PLUGIN_DIR:
            argv += ["--set", f"plugin_dir={PLUGIN_DIR}"]
        for key, value in settings.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                argv += ["--set", f"{_setting(key, self.storage)}={_value(one)}"]
        return argv

    def _config_file(self):
        path = self.home / "pluqd.yaml"
        path.write_text(self.config or self._config(self.handler, self.storage))
        return path

    def _config(self, *names):
        """These plugins without options, then the further ones. JSON is YAML."""
        entries = [(name, {}) for name in names] + self.plugins
        return "plugins:\n" + "".join(f"  - {json.dumps({name: options}, default=str)}\n" for name, options in entries)

    def _environment(self):
        env = {**os.environ, **self.env}
        if self.preload:
            env["LD_PRELOAD"] = " ".join(self.preload)
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return env

    def _before_exec(self):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if self.enter:
            self.enter()
        if self.nofile:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.nofile, self.nofile))

    def spawn(self):
        """Starts the process and does not wait for it to serve."""
        if not PROGRAM:
            raise RuntimeError("PLUQD must name the program under test, and PLUQ_PLUGIN_DIR its plugins")
        self.log_from = self.log_path.stat().st_size
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self._environment(), preexec_fn=self._before_exec)
        Pluqd.running.append(self)
        return self

    def start(self, deadline=20):
        return self.spawn().wait_until_ready(deadline)

    def wait_until_ready(self, deadline=20):
        eventually(self._serves, deadline, "the daemon is ready")
        self.tcp = self._address("TCP", self.listen["tcp_address"])
        self.http_at = self._address("HTTP", self.listen["http_address"])
        self.https_at = self._address("HTTPS", str(self.options.get("https_address", "")))
        self.tls_at = self._address("TLS TCP", str(self.options.get("tls_tcp_address", "")))
        return self

    def _serves(self):
        code = self.process.poll()
        if code is not None:
            self._ended()
            raise RuntimeError(f"pluqd ended with status {code} at start:\n{self.log()[-4000:]}")
        return re.search(r"\bready\b", self.log())

    def _address(self, what, configured):
        if not configured:
            return None
        if ":" not in configured:
            return configured
        host, port = re.search(rf"\b{what}: listening on (\S+):(\d+)", self.log()).groups()
        return host.strip("[]"), int(port)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def _ended(self):
        if self in Pluqd.running:
            Pluqd.running.remove(self)

    def wait(self, deadline=30, *, reports=True):
        """Waits for the end and returns the exit status. reports: no sanitizer may have found anything."""
        try:
            code = self.process.wait(scaled(deadline))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._ended()
            raise AssertionError(f"pluqd had not ended after {scaled(deadline)} s:\n{self.log()[-4000:]}") from None
        self._ended()
        if reports:
            self.check_reports()
        return code

    def stop(self, deadline=30, status=0):
        """SIGTERM; the exit status must be the one given."""
        if not self.process or self not in Pluqd.running:
            return
        if self.alive():
            self.process.terminate()
        code = self.wait(deadline)
        assert code == status, f"pluqd ended with status {code}:\n{self.log()[-4000:]}"
        if code == 0:
            disk.check_left(self.data)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._ended()
        self.check_reports()

    def restart(self, **options):
        """Clean stop and start on the same data; the options given replace earlier ones."""
        self.stop()
        self.options.update(options)
        return self.start()

    def signal(self, number):
        self.process.send_signal(number)

    def reported(self):
        """Has a sanitizer found something?"""
        return bool(_REPORT.search(self.log_path.read_text(errors="replace")))

    def check_reports(self):
        text = self.log_path.read_text(errors="replace")
        found = _REPORT.search(text)
        assert not found, "sanitizer report:\n" + text[max(0, found.start() - 200):found.start() + 6000]

    def remove(self):
        shutil.rmtree(self.home, ignore_errors=True)

    # log

    def log(self):
        """What it has written since it was last started."""
        with open(self.log_path, "rb") as f:
            f.seek(self.log_from)
            return f.read().decode(errors="replace")

    def wait_log(self, pattern, deadline=5):
        return eventually(lambda: re.search(pattern, self.log(), re.M), deadline, f"log line {pattern!r}")

    # talk

    def client(self, **kw):
        return Client(self.tcp, **kw)

    def consumer(self, topic, channel, ready=None, **identify):
        """A subscribed client; identify fields are negotiated first, if any."""
        c = self.client()
        if identify:
            c.identify(**identify)
        return c.sub(topic, channel, ready)

    def http(self, method, path, params=None, body=None, headers=None, timeout=10):
        return http(self.http_at, method, path, params, body, headers, timeout)

    def https(self, context, method, path, params=None, body=None, headers=None, timeout=10):
        return http(self.https_at, method, path, params, body, headers, timeout, tls=context)

    def raw_http(self, **kw):
        return RawHttp(self.http_at, **kw)

    def post(self, path, body=None, **params):
        """A POST that must succeed."""
        r = self.http("POST", path, params, body=body if body is not None else b"")
        assert r.status == 200, f"POST {path} {params}: {r}"
        return r

    def stats(self, **params):
        r = self.http("GET", "/stats", {"format": "json", **params})
        assert r.status == 200, r
        return r.json()

    def topic_stats(self, topic, **params):
        """The counters of one topic, or None."""
        topics = self.stats(topic=topic, include_mem="false", **params)["topics"]
        return topics[0] if topics else None

    def channel_stats(self, topic, channel, **params):
        t = self.topic_stats(topic, channel=channel, **params)
        return t["channels"][0] if t else None

    def wait_channel(self, topic, channel, deadline=5, **wanted):
        """Waits until the channel's counters have these values."""
        def check():
            s = self.channel_stats(topic, channel)
            assert s, f"no channel {topic}:{channel}"
            have = {k: s[k] for k in wanted}
            assert have == wanted, have
            return s
        return eventually(check, deadline, f"{topic}:{channel} has {wanted}")

    def files(self, pattern="*"):
        return sorted(p.name for p in self.data.glob(pattern))

    def rss_kib(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def sanitized(self):
        maps = Path(f"/proc/{self.pid}/maps").read_text()
        return "libasan" in maps or "libtsan" in maps

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
