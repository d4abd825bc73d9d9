"""The original's configuration files."""

import signal

import pytest

from pluqtest import Dropin

# As the original ships it, with everything that it has commented out given.
SAMPLE = """\
## log verbosity level: debug, info, warn, error, or fatal
log_level = "WARN"

## unique identifier (int) for this worker (will default to a hash of hostname)
id = 150

## <addr>:<port> to listen on for TCP clients
tcp_address = "127.0.0.1:0"
http_address = '127.0.0.1:0'

## duration to wait before HTTP client connection timeout
# http_client_connect_timeout = "2s"

data_path = "{data}"
mem_queue_size = 50
max_bytes_per_file = 1_000_000
sync_every = "25"
sync_timeout = "3s"
msg_timeout = 2500
max_req_timeout = "1h30m"

enable_experiment = [
    "one",  # with a comment
    "two",
]
statsd_prefix = "nsq.%s"
deflate = false
no_such_option = 7

[section]
mem_queue_size = 1
"""


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "nsqd.toml"
        path.write_text(text)
        return path
    return write


def test_sample(programs, config, tmp_path):
    path = config(SAMPLE.format(data=tmp_path))
    have = programs.printed("nsqd", "--config", path)
    for option, value, line in [("level", "warn", 2), ("node_id", "150", 5), ("tcp_address", '"127.0.0.1:0"', 8),
                                ("data_path", f'"{tmp_path}"', 14), ("mem_queue_size", "50", 15), ("sync_every", "25", 17),
                                ("sync_timeout", "3s", 18), ("msg_timeout", "2.5s", 19), ("max_req_timeout", "1h30m", 20),
                                ("max_bytes_per_file", "1000000", 16), ("enable_experiment", '["one", "two"]', 22)]:
        assert have[option] == (value, f"{path}:{line}")
    assert programs("nsqd", "--config", path, "--check-config").stderr == ""


def test_flags_win_and_replace_lists(programs, config, tmp_path):
    path = config(SAMPLE.format(data=tmp_path))
    for arguments in (["--mem-queue-size=7", "--enable-experiment=x", "--config", path],
                      [f"-config={path}", "--enable-experiment=x", "--mem-queue-size=7"]):
        have = programs.printed("nsqd", *arguments)
        assert have["mem_queue_size"] == ("7", "flag --mem-queue-size")
        assert have["enable_experiment"] == ('["x"]', "flag --enable-experiment")
        assert have["node_id"] == ("150", f"{path}:5")


def test_types_of_lists(programs, config):
    assert programs.printed("nsqd", f"--config={config('enable_experiment = ' + repr('a, b'))}")["enable_experiment"][0] == '["a", " b"]'
    assert programs.printed("nsqd", f"--config={config('data_path = ' + repr(''))}")["data_path"][0] == '"."'


@pytest.mark.parametrize("text, said", [
    ("mem_queue_size = 1.5", ":1: mem_queue_size: a float is not an integer"),
    ("\nmem_queue_size = -1", ":2: nsqd.mem_queue_size: '-1' is not an integer from 0"),
    ("mem_queue_size = \"0x10\"", ":1: mem_queue_size: '0x10' is not an integer"),
    ("msg_timeout = \"60\"", ":1: msg_timeout: '60' is not a duration"),
    ("msg_timeout = 0", ":1: nsqd.msg_timeout: '0' is not a duration of at least 1ms"),
    ("tcp_address = 4150", ":1: tcp_address: an integer is not a string"),
    ("deflate = 0", ":1: deflate: an integer is no boolean, and the original takes 0 for true: write true or false"),
    ("enable_experiment = [1]", ":1: enable_experiment: the list is to have nothing but strings"),
    ("log_level = \"loud\"", ":1: log_level: 'loud' is not one of debug, info, warn, error, fatal"),
    ("id = 1024", ":1: nsqd.node_id: '1024' is not"),
    ("mem_queue_size: 5", ":1:15: a '=' is wanted"),
    ("mem_queue_size = 5\nmem_queue_size = 6", ":2:1: 'mem_queue_size' is given twice (first in line 1)"),
    ("unknown = [", "a value is missing"),
    ("tls_required = 1", ":1: tls_required: an integer is no boolean, and the original takes 0 for true: write true or false"),
    ("tls_required = \"maybe\"", ":1: tls_required: 'maybe' is not one of false, tcp-https, true"),
    ("tls_min_version = \"ssl3.0\"", ":1: tls_min_version: 'ssl3.0' is not one of tls1.0, tls1.1, tls1.2, tls1.3"),
    ("statsd_address = \"h:1\"\nstatsd_interval = \"1s\"", ":2: statsd.interval: '1s' is not a duration of at least 1.000000001s"),
    ("auth_http_addresses = [1]", ":1: auth_http_addresses: the list is to have nothing but strings"),
])
def test_mistakes_name_file_and_line(programs, config, text, said):
    path = config(text)
    line = programs.mistake("nsqd", "--config", path)
    assert line.startswith(str(path)) and said in line


@pytest.mark.parametrize("text", ["tls_required = false", "tls_client_auth_policy = \"\"", "auth_http_addresses = []",
                                  "tls_required = \"F\"", "deflate = false", "Mem_Queue_Size = 'x'", "verbose = 1", ""])
def test_what_asks_for_nothing_is_passed_over(programs, config, text):
    assert programs("nsqd", "--config", config(text), "--check-config").stderr == ""


@pytest.mark.parametrize("text, value", [("tls_required = true", "true"), ("tls_required = \"tcp-https\"", "tcp-https"),
                                         ("tls_required = \"T\"", "true"), ("tls_required = false", "false")])
def test_required_tls_is_a_boolean_or_a_word(programs, config, text, value):
    assert programs.printed("nsqd", "--config", config(text))["tls_required"][0] == value
    assert programs.printed("nsqd", "--config", config(text), "--tls-required=false")["tls_required"] == ("false", "flag --tls-required")
    assert programs.printed("nsqd", "--config", config(text), "--tls-required")["tls_required"] == ("true", "flag --tls-required")


def test_auth_servers(programs, config):
    path = config('\nauth_http_addresses = ["127.0.0.1:4181", "b:1"]\nauth_http_request_method = "post"\n')
    have = programs.printed("nsqd", "--config", path)
    assert have["address"] == ('["127.0.0.1:4181", "b:1"]', f"{path}:2") and have["request_method"] == ("post", f"{path}:3")
    assert programs.printed("nsqd", "--config", path, "--auth-http-address=c")["address"] == ('["c"]', "flag --auth-http-address")


def test_statsd(programs, config):
    path = config('statsd_address = "127.0.0.1:8125"\nstatsd_prefix = "x"\nstatsd_interval = "5s"\nstatsd_mem_stats = false\n'
                  'statsd_exclude_ephemeral = true\nstatsd_udp_packet_size = 1400\n')
    have = programs.printed("nsqd", "--config", path)
    for option, value, line in [("address", '"127.0.0.1:8125"', 1), ("prefix", '"x"', 2), ("interval", "5s", 3), ("mem_stats", "false", 4),
                                ("exclude_ephemeral", "true", 5), ("udp_packet_size", "1400", 6)]:
        assert have[option] == (value, f"{path}:{line}")
    assert programs.printed("nsqd", "--config", path, "--statsd-interval=10s")["interval"] == ("10s", "flag --statsd-interval")


@pytest.mark.parametrize("text", ["statsd_interval = \"1s\"", "statsd_address = \"\"\nstatsd_interval = \"1s\""])
def test_without_an_address_there_is_no_statsd(programs, config, text):
    assert "statsd:" not in programs("nsqd", "--config", config(text), "--print-config").stdout
    assert programs("nsqd", "--config", config(text), "--check-config").stderr == ""


def test_hangup_reads_the_file_again(adopt, config):
    path = config('log_level = "info"\nmax_rdy_count = 10\nlog_prefix = "x"\n')
    d = adopt(Dropin.nsqd(f"--config={path}"))
    d.arguments.remove("--log-level=debug")
    d.start()
    path.write_text('log_level = "debug"\nmax_rdy_count = 11\nlog_prefix = "y"\nqueue_scan_selection_count = 5\n')
    d.signal(signal.SIGHUP)
    d.wait_log(r"warn nsqd: max_rdy_count has changed: this needs a restart")
    d.wait_log(r"info core: reloaded$")
    assert d.http("GET", "/config/log_level").body == b"1"  # the original's number for debug
    assert d.log().count(" log_prefix: ") == 1 and d.log().count(" queue_scan_selection_count: ") == 1
    path.write_text("mem_queue_size = -1\n")
    d.signal(signal.SIGHUP)
    d.wait_log(rf"error core: reload failed, the old configuration stays: {path}:1: nsqd.mem_queue_size: ")
    d.client().pub("topic", "it serves on")
