/* The layer that speaks snappy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/net/scratch.h"
#include "cmocka_all.h"
#include "layer_rig.h"

#define IDENTIFIER "\xff\x06\0\0sNaPpY"
#define PADDING "\xfe\x03\0\0xyz" "\x80\0\0\0"
#define LARGE (200 * 1024)

static struct pluq__layer *make(int level)
{
	return pluq__snappy_layer_new();
}

static void start(struct layer_rig *r)
{
	layer_rig_start(r, make, 0);
}

static void add_chunk(struct bytes *to, const void *plain, size_t n)
{
	static uint8_t chunk[PLUQ__SNAPPY_CHUNK_MAX];
	bytes_add(to, chunk, pluq__snappy_pack(plain, n, chunk));
}

/* A stream with a bit of everything; `plain` gets what is in it. */
static void make_stream(struct bytes *stream, struct bytes *plain)
{
	static const size_t sizes[] = {1, 2, 10, 65536, 100, 65535, 3, 40000, 65536, 65536, 7, 20000};
	uint8_t *data = malloc(PLUQ__SNAPPY_PLAIN_MAX);
	assert_non_null(data);
	bytes_add(stream, IDENTIFIER, 10);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		rig_fill(data, sizes[i], (int)i % 3);
		add_chunk(stream, data, sizes[i]);
		bytes_add(plain, data, sizes[i]);
		if (i % 2)
			bytes_add(stream, IDENTIFIER, 10);
		if (i % 3 == 0)
			bytes_add(stream, PADDING, sizeof PADDING - 1);
		if (i % 4 == 0)
			bytes_add(stream, "\x01\x04\0\0\xd8\xea\x82\xa2", 8);
	}
	free(data);
}

static void expect(struct bytes *got, const struct bytes *expected)
{
	assert_int_equal(got->length, expected->length);
	assert_memory_equal(got->at, expected->at, expected->length);
	bytes_free(got);
}

static void first_bytes_are_the_originals(void **state)
{
	struct layer_rig r;
	char buffer[100];
	start(&r);
	assert_int_equal(layer_rig_send(&r, "\0\0\0\6\0\0\0\0OK", 10), 10);
	assert_int_equal(r.peer.out.length, 28);
	assert_memory_equal(r.peer.out.at, IDENTIFIER "\x01\x0e\0\0\x26\x98\x2b\xcf\0\0\0\6\0\0\0\0OK", 28);
	assert_int_equal(layer_rig_send(&r, "x", 1), 1);
	assert_int_equal(r.peer.out.length, 28 + 9); /* the identifier once */
	assert_int_equal(r.peer.sends, 2);           /* one piece for each flush */
	layer_rig_input(&r, r.peer.out.at, r.peer.out.length);
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 11);
	assert_memory_equal(buffer, "\0\0\0\6\0\0\0\0OKx", 11);
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), PLUQ__IO_AGAIN);
	layer_rig_stop(&r);
}

static void reads_however_it_is_cut(void **state)
{
	struct bytes stream = {0}, plain = {0};
	make_stream(&stream, &plain);
	for (int way = 0; way < 40; way++) {
		static const size_t most[] = {1, 0, 7, 300000, 1000, 65536, 100000, 0};
		struct bytes got = {0};
		struct layer_rig r;
		start(&r);
		r.peer.give_most = (size_t[]){0, 1, 5, 1448, 70000}[way % 5];
		r.peer.whimsical = way % 3 == 0;
		r.peer.ends = true;
		layer_rig_input(&r, stream.at, stream.length);
		assert_int_equal(layer_rig_drain(&r, &got, most[way / 5]), 0);
		expect(&got, &plain);
		layer_rig_stop(&r);
	}
	bytes_free(&stream);
	bytes_free(&plain);
}

/* At each place of a short stream, once whole and once one byte at a time. */
static void an_end_inside_a_chunk_is_an_error(void **state)
{
	struct bytes stream = {0};
	bool whole[200] = {[0] = true};
	bytes_add(&stream, IDENTIFIER, 10);
	whole[stream.length] = true;
	add_chunk(&stream, "hello", 5);
	whole[stream.length] = true;
	bytes_add(&stream, PADDING, 7);
	whole[stream.length] = true;
	add_chunk(&stream, "hellohellohellohellohellohellohellohello", 40);
	whole[stream.length] = true;
	for (size_t n = 0; n <= stream.length * 2 + 1; n++) {
		struct bytes got = {0};
		struct layer_rig r;
		start(&r);
		r.peer.ends = true;
		r.peer.give_most = n % 2;
		layer_rig_input(&r, stream.at, n / 2);
		ssize_t end = layer_rig_drain(&r, &got, 10);
		assert_int_equal(end, whole[n / 2] ? 0 : PLUQ__IO_ERROR);
		if (end != 0)
			assert_string_equal(r.conn.why, "snappy stream ends inside a chunk");
		assert_int_equal(got.length, n / 2 < 23 ? 0 : n / 2 < stream.length ? 5 : 45);
		bytes_free(&got);
		layer_rig_stop(&r);
	}
	bytes_free(&stream);
}

static void what_came_before_the_damage_is_handed_over(void **state)
{
	struct layer_rig r;
	char buffer[100];
	start(&r);
	layer_rig_input(&r, IDENTIFIER, 10);
	add_chunk(&r.peer.in, "good", 4);
	layer_rig_input(&r, "\x01\x05\0\0\0\0\0\0x", 9);
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 4);
	assert_true(r.layer->ops->has_input(r.layer)); /* nothing more need come for the error to be told */
	errno = EAGAIN;
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), PLUQ__IO_ERROR);
	assert_int_equal(errno, 0);
	assert_string_equal(r.conn.why, "snappy chunk is damaged: its checksum is wrong");
	layer_rig_stop(&r);
}

static void an_error_from_below_keeps_its_number(void **state)
{
	struct layer_rig r;
	char buffer[100];
	start(&r);
	layer_rig_input(&r, IDENTIFIER, 10);
	add_chunk(&r.peer.in, "good", 4);
	r.peer.error = ECONNRESET;
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 4);
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), PLUQ__IO_ERROR);
	assert_int_equal(errno, ECONNRESET);
	layer_rig_stop(&r);
}

/* 21 to 1 is what snappy can do. Each call makes what there is room for, and no more is held than one read and one chunk. */
static void a_bomb_is_uncompressed_only_as_far_as_it_is_wanted(void **state)
{
	struct layer_rig r;
	uint8_t *data = malloc(PLUQ__SNAPPY_PLAIN_MAX), *buffer = malloc(LARGE);
	size_t got = 0;
	start(&r);
	rig_fill(data, PLUQ__SNAPPY_PLAIN_MAX, 2);
	layer_rig_input(&r, IDENTIFIER, 10);
	for (int i = 0; i < 1000; i++)
		add_chunk(&r.peer.in, data, PLUQ__SNAPPY_PLAIN_MAX);
	assert_true(r.peer.in.length < 4 * 1000 * 1000);
	while (got < (size_t)1000 * PLUQ__SNAPPY_PLAIN_MAX) {
		size_t most = got % 3 ? LARGE : 1000;
		ssize_t n = layer_rig_recv(&r, buffer, most);
		assert_true(n > 0 && n <= (ssize_t)most);
		got += (size_t)n;
		assert_true(r.peer.in_at <= got / 20 + 2 * 65536);
		assert_true(layer_rig_memory(&r) < 450 * 1024); /* the loop's scratch among it */
	}
	assert_int_equal(layer_rig_recv(&r, buffer, LARGE), PLUQ__IO_AGAIN);
	assert_false(r.layer->ops->has_input(r.layer));
	free(data);
	free(buffer);
	layer_rig_stop(&r);
}

/* Padding that never ends gives the loop back now and then, as there is nothing to hand over. */
static void a_bomb_takes_turns_with_other_connections(void **state)
{
	struct layer_rig r;
	size_t total = (size_t)200 * PLUQ__SNAPPY_PLAIN_MAX, got = 0;
	uint8_t *data = calloc(1, total);
	start(&r);
	layer_rig_input(&r, IDENTIFIER, 10);
	for (int i = 0; i < 200; i++)
		add_chunk(&r.peer.in, data, PLUQ__SNAPPY_PLAIN_MAX);
	while (got < total) {
		ssize_t n = layer_rig_recv(&r, data + got, total - got);
		assert_true(n > 0 && n <= 1024 * 1024 + PLUQ__SNAPPY_PLAIN_MAX);
		got += (size_t)n;
		assert_true(got == total || r.layer->ops->has_input(r.layer) || r.peer.in_at < r.peer.in.length);
	}
	free(data);
	layer_rig_stop(&r);
}

static void padding_does_not_keep_the_loop(void **state)
{
	struct layer_rig r;
	uint8_t *padding = calloc(1, 4 + PLUQ__SNAPPY_LENGTH_MAX), byte;
	int calls = 0;
	memcpy(padding, "\xfe\xce\x2a\x01", 4);
	start(&r);
	layer_rig_input(&r, IDENTIFIER, 10);
	for (int i = 0; i < 100; i++)
		layer_rig_input(&r, padding, 4 + PLUQ__SNAPPY_LENGTH_MAX);
	do
		assert_int_equal(layer_rig_recv(&r, &byte, 1), PLUQ__IO_AGAIN);
	while (++calls < 10000 && r.peer.in_at < r.peer.in.length);
	assert_true(calls > 20 && calls < 100);
	free(padding);
	layer_rig_stop(&r);
}

static void an_idle_connection_holds_next_to_nothing(void **state)
{
	struct layer_rig r;
	char buffer[100];
	start(&r);
	layer_rig_send(&r, "hello", 5);
	layer_rig_input(&r, r.peer.out.at, r.peer.out.length);
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 5);
	pluq__scratch_free(&r.at.scratch);
	assert_true(layer_rig_memory(&r) < 300);
	layer_rig_stop(&r);
}

/* After AGAIN the rest goes out as it stands; nothing is compressed twice and nothing taken meanwhile. */
static void what_below_does_not_take_is_held(void **state)
{
	for (size_t stop = 0; stop < 40; stop++) {
		struct layer_rig r;
		char buffer[100];
		start(&r);
		r.peer.takes = stop;
		ssize_t sent = layer_rig_send(&r, "hello", 5);
		assert_int_equal(sent, 5); /* 23 bytes */
		assert_int_equal(r.layer->ops->holds(r.layer), stop < 23 ? 23 - stop : 0);
		ssize_t more = layer_rig_send(&r, "world", 5);
		assert_int_equal(more, stop < 23 ? PLUQ__IO_AGAIN : 5);
		if (more < 0)
			assert_int_equal(layer_rig_send(&r, NULL, 0), PLUQ__IO_AGAIN);
		r.peer.takes = SIZE_MAX;
		assert_int_equal(layer_rig_send(&r, NULL, 0), 0);
		assert_int_equal(r.layer->ops->holds(r.layer), 0);
		if (more < 0)
			assert_int_equal(layer_rig_send(&r, "world", 5), 5);
		assert_int_equal(r.peer.out.length, 36);
		layer_rig_input(&r, r.peer.out.at, r.peer.out.length);
		assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 10);
		assert_memory_equal(buffer, "helloworld", 10);
		layer_rig_stop(&r);
	}
}

static void large_output_takes_turns_with_other_connections(void **state)
{
	struct layer_rig r;
	size_t n = 5 * 1024 * 1024;
	uint8_t *data = calloc(1, n);
	start(&r);
	ssize_t sent = layer_rig_send(&r, data, n);
	assert_true(sent > 0 && sent <= 1024 * 1024 + 65536);
	free(data);
	layer_rig_stop(&r);
}

static void random_bytes_come_back(void **state)
{
	size_t n = 16 * 1024 * 1024;
	uint8_t *data = malloc(n);
	struct bytes got = {0};
	struct layer_rig r;
	assert_non_null(data);
	start(&r);
	r.peer.whimsical = true;
	for (size_t at = 0; at < n;) {
		size_t part = 1 + rig_random() % (rig_random() % 3 ? 500 : 400000);
		if (part > n - at)
			part = n - at;
		rig_fill(data + at, part, (int)(rig_random() % 3));
		layer_rig_write(&r, data + at, part, 1 + (int)(rig_random() % 64));
		at += part;
	}
	layer_rig_input(&r, r.peer.out.at, r.peer.out.length);
	r.peer.ends = true;
	assert_int_equal(layer_rig_drain(&r, &got, 0), 0);
	assert_int_equal(got.length, n);
	assert_memory_equal(got.at, data, n);
	bytes_free(&got);
	free(data);
	layer_rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_bytes_are_the_originals),
		cmocka_unit_test(reads_however_it_is_cut),
		cmocka_unit_test(an_end_inside_a_chunk_is_an_error),
		cmocka_unit_test(what_came_before_the_damage_is_handed_over),
		cmocka_unit_test(an_error_from_below_keeps_its_number),
		cmocka_unit_test(a_bomb_is_uncompressed_only_as_far_as_it_is_wanted),
		cmocka_unit_test(a_bomb_takes_turns_with_other_connections),
		cmocka_unit_test(padding_does_not_keep_the_loop),
		cmocka_unit_test(an_idle_connection_holds_next_to_nothing),
		cmocka_unit_test(what_below_does_not_take_is_held),
		cmocka_unit_test(large_output_takes_turns_with_other_connections),
		cmocka_unit_test(random_bytes_come_back),
	};
	return cmocka_run_group_tests_name("snappy_layer", tests, NULL, NULL);
}
