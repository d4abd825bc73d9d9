/* Configuration of the nsqd handler. Times in nanoseconds, sizes in bytes. */
#ifndef NSQD_OPTIONS_H
#define NSQD_OPTIONS_H

#include <pluq/host.h>

enum { ON_DISCONNECT_TIMEOUT, ON_DISCONNECT_REQUEUE };

/* tls_required, as GET /config shows it. */
enum { TLS_NOT_REQUIRED, TLS_REQUIRED_TCP_HTTPS, TLS_REQUIRED };

struct conf {
	const char *tcp_address, *http_address;
	const char *broadcast_address; /* "": the host name */
	int64_t broadcast_tcp_port, broadcast_http_port; /* 0: the real one */
	struct pluq_strings lookupd_tcp_address;
	const char *lookupd_tls_root_ca_file, *lookupd_tls_cert, *lookupd_tls_key; /* "": the system's; none */
	const char *lookupd_http_secret; /* "": none */
	int64_t http_client_connect_timeout, http_client_request_timeout;
	int64_t node_id; /* -1: from the host name */
	int64_t max_msg_size, max_body_size;
	int64_t mem_queue_size;
	int64_t msg_timeout, max_msg_timeout, max_req_timeout;
	int64_t max_rdy_count, max_channel_consumers;
	int64_t max_heartbeat_interval;
	int64_t max_output_buffer_size;
	int64_t output_buffer_timeout, min_output_buffer_timeout, max_output_buffer_timeout;
	int64_t max_deflate_level;
	int64_t on_disconnect;
	int64_t queue_scan_selection_count, queue_scan_worker_pool_max;
	const char *topology_region, *topology_zone;
	struct pluq_strings enable_experiment;
	const char *https_address;
	const char *tls_cert, *tls_key, *tls_root_ca_file, *tls_client_auth_policy, *tls_ciphers, *tls_ciphersuites;
	int64_t tls_required;    /* TLS_*; as configured, see tls_required() */
	int64_t tls_min_version; /* index of the word */
	bool tls_kernel;
	bool deflate, snappy;
	bool http_auth;
	struct pluq_floats e2e_processing_latency_percentile;
	int64_t e2e_processing_latency_window_time;
};

extern const struct pluq_option options[];

#endif
