/* The table of names against a plain array, with much removal. */
#include <pluq/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pluq/error.h>

#include "../../daemon/broker/names.h"
#include "cmocka_all.h"

#define THINGS 600

struct thing {
	char name[24];
	bool in;
	int seen;
};

static struct thing things[THINGS];
static uint64_t seed = 42;

static uint32_t random32(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33);
}

static void see(void *arg, void *thing)
{
	(*(int *)arg)++;
	((struct thing *)thing)->seen++;
}

static void names_agree_with_model(void **state)
{
	struct pluq__names *n = pluq__names_new();
	size_t count = 0;

	assert_non_null(n);
	for (int i = 0; i < THINGS; i++)
		snprintf(things[i].name, sizeof(things[i].name), "topic-%d", i);
	for (int step = 0; step < 60000; step++) {
		/* Fills and drains by turns, so that the table is at times full to its limit, at times full of gaps. */
		bool filling = step / 5000 % 2 == 0;
		struct thing *t = &things[random32() % THINGS];
		size_t length = strlen(t->name);

		assert_ptr_equal(pluq__names_find(n, t->name, length), t->in ? t : NULL);
		if (t->in && (!filling || random32() % 4 == 0)) {
			assert_ptr_equal(pluq__names_remove(n, t->name, length), t);
			t->in = false;
			count--;
		} else if (!t->in && (filling || random32() % 4 == 0)) {
			assert_int_equal(pluq__names_add(n, t->name, t), 0);
			t->in = true;
			count++;
		} else if (!t->in) {
			assert_null(pluq__names_remove(n, t->name, length));
		}
		assert_int_equal(pluq__names_count(n), count);
		if (step % 500)
			continue;
		int each = 0;

		for (int i = 0; i < THINGS; i++) {
			things[i].seen = 0;
			assert_ptr_equal(pluq__names_find(n, things[i].name, strlen(things[i].name)),
			    things[i].in ? &things[i] : NULL);
		}
		pluq__names_each(n, see, &each);
		assert_int_equal(each, count);
		for (int i = 0; i < THINGS; i++)
			assert_int_equal(things[i].seen, things[i].in);
	}
	pluq__names_free(&n);
	assert_null(n);
	pluq__names_free(&n);
}

static void names_go_by_length_and_all_bytes(void **state)
{
	struct pluq__names *n = pluq__names_new();
	int a, b;

	assert_int_equal(pluq__names_add(n, "abc", &a), 0);
	assert_int_equal(pluq__names_add(n, "abcd", &b), 0);
	assert_ptr_equal(pluq__names_find(n, "abcdef", 3), &a);
	assert_ptr_equal(pluq__names_find(n, "abcdef", 4), &b);
	assert_null(pluq__names_find(n, "abcdef", 5));
	assert_null(pluq__names_find(n, "", 0));
	assert_null(pluq__names_find(n, "ab\0d", 4));
	pluq__names_free(&n);
}

static void names_know_the_ephemeral_ones(void **state)
{
	assert_true(pluq_name_is_ephemeral("a#ephemeral", 11));
	assert_false(pluq_name_is_ephemeral("a#ephemeral", 10));
	assert_false(pluq_name_is_ephemeral("#ephemeral", 10)); /* nothing before it */
	assert_false(pluq_name_is_ephemeral("ephemeral", 9));
	assert_false(pluq_name_is_ephemeral("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_agree_with_model),
	    cmocka_unit_test(names_go_by_length_and_all_bytes),
	    cmocka_unit_test(names_know_the_ephemeral_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
