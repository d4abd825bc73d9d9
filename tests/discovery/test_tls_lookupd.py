"""Discovery daemons that are spoken to under TLS, and whose HTTP side wants a secret."""

import hashlib
import json
import signal

import pytest

from pluqtest import eventually

SECRET = "broker:a-very-private-secret"
PATH = "/config/nsqlookupd_tcp_addresses"


def token(folder, name="broker", grants=("subscribe .*",), rest=SECRET.partition(":")[2]):
    """A file of auth-token with one entry, and the plugin that reads it."""
    salt = bytes(range(16))
    path = folder / "tokens"
    path.write_text(f"{name} sha256:{salt.hex()}:{hashlib.sha256(salt + rest.encode()).hexdigest()}\n" +
                    "".join(f"\t{g}\n" for g in grants))
    return "auth-token", {"data_file": str(path)}


@pytest.fixture
def lookups(launch_lookupd, certs):
    """lookups(**options) starts a discovery daemon that is served under TLS only; `address` is the entry for it."""

    def start(pair=None, **options):
        d = launch_lookupd.make(tcp="", **{**(pair or certs.server).options, "broadcast_address": "localhost", "tls_tcp_address": "127.0.0.1:0",
                                           "tls_required": True, **options}).start()
        d.address = f"tls://localhost:{d.tls_at[1]}"
        return d

    return start


def get(d, certs, path, pair=None, secret=None, **params):
    r = d.https(certs.context(pair), "GET", path, params, headers={"Authorization": f"Bearer {secret}"} if secret else None)
    return r.json() if r.status == 200 else r.status


def have_elsewhere(l, certs, topic, channel, pair=None):
    """Another broker has that channel."""
    b = l.stranger(tls=certs.context(pair))
    b.identify()
    b.register(topic, channel)


def channels(d, topic):
    t = d.topic_stats(topic)
    return sorted(c["channel_name"] for c in t["channels"]) if t else None


def test_everything_under_tls_with_a_certificate_and_a_secret(launch, lookups, certs, tmp_path):
    l = lookups(tls_client_auth_policy="require-verify", tls_root_ca_file=certs.ca_file, http_auth=True, plugins=[token(tmp_path)])
    have_elsewhere(l, certs, "t", "c", certs.client)
    d = launch(lookupd_tcp_address=l.address, lookupd_tls_root_ca_file=certs.ca_file, lookupd_tls_cert=certs.client.cert,
               lookupd_tls_key=certs.client.key, lookupd_http_secret=SECRET)
    d.wait_log(f"lookupd {l.address}: registered")
    d.client().pub("t", "x")
    eventually(lambda: channels(d, "t") == ["c"])
    eventually(lambda: len(get(l, certs, "/lookup", certs.client, SECRET, topic="t")["producers"]) == 2)
    d.stop()
    assert len(get(l, certs, "/lookup", certs.client, SECRET, topic="t")["producers"]) == 1
    assert SECRET not in d.log() and SECRET not in l.log()


@pytest.mark.parametrize("ours, theirs, words", [
    (None, ["subscribe .*"], "status 401: set lookupd_http_secret"),
    ("broker:another", ["subscribe .*"], "status 401: it does not know lookupd_http_secret"),
    (SECRET, ["subscribe ^other$"], "status 403: lookupd_http_secret has no grant for that topic"),
])
def test_a_secret_that_is_not_enough_is_told_apart(launch, lookups, certs, tmp_path, ours, theirs, words):
    l = lookups(http_auth=True, plugins=[token(tmp_path, grants=theirs)])
    have_elsewhere(l, certs, "t", "c")
    d = launch(lookupd_tcp_address=l.address, lookupd_tls_root_ca_file=certs.ca_file, **({"lookupd_http_secret": ours} if ours else {}))
    d.wait_log(": registered")
    d.client().pub("t", "x")
    d.wait_log(f"lookupd https://localhost:{l.https_at[1]}: asked for channels of topic t, it answered with {words}")
    assert channels(d, "t") == []


def test_a_secret_in_the_clear_for_one_in_the_clear(launch, fake):
    fake.channels["t"] = ["c"]
    d = launch(lookupd_tcp_address=fake.address, lookupd_http_secret=SECRET)
    d.wait_log(": registered")
    d.client().pub("t", "x")
    eventually(lambda: channels(d, "t") == ["c"])
    (_, headers), = fake.asked
    assert headers["authorization"] == f"Bearer {SECRET}"


def test_no_secret_in_the_clear_for_one_under_tls(launch, fakes, certs):
    fake = fakes(tls=certs.server_context())
    fake.on_ask = lambda sock, target: fake.tell(sock, "{}", "401 Unauthorized")
    d = launch(lookupd_tcp_address=f"tls://{fake.address}", lookupd_tls_root_ca_file=certs.ca_file, lookupd_http_secret=SECRET)
    d.wait_log(": registered")
    d.client().pub("t", "x")
    d.wait_log("status 401: it wants the secret, which is kept for TLS: give it an https_address")
    (_, headers), = fake.asked
    assert "authorization" not in headers


def test_what_answers_with_an_https_port_is_asked_there(launch, fake, lookups, certs):
    """Once more, with the secret, within the same time."""
    l = lookups()
    have_elsewhere(l, certs, "t", "c")
    fake.on_ask = lambda sock, target: fake.tell(sock, json.dumps({"message": "TLS_REQUIRED", "https_port": l.https_at[1]}), "403 Forbidden")
    d = launch(lookupd_tcp_address=fake.address, lookupd_tls_root_ca_file=certs.ca_file)
    d.wait_log(": registered")
    d.client().pub("t", "x")
    eventually(lambda: channels(d, "t") == ["c"])
    assert len(fake.asked) == 1


# ---- trouble ----

@pytest.mark.parametrize("server, words", [
    ("server_expired", "certificate has expired"),
    ("server_foreign", "certificate verification failed"),
    ("server_elsewhere", "certificate verification failed: hostname mismatch"),
])
def test_a_certificate_that_is_not_good(launch, lookups, certs, server, words):
    l = lookups(getattr(certs, server))
    d = launch(lookupd_tcp_address=l.address, lookupd_tls_root_ca_file=certs.ca_file)
    d.wait_log(rf"warn nsqd: lookupd {l.address}: .*{words}.* \(1 in a row\); tried again")
    d.client().pub("t", "x")  # nobody waits for it
    assert d.consumer("t", "c", 1).message().body == b"x"


def test_one_that_is_asked_for_a_certificate(launch, lookups, certs):
    l = lookups(tls_client_auth_policy="require-verify", tls_root_ca_file=certs.ca_file)
    d = launch(lookupd_tcp_address=l.address, lookupd_tls_root_ca_file=certs.ca_file)
    l.wait_log("TLS handshake with .* failed: the client shows no certificate")
    d.wait_log(f"warn nsqd: lookupd {l.address}: .*; tried again")


def test_the_wrong_way_of_speaking(launch, launch_lookupd, lookups, certs):
    a, b = lookups(), launch_lookupd()
    plain = a.address.removeprefix("tls://")
    secure = f"tls://localhost:{b.tcp[1]}"
    d = launch(lookupd_tcp_address=[plain, secure], lookupd_tls_root_ca_file=certs.ca_file)
    d.wait_log(rf"lookupd {plain}: .*tried again; if it speaks TLS, write tls:// before its address")
    d.wait_log(rf"lookupd {secure}: the peer speaks no TLS .*tried again$")


@pytest.mark.parametrize("options, words", [
    ({"lookupd_tls_cert": "client"}, "lookupd_tls_key: is missing"),
    ({"lookupd_tls_key": "client"}, "lookupd_tls_cert: is missing"),
    ({"lookupd_tls_root_ca_file": "/nowhere"}, "TLS to lookup daemons: .*/nowhere"),
    ({"lookupd_tls_cert": "client", "lookupd_tls_key": "server"}, "TLS to lookup daemons: .*client"),
    ({"lookupd_http_secret": "a\r\nX-Admin: 1"}, "lookupd_http_secret: only visible ASCII"),
    ({"lookupd_http_secret": "\u00e4"}, "lookupd_http_secret: only visible ASCII"),
    ({"lookupd_tcp_address": "tls://:4160"}, "'tls://:4160' is neither host:port nor"),
    ({"lookupd_tcp_address": "tls:///run/lookupd"}, "'tls:///run/lookupd' is neither host:port nor"),
    ({"lookupd_tcp_address": "https://localhost:1"}, "'https://localhost:1' is neither host:port nor"),
])
def test_a_mistake_stops_the_start(launch, certs, options, words):
    field = {"lookupd_tls_cert": "cert", "lookupd_tls_key": "key"}
    options = {k: getattr(getattr(certs, v), field[k]) if k in field else v for k, v in options.items()}
    d = launch.make(**options).spawn()
    assert d.wait() != 0
    d.wait_log(words)
    assert "X-Admin" not in d.log()


# ---- changes ----

def test_the_list_by_put(launch, lookups, certs):
    a, b = lookups(), lookups()
    d = launch(lookupd_tls_root_ca_file=certs.ca_file)
    d.post("/topic/create", topic="t")
    for wanted in [a.address], [b.address, a.address], [b.address]:
        r = d.http("PUT", PATH, body=json.dumps(wanted))
        assert (r.status, r.json()) == (200, wanted)
        for l in a, b:
            there = int(l.address in wanted)
            eventually(lambda: len(get(l, certs, "/nodes")["producers"]) == there)
        assert d.http("GET", PATH).json() == wanted
    for bad in "tls://", "tls://x", "tls://:4160", "tls:///x", "TLS://x:1", "tls://x:0":
        r = d.http("PUT", PATH, body=json.dumps([bad]))
        assert (r.status, r.message) == (400, "INVALID_VALUE")
    assert d.http("GET", PATH).json() == [b.address]


def test_a_list_by_put_without_tls(launch):
    d = launch()
    r = d.http("PUT", PATH, body=json.dumps(["tls://localhost:4160"]))
    assert (r.status, r.message) == (400, "INVALID_VALUE")
    d.wait_log("tls://localhost:4160: no lookup daemon is spoken to under TLS yet: set lookupd_tls_root_ca_file")


def test_roots_and_secret_by_sighup(launch, lookups, certs, tmp_path):
    l = lookups(http_auth=True, plugins=[token(tmp_path)])
    have_elsewhere(l, certs, "t", "c")

    def config(**changes):
        options = {"lookupd_tcp_address": [l.address], "lookupd_tls_root_ca_file": certs.other_ca_file, **changes}
        return json.dumps({"plugins": [{"nsqd": options}, {"diskqueue": {}}]}, default=str)

    d = launch(config=config())
    d.wait_log("TLS handshake with .* failed")

    def reload(words, **changes):
        (d.home / "pluqd.yaml").write_text(config(**changes))
        d.signal(signal.SIGHUP)
        d.wait_log(words)

    reload("lookupd_tls_key: is missing", lookupd_tls_cert=certs.client.cert)
    reload("/nowhere", lookupd_tls_root_ca_file="/nowhere")
    assert ": registered" not in d.log()
    reload(": registered", lookupd_tls_root_ca_file=certs.ca_file, lookupd_http_secret=SECRET)
    d.client().pub("t", "x")
    eventually(lambda: channels(d, "t") == ["c"])
