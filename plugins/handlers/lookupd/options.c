#include "options.h"

/* Longest time an option takes, 73 years: sums of two of them and a clock do not overflow. */
#define LONGEST (INT64_MAX / 4)

/* Keys are the original's, but for those that it has nothing like. */
#define SAME(member, kind, standard_, low, high, help_)                                                                \
	{.key = #member, .type = PLUQ_OPT_##kind, .standard = standard_, .offset = offsetof(struct conf, member),      \
	    .min = low, .max = high, .original = #member, .help = help_}

#define OURS(member, kind, flags_, standard_, help_)                                                                   \
	{.key = #member, .type = PLUQ_OPT_##kind, .flags = flags_, .standard = standard_,                              \
	    .offset = offsetof(struct conf, member), .help = help_}

const struct pluq_option options[] = {
	SAME(tcp_address, STRING, "127.0.0.1:4160", 0, 0,
	    "where brokers connect: host:port, or the path of a unix socket; empty is off"),
	SAME(http_address, STRING, "127.0.0.1:4161", 0, 0,
	    "where the HTTP API is served: host:port, or the path of a unix socket; empty is off"),
	SAME(broadcast_address, STRING, NULL, 0, 0, "name announced to brokers; empty means the host name"),
	SAME(inactive_producer_timeout, DURATION, "5m", 0, LONGEST,
	    "a broker that has not pinged for longer is left out of /lookup and /nodes"),
	SAME(tombstone_lifetime, DURATION, "45s", 0, LONGEST,
	    "how long a broker stays out of /lookup for a topic that was tombstoned there"),
	{.key = "snapshot_file", .type = PLUQ_OPT_STRING, .offset = offsetof(struct conf, snapshot_file),
	    .help = "file that keeps the names of topics and channels, not their producers, across a restart; empty is off"},
	OURS(tls_tcp_address, STRING, 0, NULL, "where brokers connect under TLS, from the first byte; empty is off"),
	OURS(https_address, STRING, 0, NULL, "where the HTTP API is served under TLS; empty is off"),
	OURS(tls_cert, STRING, PLUQ_OPT_RELOAD, NULL, "PEM file with the certificate of both, followed by its chain"),
	OURS(tls_key, STRING, PLUQ_OPT_RELOAD, NULL, "PEM file with the key of tls_cert"),
	OURS(tls_client_auth_policy, STRING, PLUQ_OPT_RELOAD, NULL,
	    "require: who connects must show a certificate, which is not verified; require-verify: it must be good; empty asks for none"),
	OURS(tls_root_ca_file, STRING, PLUQ_OPT_RELOAD, NULL,
	    "PEM file with the roots that certificates of clients are verified against; empty means the system's"),
	{.key = "tls_min_version", .type = PLUQ_OPT_ENUM, .flags = PLUQ_OPT_RELOAD, .standard = "tls1.2",
	    .words = "tls1.0|tls1.1|tls1.2|tls1.3", .offset = offsetof(struct conf, tls_min_version), .help = "lowest version of TLS"},
	OURS(tls_ciphers, STRING, PLUQ_OPT_RELOAD, NULL,
	    "ciphers of TLS 1.2 and below, in OpenSSL's notation; empty means OpenSSL's choice"),
	OURS(tls_ciphersuites, STRING, PLUQ_OPT_RELOAD, NULL, "cipher suites of TLS 1.3, likewise"),
	OURS(tls_required, BOOL, 0, "false",
	    "nothing is served in the clear: tcp_address must be off, and requests to http_address are told to use https_address"),
	OURS(http_auth, BOOL, 0, "false", "requests of the HTTP API need a secret that the auth plugins know, and its grants"),
	{.key = NULL},
};
