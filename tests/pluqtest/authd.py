"""A pluqd that is an auth server, the command that makes its secrets, and an endpoint that knows whose a token is."""

import json
import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from . import daemon
from .daemon import Pluqd
from .wait import scaled

TOOL = Path(os.environ.get("PLUQ_BUILD_DIR", "")) / "tools" / "pluq_token"


class Authd(Pluqd):
    """Keyword options are the authd handler's, but for those of the daemon. plugins: who decides."""

    handler = "authd"

    def __init__(self, **kw):
        super().__init__(tcp="", **kw)

    def command(self):
        config = self.home / "authd.yaml"
        config.write_text(self.config or self._config(self.handler))
        argv = [daemon.PROGRAM, "--config", str(config)]
        if daemon.PLUGIN_DIR:
            argv += ["--set", f"plugin_dir={daemon.PLUGIN_DIR}"]
        for key, value in {"http_address": self.listen["http_address"], **self.options}.items():
            name = key if "." in key or key in daemon._DAEMON else f"authd.{key}"
            argv += ["--set", f"{name}={daemon._value(value)}"]
        return argv

    def ask(self, **params):
        return self.http("GET", "/auth", {"remote_ip": "127.0.0.1", "tls": "false", **params})


def make_entry(name, *grants, password=None):
    """An entry for the file of auth-token, and what a client gives."""
    options = [o for g in grants for o in ("--grant", g)]
    if password is not None:
        options += ["--password", "--rounds", "10000"]
    r = subprocess.run([TOOL, *options, name], input=f"{password}\n", capture_output=True, text=True, timeout=scaled(30))
    assert r.returncode == 0, r
    return r.stdout, f"{name}:{password}" if password is not None else r.stderr.strip()


class Endpoint:
    """Answers {"data": {"login": LOGIN}} for each access token in `logins`, else 403; what was asked is kept. hold(): it does not
    answer until it is closed."""

    def __init__(self, logins, context: ssl.SSLContext = None):
        self.logins, self.asked, self.answer = logins, [], None
        self.go = threading.Event()
        self.go.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                url = urlsplit(self.path)
                query = {k: v[0] for k, v in parse_qs(url.query).items()}
                outer.asked.append((url.path, query))
                outer.go.wait()
                login = outer.logins.get(query.get("access_token"))
                body = outer.answer or json.dumps({"data": {"login": login}}).encode()
                self.send_response(200 if login or outer.answer else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that does not trust it

        self.server = Server(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def hold(self):
        self.go.clear()

    def close(self):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()
