#include "pressure.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "../base/memory.h"

/* How often those who wait look again: short against what a person notices, long against the cost of looking. */
#define LOOK_NS (20 * PLUQ__MS)
#define PATIENCE_NS (5 * PLUQ__SEC)

struct pluq__relief {
	struct pluq__relief *next;
	pluq_post_fn fn;
	void *arg;
};

/* Spilling begins at the limit; an eighth above it spilling has lost the race. */
static bool above(void)
{
	int64_t limit = pluq__memory_limit();

	return limit > 0 && pluq__memory_used() >= limit + limit / 8;
}

bool pluq__pressed(struct pluq__home *h)
{
	if (above())
		return !h->refusing;
	h->refusing = false;
	return false;
}

bool pluq__refusing(struct pluq__home *h)
{
	if (h->refusing && !above())
		h->refusing = false;
	return h->refusing;
}

static void look(struct pluq__timer *t)
{
	struct pluq__home *h = (struct pluq__home *)(void *)((char *)t - offsetof(struct pluq__home, relief_timer));
	int64_t now = h->loop->now_ns, used = pluq__memory_used();
	struct pluq__relief *r;

	if (used < h->relief_used) {
		h->relief_used = used;
		h->relief_since_ns = now;
	}
	if (above() && now - h->relief_since_ns < PATIENCE_NS) {
		pluq__loop_set(h->loop, t, now + LOOK_NS);
		return;
	}
	h->refusing = above();
	r = h->relief;
	h->relief = NULL;
	while (r) {
		struct pluq__relief *next = r->next;

		r->fn(r->arg);
		free(r);
		r = next;
	}
}

int pluq__on_relief(struct pluq__home *h, pluq_post_fn fn, void *arg)
{
	struct pluq__relief *r = malloc(sizeof(*r));

	if (!r)
		return PLUQ_ENOMEM;
	*r = (struct pluq__relief){h->relief, fn, arg};
	if (!h->relief) {
		h->relief_used = pluq__memory_used();
		h->relief_since_ns = h->loop->now_ns;
		h->relief_timer.fn = look;
		pluq__loop_set(h->loop, &h->relief_timer, h->loop->now_ns + LOOK_NS);
	}
	h->relief = r;
	return 0;
}

void pluq__pressure_free(struct pluq__home *h)
{
	while (h->relief) {
		struct pluq__relief *next = h->relief->next;

		free(h->relief);
		h->relief = next;
	}
}
