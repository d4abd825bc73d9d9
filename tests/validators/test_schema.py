"""validate-schema through the daemon; what JSON Schema says is in the unit tests and in the run of the public suite."""

import json
import subprocess
import threading

import pytest

from pluqtest import scaled
from pluqtest.authbackends import reload_and_wait
from pluqtest.client import answer, sized

# What goes wrong in a thread is a failure of its test.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer", "minimum": 1}, "lines": {"items": {"$ref": "common.json#line"}}},
}
COMMON = {"$defs": {"line": {"$anchor": "line", "type": "object", "required": ["sku"]}}}
BEFORE = b"E_BAD_MESSAGE PUB rejected by validate-schema: "


def written(folder, name, schema):
    path = folder / name
    path.write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return str(path)


def test_topics_with_schemas(launch, tmp_path):
    order, common = written(tmp_path, "order.json", ORDER), written(tmp_path, "common.json", COMMON)
    user = written(tmp_path, "user.json", {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]})
    d = launch(plugins=[("validate-schema", {"schemas": [f"orders.*={order}", f"users={user}"], "library": [common]})])
    c = d.client()
    assert answer(c, "orders.eu", {"id": 1, "lines": [{"sku": "x"}]}) == b"OK"
    assert answer(c, "orders.eu", {"id": 0}) == BEFORE + b"at /id: below the minimum (schema /properties/id/minimum)"
    assert answer(c, "orders.us", {"id": 1, "lines": [{}]}) == \
        BEFORE + b'at /lines/0: member "sku" is missing (schema common.json#/$defs/line/required)'
    assert answer(c, "orders.us", b'{"id":') == BEFORE + b"not JSON at byte 6: it ends where a value is wanted"
    assert answer(c, "users", [1]) == BEFORE + b"at /0: not of type string (schema /items/0/type)"
    assert answer(c, "others", b"no JSON at all") == b"OK"
    assert d.topic_stats("orders.eu")["message_count"] == 1


def test_batches(launch, tmp_path):
    d = launch(plugins=[("validate-schema", {"schema": written(tmp_path, "s.json", {"type": "integer"})})])
    status, _, body = d.http("POST", "/mpub?topic=t", body=b"1\n2\nx\n")[:3]
    assert status == 400 and b"MSG_REJECTED message(2) by validate-schema: not JSON at byte 0: a value is wanted" in body
    assert d.http("POST", "/mpub?topic=t", body=b"1\n2.0\n")[0] == 200
    assert d.topic_stats("t")["message_count"] == 2


@pytest.mark.parametrize("schema,line", [
    ({"properties": {"a": {"$ref": "http://example.com/x.json"}}},
     "s.json: at /properties/a/$ref: refers to http://example.com/x.json, which is not among the files given"),
    ('{"type":\n "integer",}', "s.json:2:12: a member's name is wanted"),
    ({"type": "strng"}, "s.json: at /type: there is no such type"),
    ({"minimum": "5"}, "s.json: at /minimum: no number"),
    ({"$ref": "#"}, "s.json: the schema at the root leads back to itself"),
    ({"$schema": "http://json-schema.org/draft-04/schema#"}, "at /$schema: this $schema is neither 2020-12 nor draft 7"),
])
def test_schemas_that_stop_a_start(launch, tmp_path, schema, line):
    d = launch.make(plugins=[("validate-schema", {"schema": written(tmp_path, "s.json", schema)})])
    checked = subprocess.run([*d.command(), "--check-config"], capture_output=True, text=True, timeout=scaled(20))
    assert checked.returncode == 1 and checked.stdout == "" and line in checked.stderr
    d.spawn()
    assert d.wait() != 0
    last = d.log().strip().splitlines()[-1]
    assert last.startswith("pluqd: ") and "validate-schema" in last and line in last


def test_a_hostile_message_holds_up_nobody(launch, tmp_path):
    """Without the limit on steps this pattern would run for ages, on the only loop."""
    d = launch(plugins=[("validate-schema", {"topics": ["t"], "schema": written(tmp_path, "s.json", {"pattern": "^(a|aa)+$"})})], threads=1)
    c, other = d.client(), d.client()
    for _ in range(5):
        c.send(b"PUB t\n" + sized(b'"' + b"a" * 500000 + b'!"'))
        assert answer(other, "u", b"x") == b"OK"
        assert c.frame().data == BEFORE + b"takes too long to judge: a pattern"


def test_reload_under_load(launch, tmp_path):
    kinds = ["integer", "string"]
    path = written(tmp_path, "s.json", {"type": kinds[0]})
    d = launch(plugins=[("validate-schema", {"schema": path})], threads=3)
    stop, accepted = threading.Event(), [[0, 0] for _ in range(3)]

    def publish(n):
        c = d.client()
        i = 0
        while not stop.is_set():
            data = answer(c, f"t{n}", [1, "x"][i % 2])
            assert data == b"OK" or b"not of type" in data, data
            accepted[n][i % 2] += data == b"OK"
            i += 1
        c.close()

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(3)]
    for t in threads:
        t.start()
    for i in range(20):
        written(tmp_path, "s.json", {"type": kinds[(i + 1) % 2]})
        reload_and_wait(d)
    written(tmp_path, "s.json", {"type": "nothing"})
    d.signal(1)
    d.wait_log("there is no such type")
    stop.set()
    for t in threads:
        t.join()
    assert sum(a[0] for a in accepted) and sum(a[1] for a in accepted)
    for n in range(3):
        assert d.topic_stats(f"t{n}")["message_count"] == sum(accepted[n])
    c = d.client()
    assert answer(c, "x", 1) == b"OK"
    assert b"not of type integer" in answer(c, "x", "x")
