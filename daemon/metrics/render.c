/* Rendering: a route of every HTTP listener asks for a snapshot and has the plugin put it into words, on the pool. */
#include <pluq/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "feed.h"

/* Requests for one plugin that may wait, for their body or for somebody to read it: so many bodies may be in memory. They
 * are bounded by this, and not counted against memory_limit: who does not read metrics must not keep others from publishing. */
#define RENDERS_MOST 16

/* One request. */
struct render {
	struct pluq__job job; /* first */
	struct pluq__wanting wanting;
	struct pluq__feed *feed;
	struct pluq_http_request *request;
	struct pluq__snapshot *snapshot;
	char *accept, *accept_encoding; /* NULL: absent */
	int status;
	struct pluq_why why;
	uint32_t code;
	char type[128], encoding[32];
	const uint8_t *body;
	size_t length;
	pluq_post_fn release; /* of the body, with this: the plugin's, or free of the copy. NULL: there is none */
	void *own;
};

static void render_free(struct render *r)
{
	pluq__snapshot_unref(r->snapshot);
	free(r->accept);
	free(r->accept_encoding);
	if (r->release)
		r->release(r->own);
	free(r);
}

/* ---- on the pool ---- */

/* So that the plugin has its own back at once. */
static int keep_copy(struct render *r, const struct pluq_render *ask)
{
	uint8_t *copy = malloc(ask->length + 1);

	if (!copy)
		return PLUQ_ENOMEM;
	if (ask->length)
		memcpy(copy, ask->body, ask->length);
	r->body = r->own = copy;
	r->release = free;
	return 0;
}

static int keep(struct render *r, const struct pluq_render *ask)
{
	r->length = ask->length;
	r->code = ask->status ? ask->status : 200;
	snprintf(r->type, sizeof(r->type), "%s", ask->type ? ask->type : "text/plain; charset=utf-8");
	snprintf(r->encoding, sizeof(r->encoding), "%s", ask->encoding ? ask->encoding : "");
	if (!ask->release)
		return keep_copy(r, ask);
	r->body = ask->body;
	r->release = ask->release;
	r->own = ask->own;
	return 0;
}

static void on_pool(struct pluq__job *job)
{
	struct render *r = (struct render *)job;
	const struct pluq_metrics_ops *ops = r->feed->ops;
	struct pluq_render ask = {.size = sizeof(ask), .accept = r->accept, .accept_encoding = r->accept_encoding};

	r->status = ops->render(*r->feed->self, &r->snapshot->pub, &ask, &r->why);
	pluq__snapshot_unref(r->snapshot); /* here: freeing a large one takes its time */
	r->snapshot = NULL;
	if (r->status)
		return;
	r->status = keep(r, &ask);
	if (!ask.release && PLUQ_HAS(ops, rendered))
		ops->rendered(*r->feed->self, &ask);
}

/* ---- on loop 0 ---- */

/* pluq_post_fn: the body has been sent, or its connection is gone. Loop 0; main, at the very end. */
static void give_back(void *arg)
{
	struct render *r = arg;

	r->feed->rendering--;
	render_free(r);
}

static void complain(struct render *r)
{
	struct pluq__feed *f = r->feed;
	uint64_t hidden;

	f->render_failed++;
	if (pluq__complaint_raise(&f->render_complaint, f->metrics->of.loops->loop[0].now_ns, &hidden))
		pluq__log(PLUQ_WARN, f->instance, "metrics could not be rendered: %s",
		    r->why.text[0] ? r->why.text : "no reason given");
}

static void on_done(struct pluq__job *job)
{
	struct render *r = (struct render *)job;
	struct pluq__feed *f = r->feed;

	if (r->status) {
		f->rendering--;
		complain(r);
		pluq__http_table.error(r->request, 500, "INTERNAL_ERROR");
		render_free(r);
		return;
	}
	f->rendered++;
	if (pluq__complaint_calm(&f->render_complaint, f->metrics->of.loops->loop[0].now_ns))
		pluq__log(PLUQ_INFO, f->instance, "metrics are rendered again");
	pluq__http_reply_by_reference(
	    r->request, r->code, r->type, *r->encoding ? r->encoding : NULL, r->body, r->length, give_back, r);
}

static void on_snapshot(struct pluq__wanting *w, struct pluq__snapshot *s)
{
	struct render *r = (struct render *)((char *)w - offsetof(struct render, wanting));

	r->snapshot = s;
	if (s) {
		pluq__pool_submit(r->feed->lane, &r->job);
		return;
	}
	r->feed->rendering--;
	pluq__http_table.error(r->request, 503, "OUT_OF_MEMORY");
	render_free(r);
}

static char *copy_of(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void handle(void *arg, struct pluq_http_request *request)
{
	struct pluq__feed *f = arg;
	struct render *r;

	if (f->metrics->stopping || f->rendering >= RENDERS_MOST) {
		f->refused++;
		pluq__http_table.error(request, 503, f->metrics->stopping ? "EXITING" : "BUSY");
		return;
	}
	r = calloc(1, sizeof(*r));
	if (!r) {
		pluq__http_table.error(request, 503, "OUT_OF_MEMORY");
		return;
	}
	r->job = (struct pluq__job){
	    .back = &f->metrics->of.loops->loop[0], .work = on_pool, .done = on_done, .what = "render"};
	r->wanting.fn = on_snapshot;
	r->feed = f;
	r->request = request;
	r->accept = copy_of(pluq__http_table.header(request, "Accept"));
	r->accept_encoding = copy_of(pluq__http_table.header(request, "Accept-Encoding"));
	f->rendering++;
	pluq__gather(f->metrics, &r->wanting);
}

static const char *path_of(const struct pluq__feed *f)
{
	if (!PLUQ_HAS(f->ops, render))
		return NULL;
	if (PLUQ_HAS(f->ops, path_of))
		return f->ops->path_of(*f->self);
	return PLUQ_HAS(f->ops, path) ? f->ops->path : NULL;
}

int pluq__feed_open(struct pluq__feed *f, struct pluq_why *why)
{
	const struct pluq_http_route route = {.method = "GET",
	    .flags = PLUQ_HTTP_PLAIN | PLUQ_HTTP_QUIET | PLUQ_HTTP_DISCARD | PLUQ_HTTP_NO_TOPIC,
	    .path = path_of(f),
	    .handle = handle};

	if (!route.path)
		return 0;
	if (*route.path != '/') {
		snprintf(why->text, sizeof(why->text), "%s: its path, '%.100s', does not begin with /", f->instance, route.path);
		return PLUQ_EINVAL;
	}
	f->path = route.path;
	for (const struct pluq__feed *other = f->metrics->feeds; other != f; other = other->next)
		if (other->path && strcmp(other->path, f->path) == 0) {
			snprintf(why->text, sizeof(why->text), "%s: %s is served by %s already: configure one of them", f->instance,
			    route.path, other->instance);
			return PLUQ_EBUSY;
		}
	return pluq__net_add_route(f->metrics->of.net, f->instance, &route, f, why);
}
