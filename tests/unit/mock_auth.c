#undef NDEBUG /* checks with effects */
#include "mock_auth.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../daemon/net/json_quote.h"

static struct mock_auth *mock; /* the one that runs */

/* --- auth */

static void PLUQ_PRINTF(2, 3) tell(struct pluq_auth_call *k, const char *fmt, ...)
{
	va_list args;

	assert(!k->answers);
	va_start(args, fmt);
	int n = vsnprintf(k->told + k->used, sizeof(k->told) - k->used, fmt, args);
	va_end(args);
	k->used = n < 0 || (size_t)n >= sizeof(k->told) - k->used ? sizeof(k->told) - 1 : k->used + (size_t)n;
}

static void identify(struct pluq_auth_call *k, const char *identity, const char *url)
{
	tell(k, "identity %s %s\n", identity, url);
}

static void live(struct pluq_auth_call *k, int64_t ns)
{
	assert(ns > 0);
	tell(k, "live %lld\n", (long long)ns);
}

static void grant(struct pluq_auth_call *k, uint32_t permissions, const char *topic, const char *const *channels, size_t n)
{
	tell(k, "grant %u %s [", permissions, topic);
	for (size_t i = 0; i < n; i++)
		tell(k, "%s%s", i ? "," : "", channels[i]);
	tell(k, "]\n");
}

static void answer(struct pluq_auth_call *k, int verdict, const char *why)
{
	k->answers++;
	k->verdict = verdict;
	snprintf(k->why, sizeof(k->why), "%s", why ? why : "");
}

static const struct pluq_auth auth = {
	.size = sizeof(auth), .identify = identify, .live = live, .grant = grant, .answer = answer,
};

/* --- http */

static char *copy(const char *text)
{
	char *c = text ? strdup(text) : NULL;

	assert(c || !text);
	return c;
}

static int get(const struct pluq_host *h, const struct pluq_http_get *p, struct pluq_http_call **out, struct pluq_why *why)
{
	struct pluq_http_call *k, **at = &mock->calls;

	assert(p->size == sizeof(*p) && p->fn && *p->target == '/' && p->max_body > 0 && p->timeout_ns > 0 && p->connect_timeout_ns > 0);
	if (mock->refuse) {
		snprintf(why->text, sizeof(why->text), "%s: refused by the test", p->address);
		return mock->refuse;
	}
	k = calloc(1, sizeof(*k));
	assert(k);
	k->get = *p;
	k->get.address = copy(p->address);
	k->get.target = copy(p->target);
	k->get.headers = copy(p->headers);
	k->get.method = copy(p->method ? p->method : "GET");
	if (p->content_length) {
		char *content = malloc(p->content_length + 1);

		assert(content);
		memcpy(content, p->content, p->content_length);
		content[p->content_length] = 0;
		k->get.content = (uint8_t *)content;
	} else {
		k->get.content = NULL;
	}
	while (*at)
		at = &(*at)->next;
	*at = *out = k;
	mock->asked++;
	return 0;
}

static void call_free(struct pluq_http_call *k)
{
	struct pluq_http_call **at = &mock->calls;

	while (*at && *at != k)
		at = &(*at)->next;
	if (*at)
		*at = k->next;
	free((void *)k->get.address);
	free((void *)k->get.target);
	free((void *)k->get.headers);
	free((void *)k->get.method);
	free((void *)k->get.content);
	free(k);
}

static void cancel(struct pluq_http_call *k)
{
	mock->cancelled++;
	call_free(k);
}

static const char *call_header(const struct pluq_http_call *k, const char *name)
{
	return strcasecmp(name, "Location") == 0 ? k->location : NULL;
}

static const struct pluq_http http = {
	.size = sizeof(http), .get = get, .cancel = cancel, .call_header = call_header, .json_quote = pluq__json_quote,
};

void mock_auth_reply(struct mock_auth *m, int status, const char *text, const char *location)
{
	struct pluq_http_call *k = m->calls;
	struct pluq_why why = { "" };
	size_t n = status < 0 ? 0 : strlen(text);
	uint8_t *body = malloc(n ? n : 1); /* a block of its own, so that a read behind it is seen */

	assert(k && body);
	m->calls = k->next; /* what fn asks next comes behind */
	k->location = location;
	if (status < 0)
		snprintf(why.text, sizeof(why.text), "%s: %s", k->get.address, text);
	else
		memcpy(body, text, n);
	k->get.fn(k->get.arg, status, status < 0 ? NULL : body, n, &why);
	free(body);
	call_free(k);
}

/* --- net, host */

static int tls_new(const struct pluq_host *h, const struct pluq_tls_params *p, struct pluq_tls **out, struct pluq_why *why)
{
	if (mock->tls_status) {
		snprintf(why->text, sizeof(why->text), "no TLS by the test");
		return mock->tls_status;
	}
	assert(p->size == sizeof(*p) && p->client);
	mock->tls = *p;
	mock->tls_made++;
	*out = (struct pluq_tls *)&mock->tls;
	return 0;
}

static int tls_change(struct pluq_tls *tls, const struct pluq_tls_params *p, struct pluq_why *why)
{
	struct pluq_tls *out;

	assert(tls == (struct pluq_tls *)&mock->tls);
	if (mock->tls_status)
		return tls_new(NULL, p, &out, why);
	mock->tls = *p;
	mock->tls_changed++;
	return 0;
}

static const struct pluq_net net = { .size = sizeof(net), .tls_new = tls_new, .tls_change = tls_change };

static int post(const struct pluq_host *h, uint32_t loop, pluq_post_fn fn, void *arg)
{
	assert((int)loop == mock->loop);
	if (mock->post_status)
		return mock->post_status;
	assert(mock->post_count < sizeof(mock->posts) / sizeof(*mock->posts));
	mock->posts[mock->post_count].fn = fn;
	mock->posts[mock->post_count++].arg = arg;
	return 0;
}

void mock_auth_run_posts(struct mock_auth *m)
{
	for (size_t i = 0; i < m->post_count; i++)
		m->posts[i].fn(m->posts[i].arg);
	m->post_count = 0;
}

static int32_t loop_self(const struct pluq_host *h)
{
	return mock->loop;
}

static int64_t now_ns(const struct pluq_host *h)
{
	return mock->now_ns;
}

void mock_auth_init(struct mock_auth *m)
{
	memset(m, 0, sizeof(*m));
	mock_host_init(&m->host);
	m->host.pub.loops = 4;
	m->host.pub.auth = &auth;
	m->host.pub.http = &http;
	m->host.pub.net = &net;
	m->host.pub.post = post;
	m->host.pub.loop_self = loop_self;
	m->host.pub.now_ns = now_ns;
	m->loop = 2;
	m->now_ns = 1000000;
	mock = m;
}

void mock_auth_fini(struct mock_auth *m)
{
	assert(!m->calls && !m->post_count);
	mock_host_fini(&m->host);
}
