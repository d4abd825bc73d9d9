/* Held messages, and the table that finds those in flight. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/memory.h"
#include "../../daemon/broker/held.h"
#include "../../daemon/broker/home.h"
#include "../../daemon/broker/idgen.h"
#include "cmocka_all.h"

#define NOW (INT64_C(1795358253) * 1000000000)

static struct pluq__home home;

static struct pluq__held *held_with_id(struct pluq__idgen *g, int64_t real_ns)
{
	struct pluq__held *h = pluq__held_new(&home);

	assert_non_null(h);
	assert_null(h->msg); /* a used one comes back clean */
	assert_false(h->stored || h->rewriting || h->attempts);
	h->msg = pluq__msg_new(0);
	assert_non_null(h->msg);
	pluq__idgen_next(g, real_ns, h->msg->id);
	return h;
}

static uint64_t longest_chain(const struct pluq__inflight *t)
{
	uint64_t longest = 0;

	for (uint32_t i = 0; i < t->room; i++) {
		uint64_t n = 0;

		for (const struct pluq__held *h = t->bucket[i]; h; h = h->hash_next)
			n++;
		if (n > longest)
			longest = n;
	}
	return longest;
}

struct spread {
	const char *what;
	uint32_t node;
	int64_t step_ns;   /* between messages */
	int stride;        /* keep one id of so many */
};

/* At load 1 the longest of 16384 chains is 7 to 9 for a hash as good as chance. */
static void inflight_spreads_ids_evenly(void **state)
{
	static const struct spread spreads[] = {
	    {"one batch", 0, 0, 1},
	    {"one batch, another node", 1023, 0, 1},
	    {"one per unit", 512, 1 << 20, 1},
	    {"one per millisecond", 17, 1000000, 1},
	    {"20 per unit", 3, 52428, 1},
	    {"every 64th of a batch", 1, 0, 64},
	    {"one per second", 88, 1000000000, 1},
	};
	enum { COUNT = 16384 };

	for (size_t k = 0; k < sizeof(spreads) / sizeof(spreads[0]); k++) {
		const struct spread *sp = &spreads[k];
		struct pluq__held **all = calloc(COUNT, sizeof(*all));
		struct pluq__inflight t = {0};
		struct pluq__idgen g;
		uint8_t skipped[16];
		int64_t now = NOW;

		pluq__idgen_init(&g, sp->node, 0);
		assert_int_equal(pluq__inflight_reserve(&t, COUNT), 0);
		for (int i = 0; i < COUNT; i++, now += sp->step_ns) {
			all[i] = held_with_id(&g, now);
			for (int s = 1; s < sp->stride; s++)
				pluq__idgen_next(&g, now, skipped);
			pluq__inflight_add(&t, all[i]);
		}
		assert_int_equal(t.room, COUNT);
		if (longest_chain(&t) > 12)
			fail_msg("%s: a chain of %d", sp->what, (int)longest_chain(&t));
		for (int i = 0; i < COUNT; i++) {
			assert_ptr_equal(pluq__inflight_find(&t, all[i]->msg->id), all[i]);
			pluq__inflight_remove(&t, all[i]);
			assert_null(pluq__inflight_find(&t, all[i]->msg->id));
			pluq__held_free(&home, all[i]);
		}
		pluq__inflight_fini(&t);
		free(all);
	}
}

static void inflight_grows_and_shrinks_and_finds(void **state)
{
	enum { MOST = 30000 };
	struct pluq__held **all = calloc(MOST, sizeof(*all));
	struct pluq__inflight t = {0};
	struct pluq__idgen g;
	int first = 0, next = 0;
	uint64_t seed = 7;

	pluq__idgen_init(&g, 12, 0);
	assert_null(pluq__inflight_find(&t, (const uint8_t *)"0123456789abcdef")); /* no table yet */
	while (next < MOST) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		int add = (int)(seed >> 40) % 700, drop = (int)(seed >> 20 & 0xfffff) % 600;

		if (add > MOST - next)
			add = MOST - next;
		assert_int_equal(pluq__inflight_reserve(&t, (uint64_t)add), 0);
		assert_true(t.room >= t.count + (uint64_t)add);
		for (; add > 0; add--) {
			all[next] = held_with_id(&g, NOW + next * 1000);
			pluq__inflight_add(&t, all[next++]);
		}
		for (; drop > 0 && first < next; drop--) {
			pluq__inflight_remove(&t, all[first]);
			assert_null(pluq__inflight_find(&t, all[first]->msg->id));
			pluq__held_free(&home, all[first++]);
		}
		assert_int_equal(t.count, next - first);
		for (int i = first; i < next; i += 37)
			assert_ptr_equal(pluq__inflight_find(&t, all[i]->msg->id), all[i]);
	}
	assert_true(t.room > 0);
	while (first < next) {
		pluq__inflight_remove(&t, all[first]);
		pluq__held_free(&home, all[first++]);
	}
	assert_int_equal(t.count, 0);
	assert_true(t.room <= 4096); /* what a burst needed is given back */
	pluq__inflight_fini(&t);
	free(all);
}

static void held_lists_keep_order(void **state)
{
	struct pluq__held_list l = {0};
	static struct pluq__held h[4];

	pluq__held_append(&l, &h[1]);
	pluq__held_append(&l, &h[2]);
	pluq__held_prepend(&l, &h[0]);
	pluq__held_append(&l, &h[3]);
	assert_int_equal(l.count, 4);
	pluq__held_unlink(&l, &h[1]);
	assert_ptr_equal(l.first, &h[0]);
	assert_ptr_equal(l.first->next, &h[2]);
	assert_ptr_equal(h[2].prev, &h[0]);
	pluq__held_unlink(&l, &h[0]);
	pluq__held_unlink(&l, &h[3]);
	assert_ptr_equal(l.first, &h[2]);
	assert_ptr_equal(l.last, &h[2]);
	pluq__held_unlink(&l, &h[2]);
	assert_null(l.first);
	assert_null(l.last);
	assert_int_equal(l.count, 0);
	pluq__held_prepend(&l, &h[1]);
	assert_ptr_equal(l.last, &h[1]);
}

static void held_memory_is_counted_to_zero(void **state)
{
	int64_t before = pluq__memory_used();
	struct pluq__held *h = pluq__held_new(&home);

	h->msg = pluq__msg_new(1000);
	assert_true(pluq__memory_used() >= before + 1000);
	pluq__held_free(&home, h);
	pluq__held_trim(&home);
	assert_int_equal(home.spare_count, 0);
	assert_int_equal(pluq__memory_used(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(inflight_spreads_ids_evenly),
	    cmocka_unit_test(inflight_grows_and_shrinks_and_finds),
	    cmocka_unit_test(held_lists_keep_order),
	    cmocka_unit_test(held_memory_is_counted_to_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
