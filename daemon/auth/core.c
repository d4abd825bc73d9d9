#include "core.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "cache.h"
#include "call.h"

/* Refusals: some 100 bytes each. */
#define MOST_REFUSED 16384
/* Clients of HTTP, and bytes of their grants. */
#define MOST_KNOWN 4096
#define MOST_KNOWN_BYTES ((size_t)64 << 20)

static void set_config(struct pluq__auth *a, const struct pluq__auth_config *c)
{
	a->stale_ns = c->stale_ns;
	a->deny_ttl_ns = c->deny_ttl_ns;
	a->timeout_ns = c->timeout_ns;
}

static int init(struct pluq__auth *a)
{
	uint64_t seed;

	if (RAND_bytes(a->salt, sizeof(a->salt)) != 1 || RAND_bytes((unsigned char *)&seed, sizeof(seed)) != 1)
		return PLUQ_ENOMEM;
	a->dice = seed;
	a->matchers = calloc((size_t)a->loops->count, sizeof(*a->matchers));
	a->refused = pluq__cache_new(MOST_REFUSED, 0);
	a->known = pluq__cache_new(MOST_KNOWN, MOST_KNOWN_BYTES);
	if (!a->matchers || !a->refused || !a->known)
		return PLUQ_ENOMEM;
	for (int i = 0; i < a->loops->count; i++)
		if (pluq__matcher_init(&a->matchers[i]))
			return PLUQ_ENOMEM;
	return 0;
}

int pluq__auth_new(struct pluq__auth **out, struct pluq__loops *loops, struct pluq__lane *lane, int64_t slow_ns,
    const struct pluq__auth_config *config)
{
	struct pluq__auth *a = calloc(1, sizeof(*a));

	if (!a)
		return PLUQ_ENOMEM;
	a->loops = loops;
	a->lane = lane;
	a->slow_ns = slow_ns;
	pthread_mutex_init(&a->mutex, NULL);
	set_config(a, config);
	if (init(a)) {
		pluq__auth_free(&a);
		return PLUQ_ENOMEM;
	}
	*out = a;
	return 0;
}

int pluq__auth_add(struct pluq__auth *a, const char *instance, const struct pluq_auth_ops *ops, void *const *self,
    struct pluq__lane *lane)
{
	struct pluq__link **links = realloc(a->links, (a->link_count + 1) * sizeof(*links));
	struct pluq__link *link;

	if (!links)
		return PLUQ_ENOMEM;
	a->links = links;
	if (!(link = calloc(1, sizeof(*link))))
		return PLUQ_ENOMEM;
	link->instance = instance;
	link->ops = ops;
	link->self = self;
	link->lane = lane;
	pthread_mutex_init(&link->mutex, NULL);
	a->links[a->link_count++] = link;
	return 0;
}

bool pluq__auth_required(const struct pluq__auth *a)
{
	return a && a->link_count > 0;
}

bool pluq__auth_idle(const struct pluq__auth *a)
{
	return pluq__auth_required(a) && !a->wanted;
}

void pluq__auth_reload(struct pluq__auth *a, const struct pluq__auth_config *config)
{
	set_config(a, config);
	pluq__cache_clear(a->refused);
	pluq__cache_clear(a->known);
}

void pluq__auth_end(struct pluq__auth *a)
{
	if (a)
		a->ended = true;
}

void pluq__auth_free(struct pluq__auth **out)
{
	struct pluq__auth *a = *out;

	*out = NULL;
	if (!a)
		return;
	while (a->calls) /* their plugin has ended without the answer that it owed */
		pluq__call_free(a->calls);
	pluq__cache_free(&a->refused);
	pluq__cache_free(&a->known);
	for (int i = 0; a->matchers && i < a->loops->count; i++)
		pluq__matcher_fini(&a->matchers[i]);
	free(a->matchers);
	for (size_t i = 0; i < a->link_count; i++) {
		pthread_mutex_destroy(&a->links[i]->mutex);
		free(a->links[i]);
	}
	free(a->links);
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

/* splitmix64: its state is a counter, so that threads need no lock. */
int64_t pluq__auth_random(struct pluq__auth *a, int64_t n)
{
	uint64_t z = atomic_fetch_add_explicit(&a->dice, UINT64_C(0x9e3779b97f4a7c15), memory_order_relaxed);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return n > 0 ? (int64_t)(z % (uint64_t)n) : 0;
}

/* --- complaints --------------------------------------------------------------------------------------------------- */

void pluq__link_failed(struct pluq__link *link, int64_t now_ns, const char *remote_ip, const char *why)
{
	char more[64];
	uint64_t hidden;
	bool loud;

	if (!link) {
		pluq__log(PLUQ_WARN, "auth", "cannot tell about client %s: %s", *remote_ip ? remote_ip : "on a unix socket", why);
		return;
	}
	pthread_mutex_lock(&link->mutex);
	loud = pluq__complaint_raise(&link->failed, now_ns, &hidden);
	pthread_mutex_unlock(&link->mutex);
	if (loud)
		pluq__log(PLUQ_WARN, link->instance, "cannot tell about client %s: %s%s", *remote_ip ? remote_ip : "on a unix socket",
		    why, pluq__complaint_more(hidden, more, sizeof(more)));
}

void pluq__link_answered(struct pluq__link *link, int64_t now_ns)
{
	bool over;

	pthread_mutex_lock(&link->mutex);
	over = pluq__complaint_calm(&link->failed, now_ns);
	pthread_mutex_unlock(&link->mutex);
	if (over)
		pluq__log(PLUQ_INFO, link->instance, "answers again");
}

void pluq__link_slow(struct pluq__link *link, int64_t now_ns, int64_t took_ns)
{
	char more[64];
	uint64_t hidden;
	bool loud;

	pthread_mutex_lock(&link->mutex);
	loud = pluq__complaint_raise(&link->slow, now_ns, &hidden);
	pthread_mutex_unlock(&link->mutex);
	if (loud)
		pluq__log(PLUQ_WARN, link->instance, "slow operation: ask took %lld ms%s", (long long)(took_ns / PLUQ__MS),
		    pluq__complaint_more(hidden, more, sizeof(more)));
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

void pluq__auth_each(const struct pluq__auth *a, void (*fn)(void *, const struct pluq__auth_figures *), void *arg)
{
	for (size_t i = 0; i < a->link_count; i++) {
		const struct pluq__link *link = a->links[i];
		struct pluq__auth_figures figures = { .instance = link->instance, .loop_ns = link->loop_ns, .open = link->open };

		for (int v = PLUQ_AUTH_ALLOW; v <= PLUQ_AUTH_ERROR; v++)
			figures.verdicts[v] = link->verdicts[v];
		fn(arg, &figures);
	}
}
