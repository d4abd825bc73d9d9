/* What a layer keeps between two calls. */
#include <errno.h>
#include <string.h>

#include "../../daemon/base/memory.h"
#include "../../daemon/net/held.h"
#include "cmocka_all.h"
#include "layer_rig.h"

static void memory_is_counted_and_given_back_with_the_last_byte(void **state)
{
	struct pluq__held h = {0};
	uint8_t *more;
	assert_true(pluq__held_add(&h, NULL, 0));
	assert_null(h.bytes);
	assert_true(pluq__held_add(&h, (const uint8_t *)"abcdef", 6));
	assert_int_equal(pluq__memory_used(), 6);
	pluq__held_use(&h, 4);
	assert_int_equal(pluq__held_size(&h), 2);
	more = pluq__held_want(&h, 10);
	assert_non_null(more);
	assert_int_equal(pluq__memory_used(), 12); /* what was used does not come along */
	memcpy(more, "ghi", 3);
	h.end += 3;
	assert_true(pluq__held_add(&h, (const uint8_t *)"jklmnop", 7)); /* there is room */
	assert_int_equal(pluq__memory_used(), 12);
	assert_memory_equal(h.bytes + h.at, "efghijklmnop", 12);
	pluq__held_use(&h, 12);
	assert_null(h.bytes);
	assert_int_equal(pluq__memory_used(), 0);
	assert_true(pluq__held_add(&h, (const uint8_t *)"x", 1));
	pluq__held_drop(&h);
	assert_int_equal(pluq__memory_used(), 0);
}

static void vectors_are_walked_over_empty_ones(void **state)
{
	uint8_t a[3], b[4], out[10];
	struct iovec iov[] = {{a, 0}, {a, 3}, {b, 0}, {b, 4}, {a, 0}};
	struct iovec again[] = {{a, 3}, {NULL, 0}, {b, 4}};
	struct pluq__run r = {.iov = iov, .n = 5}, g = {.iov = again, .n = 3};
	uint8_t *at;
	assert_int_equal(pluq__run_left(&r), 7);
	assert_int_equal(pluq__run_put(&r, (const uint8_t *)"12345", 5), 5);
	assert_int_equal(pluq__run_next(&r, &at), 2);
	assert_ptr_equal(at, b + 2);
	assert_int_equal(pluq__run_put(&r, (const uint8_t *)"678", 3), 2);
	assert_int_equal(pluq__run_next(&r, &at), 0);
	assert_int_equal(r.done, 7);
	assert_int_equal(pluq__run_get(&g, out, 5), 5);
	assert_int_equal(pluq__run_get(&g, out + 5, 5), 2);
	assert_int_equal(pluq__run_get(&g, out, 5), 0);
	assert_memory_equal(out, "1234567", 7);
}

static void an_ending_is_told_as_below_has_told_it(void **state)
{
	struct pluq_conn c = {0};
	struct pluq__ending e = {0};
	pluq__ending_eof(&e);
	assert_int_equal(pluq__ending_tell(&e, &c), 0);
	errno = ECONNRESET;
	pluq__ending_broken(&e, &c);
	errno = 0;
	assert_int_equal(pluq__ending_tell(&e, &c), PLUQ__IO_ERROR);
	assert_int_equal(errno, ECONNRESET);
	c.why = "a layer's words";
	errno = 0;
	pluq__ending_broken(&e, &c);
	c.why = NULL;
	errno = EAGAIN;
	assert_int_equal(pluq__ending_tell(&e, &c), PLUQ__IO_ERROR);
	assert_int_equal(errno, 0);
	assert_string_equal(c.why, "a layer's words");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_counted_and_given_back_with_the_last_byte),
		cmocka_unit_test(vectors_are_walked_over_empty_ones),
		cmocka_unit_test(an_ending_is_told_as_below_has_told_it),
	};
	return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
