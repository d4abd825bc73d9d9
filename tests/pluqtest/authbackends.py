"""The auth plugins behind one face: accounts are set, and each plugin is told of them in its own way.

    backend = Csv(folder)
    backend.set(Account("secret", [Grant("^orders$", (".*",), "publish")]))
    d = backend.attach(Pluqd(plugins=backend.plugins(), start=False)).start()
    backend.set(Account("secret", []))   # in force when it returns
"""

import hashlib
import json
import os
import re
import signal
import socket
import threading
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from . import daemon
from .daemon import Pluqd
from .wait import eventually

TEST_PLUGINS = os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")


class Grant(NamedTuple):
    topic: str
    channels: tuple = (".*",)
    permissions: str = "subscribe,publish"


class Account(NamedTuple):
    secret: str
    grants: tuple = ()
    ip: str = ""          # from there only
    tls: bool = False     # under TLS only
    ttl: float = 3600     # seconds
    verdict: str = "allow"  # deny, silent, error: where the backend can say so
    delay: float = 0      # seconds before it answers, where it can wait
    identity: str = ""


class Backend:
    name = ""
    words = {"subscribe", "publish"}  # the permissions that it knows
    verdicts = {"allow"}
    delays = False
    no_channels = True                # a grant without any channel can be written down
    facts = True                      # address and TLS of the client can be asked for

    def __init__(self, folder):
        self.folder = Path(folder)
        self.accounts = {}
        self.daemon = None

    @classmethod
    def can(cls, account):
        """Whether it can say so."""
        words = set(",".join(g.permissions for g in account.grants).split(",")) - {""}
        return (words <= cls.words and account.verdict in cls.verdicts and (cls.delays or not account.delay)
                and all(g.channels or cls.no_channels for g in account.grants) and (cls.facts or not (account.ip or account.tls)))

    def options(self, certs):
        """What it needs of the broker."""
        return {}

    def secret(self, name):
        """What a client of that account says."""
        return name

    def connect(self, name, certs, tls=False, **kw):
        """A client that has identified itself; AUTH is the next thing to say."""
        c = self.daemon.client(**kw)
        fields = {"heartbeat_interval": 60000}
        if tls:
            c.secure(certs.context(), **fields)
        else:
            c.identify(**fields)
        return c

    def admitted(self, name, certs, **kw):
        c = self.connect(name, certs, **kw)
        c.auth(self.secret(name))
        return c

    def set(self, *accounts):
        """These accounts are as told from now on."""
        for a in accounts:
            self.accounts[a.secret] = a
        self.write()

    def write(self):
        raise NotImplementedError

    def replace(self, name, text):
        path = self.folder / name
        new = path.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)  # else plugins warn of it
        new.rename(path)
        return path

    def attach(self, d):
        self.daemon = d
        return d

    def asked(self, secret):
        """How often the backend was asked about it."""
        raise NotImplementedError

    def close(self):
        pass


class Mock(Backend):
    """tests/plugins/auth-mock.c"""

    name, plugin, file = "auth-mock", "auth-mock", "mock"
    words = {"subscribe", "publish", "admin"}
    verdicts = {"allow", "deny", "silent", "error", "never"}
    delays = True

    def plugins(self):
        self.write()
        return [(f"{TEST_PLUGINS}/{self.plugin}.so", {"file": str(self.folder / self.file)})]

    def write(self):
        lines = []
        for a in self.accounts.values():
            conditions = " ".join([f"ip={a.ip}"] * bool(a.ip) + ["tls"] * a.tls) or "-"
            grants = [" ".join([g.permissions, g.topic, *(c or "''" for c in g.channels)]) for g in a.grants]
            lines.append("\t".join([a.secret, a.verdict, str(int(a.ttl * 1000)), str(int(a.delay * 1000)), a.identity or "-", conditions, *grants]))
        self.replace(self.file, "".join(line + "\n" for line in lines))

    def asked(self, secret):
        return len(re.findall(rf"\basked {re.escape(secret)}$", self.daemon.log(), re.M))


class Blocking(Mock):
    """The same, asked on the pool."""

    name, plugin, file = "auth-blocking", "auth-blocking", "blocking"


class Csv(Backend):
    name = "auth-csv"
    no_channels = False
    ttl = 3600

    def plugins(self):
        self.write()
        return [("auth-csv", {"data_file": str(self.folder / "accounts.csv"), "ttl": f"{int(self.ttl * 1000)}ms"})]

    def rows(self):
        yield "login,ip,tls_required,topic,channel,subscribe,publish"
        for a in self.accounts.values():
            for g in a.grants:
                for channel in g.channels:
                    yield ",".join([a.secret, a.ip, str(a.tls).lower(), g.topic, channel, *(w if w in g.permissions else "" for w in
                                                                                          ("subscribe", "publish"))])

    def write(self):
        self.replace("accounts.csv", "".join(row + "\n" for row in self.rows()))
        self.reload()

    def reload(self):
        if self.daemon and self.daemon.alive():
            reload_and_wait(self.daemon)


def reload_and_wait(d):
    """SIGHUP, and until the log tells that it has been dealt with."""
    done = re.compile(r"\breloaded$|old configuration stays", re.M)
    before = len(done.findall(d.log()))
    d.signal(signal.SIGHUP)
    eventually(lambda: len(done.findall(d.log())) > before, 10, "the configuration is read again")


class _Rules(Csv):
    """Files of entries with indented grants: of auth-token and auth-cert. What they say about channels does not count for publishing."""

    words = {"subscribe", "publish", "admin"}
    facts = False
    file = "rules"

    @classmethod
    def can(cls, account):
        for_all = all("publish" not in g.permissions or any(re.search(c, "") for c in g.channels) for g in account.grants)
        return for_all and super().can(account)

    def plugins(self):
        self.write()
        return [(self.name, {"data_file": str(self.folder / self.file), "ttl": f"{int(self.ttl * 1000)}ms"})]

    def write(self):
        lines = []
        for a in self.accounts.values():
            lines.append(self.entry(a))
            for g in a.grants:
                channels = () if g.permissions == "publish" else g.channels
                lines.append("\t" + " ".join([g.permissions, *(f'"{p}"' for p in (g.topic, *channels))]))
        self.replace(self.file, "".join(line + "\n" for line in lines))
        self.reload()


class Token(_Rules):
    name, file = "auth-token", "tokens"
    REST = "the-long:rest"

    def entry(self, a):
        salt = hashlib.sha256(a.secret.encode()).digest()[:16]
        return f"{a.secret} sha256:{salt.hex()}:{hashlib.sha256(salt + self.REST.encode()).hexdigest()}"

    def secret(self, name):
        return f"{name}:{self.REST}"


class Cert(_Rules):
    """The account's name is the common name of the client's certificate."""

    name, file = "auth-cert", "certificates"

    def entry(self, a):
        return f"CN={a.secret}"

    def options(self, certs):
        return {**certs.server.options, "tls_client_auth_policy": "require-verify", "tls_root_ca_file": certs.ca_file, "tls_required": "tcp-https"}

    def secret(self, name):
        return "certificate"

    def connect(self, name, certs, tls=False, **kw):
        c = self.daemon.client(**kw)
        c.secure(certs.context(certs.named_client(name)), heartbeat_interval=60000)
        return c


class AuthDaemon(Pluqd):
    """pluqd as an auth server."""

    handler = "authd"

    def __init__(self, **kw):
        super().__init__(tcp=None, **kw)

    def command(self):
        config = self.home / "authd.yaml"
        config.write_text(self._config(self.handler))
        argv = [daemon.PROGRAM, "--config", str(config), "--set", f"authd.http_address={self.listen['http_address']}"]
        if daemon.PLUGIN_DIR:
            argv += ["--set", f"plugin_dir={daemon.PLUGIN_DIR}"]
        for key, value in self.options.items():
            name = key if "." in key or key in daemon._DAEMON else f"authd.{key}"
            argv += ["--set", f"{name}={daemon._value(value)}"]
        return argv


# On a clock that a test moves, a question that is open is not late for that.
PATIENT = {"request_timeout": "10m", "connect_timeout": "10m"}


class Authd(Csv):
    """auth-http, which asks a pluqd that serves the file of auth-csv."""

    name = "authd"
    server = None

    def plugins(self):
        self.server = AuthDaemon(plugins=super().plugins())
        return [("auth-http", {"address": ["%s:%d" % self.server.http_at], **PATIENT})]

    def reload(self):
        if self.server:
            reload_and_wait(self.server)

    def close(self):
        if self.server:
            try:
                self.server.stop()
            finally:
                self.server.remove()


class AuthServer:
    """An auth server as the original asks it. `answer(query)` gives (status, body) for the parameters of a question; with `misbehave`
    set, that is called with the socket instead."""

    def __init__(self, answer, context=None, address=("127.0.0.1", 0)):
        self.answer, self.context = answer, context
        self.misbehave = None
        self.questions = []  # parameters
        self.listener = socket.create_server(address)
        self.address = self.listener.getsockname()
        self.open = True
        self.lock = threading.Lock()
        self.sockets = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def where(self):
        return "%s:%d" % self.address

    def _accept(self):
        while self.open:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.add(s)
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        try:
            if self.context:
                s = self.context.wrap_socket(s, server_side=True)
            query = self._question(s)
            if query is None:
                return
            with self.lock:
                self.questions.append(query)
            if self.misbehave:
                self.misbehave(s)
                return
            status, body = self.answer(query)
            body = body if isinstance(body, bytes) else body.encode()
            s.sendall(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        except OSError:
            pass
        finally:
            s.close()

    @staticmethod
    def _question(s):
        file = s.makefile("rb")
        line = file.readline().decode()
        if not line:
            return None
        length = 0
        while (header := file.readline().strip().lower()):
            if header.startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        method, target, _ = line.split(" ", 2)
        if method == "POST":
            return {k: v[0] for k, v in json.loads(file.read(length)).items()}
        return {k: v[0] for k, v in parse_qs(urlsplit(target).query, keep_blank_values=True).items()}

    def asked(self, secret):
        with self.lock:
            return sum(q.get("secret") == secret for q in self.questions)

    def close(self):
        self.open = False
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            for s in self.sockets:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Http(Backend):
    """auth-http, and a server that answers as told."""

    name = "auth-http"
    verdicts = {"allow", "error"}
    delays = True
    settings = PATIENT

    def __init__(self, folder):
        super().__init__(folder)
        self.server = AuthServer(self._answer)
        self.raw = {}  # secret -> (status, body), whatever it is
        self.waiting = threading.Event()

    def plugins(self):
        return [("auth-http", {"address": [self.server.where], **self.settings})]

    def write(self):
        pass

    def _answer(self, query):
        secret = query["secret"]
        if secret in self.raw:
            return self.raw[secret]
        a = self.accounts.get(secret)
        if a is None:
            return 200, json.dumps({"ttl": 3600, "authorizations": []})
        if a.delay:
            self.waiting.wait(a.delay)
        if a.verdict == "error":
            return 500, "out of order"
        fits = (not a.ip or query["remote_ip"] == a.ip) and (not a.tls or query["tls"] == "true")
        grants = [{"topic": g.topic, "channels": list(g.channels), "permissions": g.permissions.split(",")} for g in a.grants if fits]
        return 200, json.dumps({"ttl": int(a.ttl), "identity": a.identity, "identity_url": "", "authorizations": grants})

    def asked(self, secret):
        return self.server.asked(secret)

    def close(self):
        self.waiting.set()
        self.server.close()
