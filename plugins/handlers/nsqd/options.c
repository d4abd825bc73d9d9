#include "options.h"

/* Longest time an option takes, 73 years: sums of two of them and a clock do not overflow. */
#define LONGEST (INT64_MAX / 4)
#define MS INT64_C(1000000)

/* Most keys are the original's. */
#define SAME(member, kind, standard_, low, high, help_)                                                                \
	{.key = #member, .type = PLUQ_OPT_##kind, .standard = standard_, .offset = offsetof(struct conf, member),      \
	    .min = low, .max = high, .original = #member, .help = help_}

/* The same, of which a reload takes a new value. */
#define FRESH(member, kind, standard_, help_)                                                                          \
	{.key = #member, .type = PLUQ_OPT_##kind, .flags = PLUQ_OPT_RELOAD, .standard = standard_,                     \
	    .offset = offsetof(struct conf, member), .original = #member, .help = help_}
/* What the original does not have. */
#define OURS(member, kind, flags_, standard_, help_)                                                                   \
	{.key = #member, .type = PLUQ_OPT_##kind, .flags = flags_, .standard = standard_,                              \
	    .offset = offsetof(struct conf, member), .help = help_}

const struct pluq_option options[] = {
	SAME(tcp_address, STRING, "127.0.0.1:4150", 0, 0,
	    "where clients connect: host:port, or the path of a unix socket; empty is off"),
	SAME(http_address, STRING, "127.0.0.1:4151", 0, 0,
	    "where the HTTP API is served: host:port, or the path of a unix socket; empty is off"),
	SAME(broadcast_address, STRING, NULL, 0, 0, "name announced to others; empty means the host name"),
	SAME(broadcast_tcp_port, INT, "0", 0, 65535, "TCP port announced to others; 0 means the real one"),
	SAME(broadcast_http_port, INT, "0", 0, 65535, "HTTP port announced to others; 0 means the real one"),
	{.key = "lookupd_tcp_address", .type = PLUQ_OPT_STRINGS, .flags = PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, lookupd_tcp_address), .original = "nsqlookupd_tcp_addresses",
	    .help = "lookup daemons to register with: host:port, or tls://host:port, each"},
	{.key = "lookupd_tls_root_ca_file", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, lookupd_tls_root_ca_file),
	    .help = "roots that the certificates of lookup daemons are verified against, PEM; empty means the system's"},
	{.key = "lookupd_tls_cert", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, lookupd_tls_cert),
	    .help = "certificate shown to lookup daemons that ask for one, PEM with its chain"},
	{.key = "lookupd_tls_key", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, lookupd_tls_key), .help = "its key, PEM"},
	{.key = "lookupd_http_secret", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD | PLUQ_OPT_SECRET,
	    .offset = offsetof(struct conf, lookupd_http_secret),
	    .help = "secret for the HTTP side of lookup daemons, sent as a bearer token"},
	SAME(http_client_connect_timeout, DURATION, "2s", MS, LONGEST,
	    "time to connect to the HTTP side of a lookup daemon"),
	SAME(http_client_request_timeout, DURATION, "5s", MS, LONGEST,
	    "time of a whole request to it; a new topic waits for its channels no longer than both together"),
	{.key = "node_id", .type = PLUQ_OPT_INT, .standard = "auto", .offset = offsetof(struct conf, node_id), .min = -1,
	    .max = 1023, .words = "auto", .original = "id",
	    .help = "part of message ids, to be different on every node; auto means a hash of the host name"},
	SAME(max_msg_size, SIZE, "1MiB", 1, PLUQ_BODY_MAX, "longest message"),
	SAME(max_body_size, SIZE, "5MiB", 1, INT32_MAX, "longest body of any other command, or of a batch of messages"),
	SAME(mem_queue_size, INT, "10000", 0, INT32_MAX,
	    "messages kept in memory per topic and per channel; 0 means that all go through storage"),
	SAME(msg_timeout, DURATION, "1m", MS, LONGEST,
	    "time a consumer has for a message when it asked for none of its own"),
	SAME(max_msg_timeout, DURATION, "15m", MS, LONGEST,
	    "longest message timeout a client may ask for, and longest life of a delivery under TOUCH"),
	SAME(max_req_timeout, DURATION, "1h", 0, LONGEST, "longest delay of REQ, DPUB and a deferred /pub"),
	SAME(max_rdy_count, INT, "2500", 1, INT32_MAX, "highest ready count of a consumer"),
	SAME(max_channel_consumers, INT, "0", 0, INT32_MAX, "consumers per channel; 0 means no limit"),
	SAME(max_heartbeat_interval, DURATION, "1m", 0, LONGEST, "longest heartbeat interval a client may ask for"),
	SAME(max_output_buffer_size, SIZE, "64KiB", 0, INT32_MAX, "largest output buffer a client may ask for"),
	SAME(output_buffer_timeout, DURATION, "250ms", 0, LONGEST,
	    "upper bound of the time messages wait in the output buffer when the client asked for none of its own"),
	SAME(min_output_buffer_timeout, DURATION, "25ms", 0, LONGEST, "shortest such bound a client may ask for"),
	SAME(max_output_buffer_timeout, DURATION, "30s", 0, LONGEST, "longest such bound a client may ask for"),
	SAME(deflate, BOOL, "true", 0, 0, "offer deflate compression to clients"),
	SAME(snappy, BOOL, "true", 0, 0, "offer snappy compression to clients"),
	SAME(max_deflate_level, INT, "6", 1, 9, "highest compression level a client can get"),
	{.key = "on_disconnect", .type = PLUQ_OPT_ENUM, .standard = "timeout", .words = "timeout|requeue",
	    .offset = offsetof(struct conf, on_disconnect),
	    .help = "what a consumer had in flight when it left waits for its timeout, or is requeued at once"},
	SAME(queue_scan_selection_count, INT, "20", 0, INT32_MAX,
	    "accepted and shown for the original's sake; deadlines are exact here without scanning"),
	SAME(queue_scan_worker_pool_max, INT, "4", 0, INT32_MAX, "as queue_scan_selection_count"),
	SAME(topology_region, STRING, NULL, 0, 0, "region this node stands in"),
	SAME(topology_zone, STRING, NULL, 0, 0, "zone this node stands in"),
	SAME(enable_experiment, STRINGS, NULL, 0, 0, "names of experimental features to switch on"),
	SAME(https_address, STRING, "127.0.0.1:4152", 0, 0,
	    "where the HTTP API is served under TLS, if there is a certificate; empty is off"),
	FRESH(tls_cert, STRING, NULL, "PEM file with the certificate, then its chain: lets clients ask for TLS"),
	FRESH(tls_key, STRING, NULL, "PEM file with the key of tls_cert"),
	FRESH(tls_client_auth_policy, STRING, NULL,
	    "require: clients must show a certificate, which is not verified; require-verify: it must be good. Makes TLS required"),
	FRESH(tls_root_ca_file, STRING, NULL,
	    "PEM file with the roots that certificates of clients are verified against; empty means the system's"),
	{.key = "tls_required", .type = PLUQ_OPT_ENUM, .standard = "false", .words = "false|tcp-https|true",
	    .offset = offsetof(struct conf, tls_required), .original = "tls_required",
	    .help = "clients must use TLS before anything else: true also closes the HTTP API in the clear, tcp-https does not"},
	{.key = "tls_min_version", .type = PLUQ_OPT_ENUM, .flags = PLUQ_OPT_RELOAD, .standard = "tls1.2",
	    .words = "tls1.0|tls1.1|tls1.2|tls1.3|", .offset = offsetof(struct conf, tls_min_version),
	    .original = "tls_min_version", .help = "lowest version of TLS; empty means the default"},
	OURS(tls_ciphers, STRING, PLUQ_OPT_RELOAD, NULL,
	    "ciphers of TLS 1.2 and below, in OpenSSL's notation; empty means OpenSSL's choice"),
	OURS(tls_ciphersuites, STRING, PLUQ_OPT_RELOAD, NULL, "cipher suites of TLS 1.3, likewise"),
	OURS(tls_kernel, BOOL, PLUQ_OPT_RELOAD, "false", "let the kernel encrypt, where it can"),
	{.key = "e2e_processing_latency_percentile", .type = PLUQ_OPT_FLOATS,
	    .offset = offsetof(struct conf, e2e_processing_latency_percentile), .original = "e2e_processing_latency_percentiles",
	    .help = "quantiles of the time from publish to finish that are shown, each above 0 and up to 1, as in [0.99, 0.5]; none is off"},
	SAME(e2e_processing_latency_window_time, DURATION, "10m", MS, LONGEST,
	    "how far back these look: what is shown is from the last half to the whole of this"),
	OURS(http_auth, BOOL, 0, "false",
	    "requests of the HTTP API need a secret that the auth plugins know, and its grants"),
	{.key = NULL},
};
