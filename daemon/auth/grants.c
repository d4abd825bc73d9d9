#include "grants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log.h"

/* Compiling a pattern takes a few microseconds. */
#define MANY_PATTERNS 256
#define MANY_BYTES ((size_t)16 << 10)
/* A short pattern may become long: (a{1,100}){1,100}. */
#define COMPILED_BYTES_MAX ((size_t)32 << 20)
/* Patterns that run into their limit in one look at all grants: each may take a millisecond or two. */
#define MOST_LIMITS 8

/* --- the copy ----------------------------------------------------------------------------------------------------- */

static char *put(char **at, const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = memcpy(*at, text, n);

	*at += n;
	return copy;
}

/* Patterns whose text is what was told; compiling makes them what they are. */
static void copy_grants(struct pluq__grants *g, const struct pluq__answer *a, char **at)
{
	struct pluq__pattern *p = g->patterns;

	for (size_t i = 0; i < a->grant_count; i++) {
		const struct pluq_grant *from = &a->grants[i];

		g->granted[i] = (struct pluq__granted){ from->permissions, (uint32_t)from->channels.count };
		(p++)->text = put(at, from->topic);
		for (size_t j = 0; j < from->channels.count; j++)
			(p++)->text = put(at, from->channels.items[j]);
	}
}

struct pluq__grants *pluq__grants_new(const struct pluq__answer *a, struct pluq__link *link, int64_t now_ns)
{
	size_t granted = a->grant_count * sizeof(struct pluq__granted), patterns = a->pattern_count * sizeof(struct pluq__pattern);
	size_t texts = a->bytes + a->pattern_count + 2; /* with terminators */
	size_t bytes = sizeof(struct pluq__grants) + patterns + granted + texts;
	struct pluq__grants *g = calloc(1, bytes);
	char *at;

	if (!g)
		return NULL;
	*g = (struct pluq__grants){ .refs = 1, .link = link, .told_ns = now_ns, .expires_ns = now_ns + a->ttl_ns,
		.count = (uint32_t)a->grant_count, .pattern_count = (uint32_t)a->pattern_count, .text_bytes = a->bytes, .bytes = bytes,
		.patterns = (struct pluq__pattern *)(g + 1) };
	g->granted = (struct pluq__granted *)(g->patterns + a->pattern_count);
	at = (char *)(g->granted + a->grant_count);
	g->identity = put(&at, a->identity);
	g->identity_url = put(&at, a->identity_url);
	copy_grants(g, a, &at);
	return g;
}

void pluq__grants_unref(struct pluq__grants *g)
{
	if (!g || atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < g->compiled; i++)
		pluq__pattern_fini(&g->patterns[i]);
	free(g);
}

/* --- compiling ---------------------------------------------------------------------------------------------------- */

bool pluq__grants_many(const struct pluq__grants *g)
{
	return g->pattern_count > MANY_PATTERNS || g->text_bytes > MANY_BYTES;
}

static bool compile(struct pluq__grants *g, struct pluq__pattern *p, char *why, size_t size)
{
	char *text = (char *)(uintptr_t)p->text, cause[192];

	if (!pluq__pattern_init(p, text, cause, sizeof(cause))) {
		snprintf(why, size, "the pattern \"%.64s%s\" does not compile: %s", text, strlen(text) > 64 ? "..." : "", cause);
		return false;
	}
	g->compiled++;
	g->bytes += pluq__pattern_bytes(p);
	if (g->bytes <= COMPILED_BYTES_MAX)
		return true;
	snprintf(why, size, "its patterns take more than 32 MiB when compiled");
	return false;
}

bool pluq__grants_compile(struct pluq__grants *g, char *why, size_t size)
{
	while (g->compiled < g->pattern_count)
		if (!compile(g, &g->patterns[g->compiled], why, size))
			return false;
	return true;
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

/* One look at all grants. */
struct look {
	struct pluq__grants *g;
	struct pluq__matcher *matcher;
	int limits;
};

static void complain(struct look *look, const char *text)
{
	look->limits++;
	if (!atomic_exchange_explicit(&look->g->complained, true, memory_order_relaxed))
		pluq__log(PLUQ_WARN, look->g->link ? look->g->link->instance : "auth",
		    "the pattern \"%.64s%s\" takes too long to match and grants nothing", text, strlen(text) > 64 ? "..." : "");
}

static bool matches(struct look *look, const struct pluq__pattern *p, const char *name, size_t length)
{
	int rc = pluq__pattern_match(p, look->matcher, name, length);

	if (rc == PLUQ__MATCH_LIMIT)
		complain(look, p->text);
	return rc == PLUQ__MATCH;
}

static bool matches_channel(struct look *look, const struct pluq__pattern *patterns, uint32_t count, const char *channel,
    size_t length)
{
	if (!channel)
		return true;
	for (uint32_t i = 0; i < count && look->limits < MOST_LIMITS; i++)
		if (matches(look, &patterns[i], channel, length))
			return true;
	return false;
}

bool pluq__grants_allow(struct pluq__grants *g, struct pluq__matcher *matcher, uint32_t permissions, const char *topic,
    size_t topic_length, const char *channel, size_t channel_length)
{
	struct look look = { .g = g, .matcher = matcher };
	const struct pluq__pattern *p = g->patterns;

	for (uint32_t i = 0; i < g->count && look.limits < MOST_LIMITS; i++) {
		const struct pluq__granted *granted = &g->granted[i];

		if ((!permissions || granted->permissions & permissions) && matches(&look, p, topic, topic_length) &&
		    matches_channel(&look, p + 1, granted->channels, channel, channel_length))
			return true;
		p += 1 + granted->channels;
	}
	return false;
}
