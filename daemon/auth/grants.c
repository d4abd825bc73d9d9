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

struct pluq__grants *pluq__grants_new(struct pluq__answer *answer, struct pluq__link *link, int64_t now_ns)
{
	struct pluq__grants *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->patterns = calloc(answer->pattern_count ? answer->pattern_count : 1, sizeof(*g->patterns));
	if (!g->patterns) {
		free(g);
		return NULL;
	}
	g->refs = 1;
	g->link = link;
	g->answer = *answer;
	*answer = (struct pluq__answer){ 0 };
	g->told_ns = now_ns;
	g->expires_ns = now_ns + g->answer.ttl_ns;
	g->bytes = sizeof(*g) + g->answer.pattern_count * (sizeof(*g->patterns) + 2 * sizeof(char *)) + 2 * g->answer.bytes;
	return g;
}

void pluq__grants_unref(struct pluq__grants *g)
{
	if (!g || atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < g->pattern_count; i++)
		pluq__pattern_fini(&g->patterns[i]);
	free(g->patterns);
	pluq__answer_free(&g->answer);
	free(g);
}

/* --- compiling ---------------------------------------------------------------------------------------------------- */

bool pluq__grants_many(const struct pluq__grants *g)
{
	return g->answer.pattern_count > MANY_PATTERNS || g->answer.bytes > MANY_BYTES;
}

static bool compile(struct pluq__grants *g, const char *text, char *why, size_t size)
{
	struct pluq__pattern *p = &g->patterns[g->pattern_count];
	char *room = pluq__arena_alloc(&g->answer.arena, strlen(text) + 1), cause[192];

	if (!room) {
		snprintf(why, size, "out of memory");
		return false;
	}
	if (!pluq__pattern_init(p, text, room, cause, sizeof(cause))) {
		snprintf(why, size, "the pattern \"%.64s%s\" does not compile: %s", text, strlen(text) > 64 ? "..." : "", cause);
		return false;
	}
	g->pattern_count++;
	g->bytes += pluq__pattern_bytes(p);
	if (g->bytes <= COMPILED_BYTES_MAX)
		return true;
	snprintf(why, size, "its patterns take more than 32 MiB when compiled");
	return false;
}

bool pluq__grants_compile(struct pluq__grants *g, char *why, size_t size)
{
	for (size_t i = 0; i < g->answer.grant_count; i++) {
		const struct pluq_grant *grant = &g->answer.grants[i];

		if (!compile(g, grant->topic, why, size))
			return false;
		for (size_t j = 0; j < grant->channels.count; j++)
			if (!compile(g, grant->channels.items[j], why, size))
				return false;
	}
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

static bool matches(struct look *look, const struct pluq__pattern *p, const char *text, const char *name, size_t length)
{
	int rc = pluq__pattern_match(p, look->matcher, name, length);

	if (rc == PLUQ__MATCH_LIMIT)
		complain(look, text);
	return rc == PLUQ__MATCH;
}

static bool matches_channel(struct look *look, const struct pluq_grant *grant, const struct pluq__pattern *patterns,
    const char *channel, size_t length)
{
	if (!channel)
		return true;
	for (size_t i = 0; i < grant->channels.count && look->limits < MOST_LIMITS; i++)
		if (matches(look, &patterns[i], grant->channels.items[i], channel, length))
			return true;
	return false;
}

bool pluq__grants_allow(struct pluq__grants *g, struct pluq__matcher *matcher, uint32_t permissions, const char *topic,
    size_t topic_length, const char *channel, size_t channel_length)
{
	struct look look = { .g = g, .matcher = matcher };
	const struct pluq__pattern *p = g->patterns;

	for (size_t i = 0; i < g->answer.grant_count && look.limits < MOST_LIMITS; i++) {
		const struct pluq_grant *grant = &g->answer.grants[i];

		if ((!permissions || grant->permissions & permissions) && matches(&look, p, grant->topic, topic, topic_length) &&
		    matches_channel(&look, grant, p + 1, channel, channel_length))
			return true;
		p += 1 + grant->channels.count;
	}
	return false;
}
