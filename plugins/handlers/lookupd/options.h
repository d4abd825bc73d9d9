/* Configuration of the lookupd handler. Times in nanoseconds. */
#ifndef LOOKUPD_OPTIONS_H
#define LOOKUPD_OPTIONS_H

#include <pluq/host.h>

struct conf {
	const char *tcp_address, *http_address;
	const char *broadcast_address; /* "": the host name */
	int64_t inactive_producer_timeout, tombstone_lifetime;
	const char *snapshot_file; /* "": none */
	/* "": off, or none */
	const char *tls_tcp_address, *https_address;
	const char *tls_cert, *tls_key, *tls_client_auth_policy, *tls_root_ca_file;
	int64_t tls_min_version; /* from TLS 1.0 on */
	const char *tls_ciphers, *tls_ciphersuites;
	bool tls_required;
	bool http_auth;
};

extern const struct pluq_option options[];

#endif
