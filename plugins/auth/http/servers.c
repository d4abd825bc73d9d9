#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"

/* How much of an address may be shown: neither its query nor a password in it. */
static int shown(const char *text)
{
	size_t n = strcspn(text, "?#");
	const char *host = strstr(text, "://");

	if (!memchr(text, '@', n))
		return (int)n;
	return host ? (int)(host + 3 - text) : 0;
}

static int add(struct servers *s, const char *text, struct pluq_why *why)
{
	struct server *one = &s->items[s->count];
	const char *wrong = url_parse(&one->url, text);

	if (wrong) {
		snprintf(why->text, sizeof(why->text), "address '%.*s': %s", shown(text), text, wrong);
		return PLUQ_EINVAL;
	}
	s->count++;
	atomic_init(&one->failures, 0);
	atomic_init(&one->refusals, 0);
	if ((one->name = strndup(text, (size_t)shown(text))))
		return 0;
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

int servers_new(const struct conf *conf, struct servers **out, struct pluq_why *why)
{
	struct servers *s = calloc(1, sizeof(*s) + conf->address.count * sizeof(*s->items));
	int rc = 0;

	if (!s) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	atomic_init(&s->refs, 1);
	s->post = conf->request_method == METHOD_POST;
	s->connect_timeout_ns = conf->connect_timeout;
	s->request_timeout_ns = conf->request_timeout;
	for (size_t i = 0; i < conf->address.count && !rc; i++)
		rc = add(s, conf->address.items[i], why);
	if (!rc && !s->count) {
		snprintf(why->text, sizeof(why->text), "address: it names no auth server");
		rc = PLUQ_EINVAL;
	}
	if (rc)
		servers_unref(s);
	else
		*out = s;
	return rc;
}

struct servers *servers_ref(struct servers *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void servers_unref(struct servers *s)
{
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < s->count; i++) {
		url_free(&s->items[i].url);
		free(s->items[i].name);
	}
	free(s);
}

/* How often it has happened now. */
static unsigned count(atomic_uint *of)
{
	return atomic_fetch_add_explicit(of, 1, memory_order_relaxed) + 1;
}

static bool is_told(unsigned n)
{
	return !(n & (n - 1));
}

void servers_failed(struct servers *s, struct server *one, const struct pluq_host *host, const char *cause)
{
	unsigned n = count(&one->failures);

	if (s->count > 1 && is_told(n))
		host->log(host, PLUQ_WARN, "auth server %s: %s (failure %u in a row)", one->name, cause, n);
}

void servers_refused(struct server *one, const struct pluq_host *host)
{
	unsigned n = count(&one->refusals);

	if (is_told(n))
		host->log(host, PLUQ_WARN, "auth server %s: refuses a client with status 403 (%u in a row)", one->name, n);
}

void servers_answered(struct servers *s, struct server *one, const struct pluq_host *host)
{
	unsigned n = atomic_load_explicit(&one->failures, memory_order_relaxed);

	atomic_store_explicit(&one->refusals, 0, memory_order_relaxed);
	if (n && atomic_compare_exchange_strong_explicit(&one->failures, &n, 0, memory_order_relaxed, memory_order_relaxed) && s->count > 1)
		host->log(host, PLUQ_INFO, "auth server %s: answers again after %u failures", one->name, n);
}
