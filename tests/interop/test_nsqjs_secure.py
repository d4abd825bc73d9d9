"""nsqjs under TLS, with client certificates, compressed and with a secret: every combination that the protocol allows."""

import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest

from pluqtest import Pluqd, scaled

HERE = Path(__file__).resolve().parent
TRANSPORTS = ["plain", "tls", "tls, client certificate"]
COMPRESSIONS = ["none", "snappy", "deflate"]
AUTH = ["no auth", "auth"]
COMBINATIONS = [", ".join(c) for c in itertools.product(TRANSPORTS, COMPRESSIONS, AUTH)]
SECRET = "js-secret"
GRANTS = f"login,ip,tls_required,topic,channel,subscribe,publish\n{SECRET},127.0.0.1,false,^js_\\d+$,.*,subscribe,publish\n"


def brokers(certs):
    """(must clients show a certificate, is auth on) -> a broker."""
    grants = certs.file("js-grants.csv", GRANTS)
    for certificate, auth in itertools.product([False, True], [False, True]):
        options = dict(certs.server.options, snappy=True, deflate=True)
        if certificate:
            options |= {"tls_client_auth_policy": "require-verify", "tls_root_ca_file": certs.ca_file, "tls_required": "tcp-https"}
        plugins = [("auth-csv", {"data_file": str(grants)})] if auth else []
        yield (certificate, auth), Pluqd(plugins=plugins, **options)


def run_of(number, name, daemons, certs):
    transport, compression, auth = name.rsplit(", ", 2)
    d = daemons[transport == "tls, client certificate", auth == "auth"]
    run = {"name": name, "port": d.tcp[1], "httpPort": d.http_at[1], "topic": f"js_{number}", "options": {}}
    if transport != "plain":
        run |= {"ca": str(certs.ca_file)}
        run["options"]["tls"] = True
    if transport == "tls, client certificate":
        run |= {"cert": str(certs.client.cert), "key": str(certs.client.key)}
    if compression != "none":
        run["options"][compression] = True
    if auth == "auth":
        run["options"]["authSecret"] = SECRET
    return run


@pytest.fixture(scope="module")
def reports(modules, certs):
    """One process makes all the round trips: {combination: its report}."""
    daemons = dict(brokers(certs))
    try:
        job = {"runs": [run_of(i, name, daemons, certs) for i, name in enumerate(COMBINATIONS)], "patienceMs": int(scaled(20000))}
        node = subprocess.run(["node", str(HERE / "secure.js"), json.dumps(job)], stdout=subprocess.PIPE,
                              env={**os.environ, "NODE_PATH": str(modules)}, text=True, timeout=scaled(200))
        seen = [json.loads(line) for line in node.stdout.splitlines()]
        logs = {d: d.log()[-4000:] for d in daemons.values()}
        for d in daemons.values():
            d.stop()
    finally:
        for d in daemons.values():
            if d.alive():
                d.kill()
            d.remove()
    return {r["name"]: r for r in seen}, "\n".join(logs.values()), node.returncode


@pytest.mark.parametrize("name", COMBINATIONS)
def test_round_trip(reports, name):
    seen, logs, status = reports
    assert name in seen, f"node ended with status {status}\n{logs}"
    r = seen[name]
    assert "failure" not in r, f"{r['failure']}\n{logs}"
    assert r["got"] == r["wanted"]
    assert r["requeued"] > 5
    transport, compression, auth = name.rsplit(", ", 2)
    for client in (r["reader"], r["writer"]):
        assert client["tls"] is (transport != "plain")
        assert client["tls_version"] == ("" if transport == "plain" else "TLS1.3")
        assert (client["snappy"], client["deflate"]) == (compression == "snappy", compression == "deflate")
        assert client.get("authed", False) is (auth == "auth")
    assert r["reader"]["requeue_count"] == r["requeued"]
