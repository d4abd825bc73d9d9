/* Configuration of the authd handler. Times in nanoseconds. */
#ifndef AUTHD_OPTIONS_H
#define AUTHD_OPTIONS_H

#include <pluq/host.h>

struct conf {
	const char *http_address, *https_address; /* "": off */
	const char *tls_cert, *tls_key;
	int64_t tls_min_version; /* index of the word: tls1.0 .. tls1.3 */
	const char *tls_ciphers, *tls_ciphersuites;
	bool trust_common_name;
	const char *oauth2_echo_endpoint; /* "": off */
	const char *oauth2_response_path;
	const char *oauth2_root_ca_file; /* "": the system's */
	int64_t oauth2_timeout;
	bool validate_cert;
};

extern const struct pluq_option options[];

#endif
