/* GET /info, /ping, /healthz/live, /healthz/ready. */
#include <stdio.h>

#include "http_args.h"
#include "json_out.h"

#define SECOND INT64_C(1000000000)

void http_info(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct text text = {0};
	struct json j = {.http = n->http, .out = &text};

	json_open(&j, '{');
	json_put_string(&j, "version", NSQD_VERSION);
	json_put_string(&j, "broadcast_address", nsqd_broadcast_address(n));
	json_put_string(&j, "hostname", n->hostname);
	json_put_int(&j, "http_port", nsqd_http_port(n));
	json_put_int(&j, "tcp_port", nsqd_tcp_port(n));
	json_put_int(&j, "start_time", n->host->start_real_ns / SECOND);
	json_put_int(&j, "max_heartbeat_interval", n->conf->max_heartbeat_interval);
	json_put_int(&j, "max_output_buffer_size", n->conf->max_output_buffer_size);
	json_put_int(&j, "max_output_buffer_timeout", n->conf->max_output_buffer_timeout);
	json_put_int(&j, "max_deflate_level", n->conf->max_deflate_level);
	json_put_string(&j, "topology_zone", n->conf->topology_zone);
	json_put_string(&j, "topology_region", n->conf->topology_region);
	json_close(&j, '}');
	if (text.failed)
		n->http->error(req, 500, "INTERNAL_ERROR");
	else
		http_json(n, req, text.data, text.length);
	text_free(&text);
}

void http_ping(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct pluq_health health = {0};
	char bad[sizeof(health.why.text) + 8];

	n->broker->health(n->host, &health);
	snprintf(bad, sizeof(bad), "NOK - %s", health.why.text);
	http_text(n, req, health.storage_ok ? 200 : 500, health.storage_ok ? "OK" : bad);
}

/* The loop that would answer badly does not answer. */
void http_live(void *arg, struct pluq_http_request *req)
{
	http_text(arg, req, 200, "OK");
}

void http_ready(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct pluq_health health = {0};
	char bad[sizeof(health.why.text) + 16];

	n->broker->health(n->host, &health);
	snprintf(bad, sizeof(bad), "storage: %s", health.why.text);
	if (health.draining)
		http_text(n, req, 503, "draining");
	else if (!health.storage_ok || health.retrying)
		http_text(n, req, 503, bad);
	else
		http_text(n, req, 200, "OK");
}
