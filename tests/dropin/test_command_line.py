"""The original's flags: names, syntax, defaults, mistakes."""

import re

import pytest

# Every flag of the original's nsqd that takes a value, with one that it takes.
NSQD = {
    "auth-http-request-method": "post", "broadcast-address": "b", "broadcast-http-port": "1", "broadcast-tcp-port": "2",
    "data-path": "/", "deflate": "false", "e2e-processing-latency-percentile": "1.0,0.99",
    "e2e-processing-latency-window-time": "10m0s", "enable-experiment": "topology-aware-consumption",
    "http-address": "127.0.0.1:1", "http-client-connect-timeout": "2s", "http-client-request-timeout": "5s",
    "https-address": "127.0.0.1:2", "log-level": "INFO", "log-prefix": "[x] ", "lookupd-tcp-address": "127.0.0.1:1",
    "max-body-size": "1000", "max-bytes-per-file": "1_000", "max-channel-consumers": "3", "max-deflate-level": "5",
    "max-heartbeat-interval": "1m0s", "max-msg-size": "0x400", "max-msg-timeout": "15m0s", "max-output-buffer-size": "100",
    "max-output-buffer-timeout": "30s", "max-rdy-count": "7", "max-req-timeout": "1h0m0s", "mem-queue-size": "0",
    "min-output-buffer-timeout": "25ms", "msg-timeout": "1m30s", "node-id": "1023", "output-buffer-timeout": "250ms",
    "queue-scan-selection-count": "20", "queue-scan-worker-pool-max": "4", "snappy": "0", "statsd-address": "127.0.0.1:8125",
    "statsd-exclude-ephemeral": "true", "statsd-interval": "1m0s", "statsd-mem-stats": "T", "statsd-prefix": "nsq.%s",
    "statsd-udp-packet-size": "508", "sync-every": "2500", "sync-timeout": "2s", "tcp-address": "127.0.0.1:3", "tls-cert": "x",
    "tls-client-auth-policy": "", "tls-key": "x", "tls-min-version": "TLS1.2", "tls-required": "false", "tls-root-ca-file": "x",
    "topology-region": "r", "topology-zone": "z", "verbose": "true", "worker-id": "false",
}


# asking


@pytest.mark.parametrize("program", ["nsqd"])
def test_version(programs, program):
    for arguments in (["--version"], ["-version", "--tcp-address=nonsense:nonsense"], ["--config=/nonsuch", "--version=1"]):
        r = programs(program, *arguments)
        assert re.fullmatch(rf"{program} v1\.3\.0 \(built w/pluq \d+\.\d+\.\d+\)\n", r.stdout) and r.stderr == ""
    assert "not defined" in programs.usage(program, "--version", "--nonsense")


def test_help_names_every_flag(programs):
    for flag in ("-h", "--help", "-help"):
        r = programs("nsqd", flag)
        assert r.stdout == "" and r.stderr.startswith("Usage of nsqd:\n")
    names = re.findall(r"^  -(\S+)", r.stderr, re.M)
    assert names == sorted(names)
    assert {*NSQD, "auth-http-address", "config", "version"} <= set(names)
    assert set(names) - {*NSQD, "auth-http-address", "config", "version"} == {"set", "check-config", "print-config"}


# syntax


def test_every_flag_is_accepted(programs):
    r = programs("nsqd", *[f"--{k}={v}" for k, v in NSQD.items()], "--check-config")
    assert r.stdout == "the configuration is good\n"
    one_warning_each = [line.split(":")[1] for line in r.stderr.splitlines()]
    assert len(set(one_warning_each)) == len(one_warning_each)
    assert {" flag --verbose", " flag --worker-id", " flag --log-prefix", " flag --queue-scan-worker-pool-max"} <= set(one_warning_each)
    assert " flag --tcp-address" not in one_warning_each and " flag --tls-required" not in one_warning_each


def test_all_ways_to_write_a_flag(programs):
    have = programs.printed("nsqd", "-mem-queue-size=0x10", "--max-rdy-count", "0o17", "-msg-timeout", "1h2m3.5s",
                            "--broadcast-address=a=b", "--enable-experiment=x,y", "-enable-experiment", "z")
    assert have["mem_queue_size"] == ("16", "flag --mem-queue-size")
    assert have["max_rdy_count"] == ("15", "flag --max-rdy-count")
    assert have["msg_timeout"] == ("1h2m3.5s", "flag --msg-timeout")
    assert have["broadcast_address"] == ('"a=b"', "flag --broadcast-address")
    assert have["enable_experiment"] == ('["x,y", "z"]', "flag --enable-experiment")
    assert programs.printed("nsqd", "--max-rdy-count=1", "--max-rdy-count=2")["max_rdy_count"][0] == "2"


def test_what_follows_the_flags_is_passed_over(programs):
    programs("nsqd", "--check-config", "--verbose", "true", "--nonsense")
    programs("nsqd", "--check-config", "--", "--nonsense")


def test_defaults_are_the_original_s(programs):
    have = programs.printed("nsqd")
    assert have["tcp_address"] == ('"0.0.0.0:4150"', "default") and have["http_address"] == ('"0.0.0.0:4151"', "default")
    assert have["data_path"] == ('"."', "default")
    for option, value in {"mem_queue_size": "10000", "max_msg_size": "1MiB", "max_body_size": "5MiB", "msg_timeout": "1m",
                          "max_msg_timeout": "15m", "max_req_timeout": "1h", "max_rdy_count": "2500", "max_channel_consumers": "0",
                          "max_heartbeat_interval": "1m", "max_output_buffer_size": "64KiB", "max_output_buffer_timeout": "30s",
                          "output_buffer_timeout": "250ms", "min_output_buffer_timeout": "25ms", "max_deflate_level": "6",
                          "max_bytes_per_file": "100MiB", "sync_every": "2500", "sync_timeout": "2s", "level": "info",
                          "to": '"stderr"', "on_disconnect": "timeout"}.items():
        assert have[option] == (value, "default")


def test_an_empty_data_path_is_the_working_directory(programs):
    assert programs.printed("nsqd", "--data-path=")["data_path"] == ('"."', "flag --data-path")


def test_options_without_a_flag_are_set_as_pluqd_s(programs):
    have = programs.printed("nsqd", "--set", "threads=3", "--set=nsqd.on_disconnect=requeue", "--max-rdy-count=9")
    assert have["threads"] == ("3", "--set threads") and have["on_disconnect"] == ("requeue", "--set nsqd.on_disconnect")
    assert have["max_rdy_count"] == ("9", "flag --max-rdy-count")
    assert "PLUQ_PLUGIN_DIR" in programs.usage("nsqd", "--set=plugin_dir=/x")
    assert "NAME=VALUE" in programs.usage("nsqd", "--set=x")


# mistakes


@pytest.mark.parametrize("arguments, said", [
    (["--nonsense"], "flag provided but not defined: -nonsense"),
    (["-mem-queue-sise=1"], "flag provided but not defined: -mem-queue-sise: did you mean -mem-queue-size"),
    (["--mem-queue-size"], "flag needs an argument: -mem-queue-size"),
    (["--mem-queue-size=many"], 'invalid value "many" for flag -mem-queue-size: an integer is wanted'),
    (["--mem-queue-size=1.5"], 'invalid value "1.5" for flag -mem-queue-size'),
    (["--mem-queue-size", "--verbose"], 'invalid value "--verbose" for flag -mem-queue-size'),
    (["--max-msg-size=1MiB"], 'invalid value "1MiB" for flag -max-msg-size'),
    (["--msg-timeout=60"], 'invalid value "60" for flag -msg-timeout: a duration such as 250ms or 1h30m is wanted'),
    (["--msg-timeout", "1 minute"], 'invalid value "1 minute" for flag -msg-timeout'),
    (["--log-level=loud"], 'invalid value "loud" for flag -log-level: one of debug, info, warn, error, fatal is wanted'),
    (["--auth-http-request-method=put"], 'invalid value "put" for flag -auth-http-request-method: one of get, post is wanted'),
    (["--deflate=yes"], 'invalid value "yes" for flag -deflate'),
    (["--tls-required=maybe"], 'invalid value "maybe" for flag -tls-required'),
    (["--tls-min-version=ssl3.0"], 'invalid value "ssl3.0" for flag -tls-min-version: one of tls1.0, tls1.1, tls1.2, tls1.3 is wanted'),
    (["--e2e-processing-latency-percentile=1,x"], 'invalid value "1,x" for flag -e2e-processing-latency-percentile: a list of numbers is wanted'),
    (["---verbose"], "bad flag syntax: ---verbose"),
    (["-=1"], "bad flag syntax: -=1"),
])
def test_wrong_usage_is_status_2(programs, arguments, said):
    assert programs.usage("nsqd", *arguments).startswith(said)


@pytest.mark.parametrize("argument, said", [
    ("--max-deflate-level=10", "flag --max-deflate-level: nsqd.max_deflate_level: '10' is not an integer from 1 to 9"),
    ("--node-id=1024", "flag --node-id: nsqd.node_id: '1024' is not auto or an integer from 0 to 1023"),
    ("--node-id=-1", "flag --node-id: nsqd.node_id: '-1' is not"),
    ("--mem-queue-size=-1", "flag --mem-queue-size: nsqd.mem_queue_size: '-1' is not an integer from 0"),
    ("--msg-timeout=-1s", "flag --msg-timeout: nsqd.msg_timeout: '-1s' is not a duration of at least 1ms"),
    ("--config=/nonsuch.toml", "/nonsuch.toml: cannot be opened: No such file or directory"),
    ("--data-path=/nonsuch", "/nonsuch"),
    ("--tcp-address=127.0.0.1:99999", "99999"),
    ("--auth-http-address=", "auth-http: address: it names no auth server"),
    ("--auth-http-address=ftp://h/", "auth-http: address 'ftp://h/': only http and https can be asked"),
    ("--tls-required", "tls_required: cannot require TLS of clients without tls_cert and tls_key"),
    ("--tls-required=tcp-https", "tls_required: cannot require TLS of clients without tls_cert and tls_key"),
    ("--tls-client-auth-policy=require", "tls_client_auth_policy: cannot require TLS of clients without tls_cert and tls_key"),
    ("--tls-key=/nonsuch", "tls_cert: is missing, and tls_key is of no use without it"),
])
def test_what_stops_a_start_is_status_1(programs, argument, said):
    r = programs("nsqd", "--tcp-address=127.0.0.1:0", "--http-address=127.0.0.1:0", f"--data-path={programs.folder}",
                 argument, "--log-level=fatal", status=1)
    assert r.stderr.startswith("nsqd: ") and said in r.stderr and r.stderr.count("\n") == 1


def test_an_auth_server_brings_in_the_plugin_that_asks_it(programs):
    have = programs.printed("nsqd", "--auth-http-address=127.0.0.1:4181", "-auth-http-address", "http://b/x?y=1",
                            "--auth-http-request-method=POST", "--http-client-connect-timeout=3s", "--http-client-request-timeout=4s",
                            "--tls-root-ca-file=ca.pem", "--tls-min-version=tls1.3")
    assert have["address"] == ('["127.0.0.1:4181", "http://b/x?y=1"]', "flag --auth-http-address")
    assert have["request_method"] == ("post", "flag --auth-http-request-method")
    for plugin, mine in {"connect_timeout": "3s", "request_timeout": "4s"}.items():
        flag = f"flag --http-client-{plugin.replace('_', '-')}"
        assert have[plugin] == have[f"http_client_{plugin}"] == (mine, flag)
    printed = programs("nsqd", "--auth-http-address=a", "--tls-root-ca-file=ca.pem", "--tls-min-version=tls1.3", "--print-config").stdout
    assert len(re.findall(r'tls_root_ca_file: "ca.pem" +# flag --tls-root-ca-file', printed)) == 2
    assert len(re.findall(r"tls_min_version: tls1.3 +# flag --tls-min-version", printed)) == 2


def test_without_an_auth_server_nobody_is_asked(programs):
    assert "address" not in programs.printed("nsqd", "--auth-http-request-method=post", "--tls-root-ca-file=ca.pem")


def test_missing_plugins_are_told(programs, tmp_path):
    line = programs.mistake("nsqd", plugin_dir=tmp_path)
    assert line.startswith(f"plugin 'nsqd': there is no {tmp_path}/nsqd.so")
