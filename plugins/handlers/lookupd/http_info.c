/* GET /ping, /info, /healthz/live, /healthz/ready. */
#include "http_args.h"

void http_ping(void *arg, struct pluq_http_request *req)
{
	http_text(arg, req, 200, "OK");
}

/* The loop that would answer badly does not answer. */
void http_live(void *arg, struct pluq_http_request *req)
{
	http_text(arg, req, 200, "OK");
}

void http_ready(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;

	if (l->snapshot.draining)
		http_text(l, req, 503, "draining");
	else
		http_text(l, req, 200, "OK");
}

void http_info(void *arg, struct pluq_http_request *req)
{
	struct text t = {0};

	text_str(&t, "{\"version\":\"" LOOKUPD_VERSION "\"}");
	http_json(arg, req, &t);
}
