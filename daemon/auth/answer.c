#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"

#define STANDARD_TTL_NS (3600 * PLUQ__SEC)
#define LONGEST_TTL_NS (INT64_MAX / 4) /* 73 years: added to any clock it does not overflow */
#define EVERY_PERMISSION (PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN)

static void spoil(struct pluq__answer *a, const char *why)
{
	if (!a->bad)
		a->bad = why;
}

/* NULL: it is spoilt. */
static const char *copy(struct pluq__answer *a, const char *text, size_t most, const char *too_long)
{
	size_t n = strnlen(text, most + 1);
	const char *mine;

	if (n > most) {
		spoil(a, too_long);
		return NULL;
	}
	if (n > PLUQ__ANSWER_BYTES_MAX - a->bytes) {
		spoil(a, "its answer is too long");
		return NULL;
	}
	if (!(mine = pluq__arena_copy(&a->arena, text, n))) {
		spoil(a, "out of memory");
		return NULL;
	}
	a->bytes += n;
	return mine;
}

void pluq__answer_identify(struct pluq__answer *a, const char *identity, const char *url)
{
	if (a->bad)
		return;
	a->identity = copy(a, identity ? identity : "", PLUQ__IDENTITY_BYTES_MAX, "the identity is too long");
	a->identity_url = copy(a, url ? url : "", PLUQ__IDENTITY_BYTES_MAX, "the identity's URL is too long");
}

void pluq__answer_live(struct pluq__answer *a, int64_t ns)
{
	if (ns <= 0)
		spoil(a, "the time to live is not above 0");
	else
		a->ttl_ns = ns < LONGEST_TTL_NS ? ns : LONGEST_TTL_NS;
}

/* --- grants ------------------------------------------------------------------------------------------------------- */

static const char *fault_of(const struct pluq__answer *a, uint32_t permissions, const char *topic, size_t n)
{
	if (permissions & ~(uint32_t)EVERY_PERMISSION)
		return "a grant has an unknown permission";
	if (!topic)
		return "a grant has no topic";
	if (n >= PLUQ__PATTERNS_MAX || a->pattern_count > PLUQ__PATTERNS_MAX - 1 - n)
		return "it grants more than 65536 patterns";
	return NULL;
}

static struct pluq_grant *next_grant(struct pluq__answer *a)
{
	size_t room = a->grant_room ? a->grant_room * 2 : 4;
	struct pluq_grant *grants;

	if (a->grant_count < a->grant_room)
		return &a->grants[a->grant_count];
	if (!(grants = realloc(a->grants, room * sizeof(*grants))))
		return NULL;
	a->grants = grants;
	a->grant_room = room;
	return &a->grants[a->grant_count];
}

static bool copy_channels(struct pluq__answer *a, struct pluq_strings *to, const char *const *channels, size_t n)
{
	const char **items = pluq__arena_alloc(&a->arena, n * sizeof(*items));

	if (!items) {
		spoil(a, "out of memory");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (!channels[i]) {
			spoil(a, "a channel of a grant is missing");
			return false;
		}
		if (!(items[i] = copy(a, channels[i], PLUQ__PATTERN_BYTES_MAX, "a channel's pattern is longer than 4096 bytes")))
			return false;
	}
	*to = (struct pluq_strings){ .items = items, .count = n };
	return true;
}

void pluq__answer_grant(struct pluq__answer *a, uint32_t permissions, const char *topic, const char *const *channels, size_t n)
{
	const char *fault = fault_of(a, permissions, topic, n);
	struct pluq_grant *g;

	if (fault)
		spoil(a, fault);
	if (a->bad || !permissions)
		return;
	if (!(g = next_grant(a))) {
		spoil(a, "out of memory");
		return;
	}
	*g = (struct pluq_grant){ .permissions = permissions };
	if (!(g->topic = copy(a, topic, PLUQ__PATTERN_BYTES_MAX, "a topic's pattern is longer than 4096 bytes")) ||
	    !copy_channels(a, &g->channels, channels, n))
		return;
	a->pattern_count += n + 1;
	a->grant_count++;
}

/* --- end ---------------------------------------------------------------------------------------------------------- */

void pluq__answer_end(struct pluq__answer *a)
{
	if (!a->identity)
		a->identity = "";
	if (!a->identity_url)
		a->identity_url = "";
	if (!a->ttl_ns)
		a->ttl_ns = STANDARD_TTL_NS;
}

void pluq__answer_free(struct pluq__answer *a)
{
	free(a->grants);
	pluq__arena_free(&a->arena);
	*a = (struct pluq__answer){ 0 };
}
