#include "options.h"

#define OPTION(member, kind, standard_, help_)                                                                         \
	{.key = #member, .type = PLUQ_OPT_##kind, .standard = standard_, .offset = offsetof(struct conf, member), .help = help_}

const struct pluq_option options[] = {
	OPTION(http_address, STRING, "127.0.0.1:4181",
	    "where /auth is served over HTTP: host:port, or the path of a unix socket; empty is off"),
	OPTION(https_address, STRING, NULL, "where /auth is served over HTTPS: host:port; empty is off. Needs tls_cert and tls_key"),
	{.key = "tls_cert", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, tls_cert),
	    .help = "PEM file with the certificate for HTTPS, then its chain; it is read again on SIGHUP"},
	{.key = "tls_key", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, tls_key),
	    .help = "PEM file with its key; it is read again on SIGHUP"},
	{.key = "tls_min_version", .type = PLUQ_OPT_ENUM, .flags = PLUQ_OPT_RELOAD, .standard = "tls1.2",
	    .offset = offsetof(struct conf, tls_min_version), .words = "tls1.0|tls1.1|tls1.2|tls1.3",
	    .help = "lowest version of TLS, for HTTPS and towards the OAuth2 endpoint"},
	{.key = "tls_ciphers", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, tls_ciphers),
	    .help = "cipher suites up to TLS 1.2 in OpenSSL's notation; empty is OpenSSL's choice"},
	{.key = "tls_ciphersuites", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, tls_ciphersuites), .help = "cipher suites of TLS 1.3; empty is OpenSSL's choice"},
	OPTION(trust_common_name, BOOL, "false",
	    "brokers that ask have verified the certificate whose common_name they send (tls_client_auth_policy: require-verify)"),
	OPTION(oauth2_echo_endpoint, STRING, NULL,
	    "URL that tells whose access token a secret is; its answer's login becomes the secret. Empty is off"),
	OPTION(oauth2_response_path, STRING, "data.login", "where in the endpoint's JSON answer the login is, with dots between the keys"),
	{.key = "oauth2_root_ca_file", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, oauth2_root_ca_file),
	    .help = "PEM file of the roots that the endpoint's certificate is verified against; empty means the system's"},
	{.key = "oauth2_timeout", .type = PLUQ_OPT_DURATION, .standard = "4s", .offset = offsetof(struct conf, oauth2_timeout),
	    .min = 1000000, .max = INT64_C(600000000000),
	    .help = "how long the endpoint may take; nsqd gives the whole answer 5 seconds"},
	OPTION(validate_cert, BOOL, "true", "verify the endpoint's certificate"),
	{.key = NULL},
};
