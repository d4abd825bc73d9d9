/* Message ids: layout and order. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/broker/idgen.h"
#include "cmocka_all.h"

#define UNIT (INT64_C(1) << PLUQ__ID_UNIT_SHIFT)
#define NOW (INT64_C(1795358253) * 1000000000 + 123456789)

static uint64_t value_of(const uint8_t *hex)
{
	char text[17] = {0};
	char *end;
	uint64_t value;

	memcpy(text, hex, 16);
	for (int i = 0; i < 16; i++)
		assert_non_null(strchr("0123456789abcdef", text[i]));
	value = strtoull(text, &end, 16);
	assert_ptr_equal(end, text + 16);
	assert_int_equal(value >> 63, 0);
	return value;
}

static uint64_t next(struct pluq__idgen *g, int64_t real_ns)
{
	uint8_t hex[16];

	pluq__idgen_next(g, real_ns, hex);
	return value_of(hex);
}

static int64_t unit_of(uint64_t id)
{
	return (int64_t)(id >> 22) + PLUQ__ID_EPOCH;
}

static void id_has_the_originals_layout(void **state)
{
	struct pluq__idgen g;

	for (uint32_t node = 0; node < 1024; node += 341) {
		pluq__idgen_init(&g, node, 0);
		uint64_t id = next(&g, NOW);

		assert_int_equal(unit_of(id), NOW >> 20);
		assert_int_equal(id >> 12 & 1023, node);
		assert_int_equal(id & 4095, 0);
		assert_int_equal(next(&g, NOW), id + 1);
		id = next(&g, NOW + UNIT); /* a new unit starts at 0 again */
		assert_int_equal(unit_of(id), (NOW >> 20) + 1);
		assert_int_equal(id & 4095, 0);
	}
}

static void id_runs_ahead_when_a_unit_is_used_up(void **state)
{
	struct pluq__idgen g;
	uint64_t last = 0;

	pluq__idgen_init(&g, 1023, 0);
	for (int n = 0; n < 4096 * 3; n++) {
		uint64_t id = next(&g, NOW);

		assert_true(id > last);
		assert_int_equal(id >> 12 & 1023, 1023);
		assert_int_equal(unit_of(id), (NOW >> 20) + n / 4096);
		assert_true(pluq__idgen_above_ns(&g) > unit_of(id) << 20);
		last = id;
	}
	/* The clock follows, but has not caught up. */
	assert_true(next(&g, NOW + UNIT) > last);
}

static void id_rises_whatever_the_clock_does(void **state)
{
	struct pluq__idgen g;
	uint64_t last = 0, seed = 99;
	int64_t clock = NOW, above = 0;

	pluq__idgen_init(&g, 7, 0);
	for (int n = 0; n < 200000; n++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		switch (seed >> 60) {
		case 0:
			clock -= (int64_t)(seed >> 34 & 0xfffffff); /* a step back */
			break;
		case 1:
			clock += (int64_t)(seed >> 34 & 0xfffffff);
			break;
		default:
			clock += (int64_t)(seed >> 40 & 0xff);
		}
		uint64_t id = next(&g, clock);

		assert_true(id > last);
		assert_true(pluq__idgen_above_ns(&g) >= above);
		above = pluq__idgen_above_ns(&g);
		assert_true(unit_of(id) << 20 < above);
		last = id;
	}
}

static void id_begins_at_its_floor(void **state)
{
	struct pluq__idgen g;
	int64_t floors[] = {NOW, NOW - NOW % UNIT, NOW - NOW % UNIT + 1, NOW + 60 * INT64_C(1000000000)};

	for (size_t n = 0; n < sizeof(floors) / sizeof(floors[0]); n++) {
		pluq__idgen_init(&g, 0, floors[n]);
		assert_true(pluq__idgen_above_ns(&g) >= floors[n]); /* unused: a later floor is no lower */
		uint64_t id = next(&g, NOW - 3600 * INT64_C(1000000000)); /* an hour back */

		assert_true(unit_of(id) << 20 >= floors[n]);
		assert_true((unit_of(id) << 20) - floors[n] < UNIT); /* and no higher than need be */
		assert_int_equal(id & 4095, 0);
	}
}

/* A generator that begins where another's ids end gives none of them again. */
static void id_above_is_a_sufficient_floor(void **state)
{
	struct pluq__idgen a, b;
	uint64_t last = 0;

	pluq__idgen_init(&a, 5, 0);
	for (int n = 0; n < 10000; n++)
		last = next(&a, NOW);
	pluq__idgen_init(&b, 5, pluq__idgen_above_ns(&a));
	assert_true(next(&b, NOW) > last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(id_has_the_originals_layout),
	    cmocka_unit_test(id_runs_ahead_when_a_unit_is_used_up),
	    cmocka_unit_test(id_rises_whatever_the_clock_does),
	    cmocka_unit_test(id_begins_at_its_floor),
	    cmocka_unit_test(id_above_is_a_sufficient_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
