/* The layer that speaks deflate. zlib is the other side. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../../daemon/net/scratch.h"
#include "cmocka_all.h"
#include "layer_rig.h"

#define LARGE (200 * 1024)

static void start(struct layer_rig *r, int level)
{
	layer_rig_start(r, pluq__deflate_layer_new, level);
}

static void z_start(z_stream *z)
{
	*z = (z_stream){0};
	assert_int_equal(deflateInit2(z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
}

static void z_add(z_stream *z, struct bytes *to, const void *bytes, size_t n, int flush)
{
	z->next_in = (uint8_t *)(uintptr_t)bytes;
	z->avail_in = (unsigned)n;
	do {
		uint8_t out[4096];
		z->next_out = out;
		z->avail_out = sizeof out;
		deflate(z, flush);
		bytes_add(to, out, sizeof out - z->avail_out);
	} while (z->avail_out == 0);
}

/* Everything that a stream says, up to where it stands now. */
static void z_read(const struct bytes *stream, struct bytes *plain)
{
	z_stream z = {.next_in = stream->at, .avail_in = (unsigned)stream->length};
	assert_int_equal(inflateInit2(&z, -15), Z_OK);
	do {
		uint8_t out[4096];
		z.next_out = out;
		z.avail_out = sizeof out;
		int result = inflate(&z, Z_SYNC_FLUSH);
		assert_true(result == Z_OK || result == Z_BUF_ERROR);
		bytes_add(plain, out, sizeof out - z.avail_out);
	} while (z.avail_out == 0);
	assert_int_equal(z.avail_in, 0);
	inflateEnd(&z);
}

static bool ends_in_flush(const struct bytes *b)
{
	return b->length >= 4 && memcmp(b->at + b->length - 4, "\0\0\xff\xff", 4) == 0;
}

static int flushes(const struct bytes *b)
{
	int count = 0;
	for (size_t i = 0; i + 4 <= b->length; i++)
		count += memcmp(b->at + i, "\0\0\xff\xff", 4) == 0;
	return count;
}

static void every_send_arrives_at_once(void **state)
{
	struct layer_rig r;
	start(&r, 6);
	for (int i = 0; i < 50; i++) {
		struct bytes plain = {0};
		assert_int_equal(layer_rig_send(&r, "\0\0\0\6\0\0\0\0OK", 10), 10);
		assert_true(ends_in_flush(&r.peer.out));
		assert_int_equal(flushes(&r.peer.out), i + 1);
		assert_int_equal(r.peer.sends, i + 1);
		assert_int_equal(r.layer->ops->holds(r.layer), 0);
		z_read(&r.peer.out, &plain);
		assert_int_equal(plain.length, 10 * (i + 1));
		bytes_free(&plain);
	}
	assert_int_equal(layer_rig_send(&r, NULL, 0), 0); /* nothing to be flushed: no empty block */
	assert_int_equal(flushes(&r.peer.out), 50);
	layer_rig_stop(&r);
}

static void a_burst_in_several_sends_is_flushed_once(void **state)
{
	struct layer_rig r;
	struct bytes plain = {0};
	start(&r, 6);
	for (int left = 10; left > 0; left--) {
		char piece[] = "a piece of it";
		struct iovec iov = {.iov_base = piece, .iov_len = 13};
		r.conn.pending = 13u * (unsigned)left;
		assert_int_equal(r.layer->ops->send(r.layer, &r.conn, &iov, 1), 13);
		assert_int_equal(r.layer->ops->holds(r.layer) > 0, left > 1);
	}
	assert_int_equal(flushes(&r.peer.out), 1);
	assert_int_equal(r.peer.sends, 1);
	z_read(&r.peer.out, &plain);
	assert_int_equal(plain.length, 130);
	bytes_free(&plain);
	layer_rig_stop(&r);
}

/* Should the rest of a burst never be offered, its beginning goes out all the same. */
static void what_is_held_can_be_asked_out(void **state)
{
	struct layer_rig r;
	char piece[] = "a piece of it";
	struct iovec iov = {.iov_base = piece, .iov_len = 13};
	start(&r, 6);
	r.conn.pending = 100;
	assert_int_equal(r.layer->ops->send(r.layer, &r.conn, &iov, 1), 13);
	assert_int_equal(r.peer.out.length, 0);
	assert_true(r.layer->ops->holds(r.layer) > 0);
	assert_int_equal(layer_rig_send(&r, NULL, 0), 0);
	assert_true(ends_in_flush(&r.peer.out));
	assert_int_equal(r.layer->ops->holds(r.layer), 0);
	layer_rig_stop(&r);
}

static void reads_however_it_is_cut(void **state)
{
	struct bytes stream = {0}, plain = {0};
	z_stream z;
	z_start(&z);
	for (int i = 0; i < 60; i++) {
		static uint8_t data[50000];
		size_t n = 1 + rig_random() % (i % 3 ? 200 : sizeof data);
		rig_fill(data, n, i % 3);
		bytes_add(&plain, data, n);
		z_add(&z, &stream, data, n, i % 4 ? Z_SYNC_FLUSH : Z_NO_FLUSH);
		if (i % 5 == 0)
			bytes_add(&stream, i % 4 ? "\0\0\0\xff\xff" : "", i % 4 ? 5 : 0); /* an empty sync block */
	}
	z_add(&z, &stream, NULL, 0, Z_SYNC_FLUSH);
	for (int way = 0; way < 40; way++) {
		static const size_t most[] = {1, 0, 7, 300000, 1000, 65536, 100000, 0};
		struct bytes got = {0};
		struct layer_rig r;
		start(&r, 1);
		r.peer.give_most = (size_t[]){0, 1, 5, 1448, 70000}[way % 5];
		r.peer.whimsical = way % 3 == 0;
		r.peer.ends = true;
		layer_rig_input(&r, stream.at, stream.length);
		assert_int_equal(layer_rig_drain(&r, &got, most[way / 5]), 0);
		assert_int_equal(got.length, plain.length);
		assert_memory_equal(got.at, plain.at, plain.length);
		bytes_free(&got);
		layer_rig_stop(&r);
	}
	deflateEnd(&z);
	bytes_free(&stream);
	bytes_free(&plain);
}

/* NULL: it ends well. */
static const char *reading(const void *bytes, size_t n, size_t give_most, size_t *length)
{
	struct layer_rig r;
	struct bytes got = {0};
	start(&r, 6);
	r.peer.ends = true;
	r.peer.give_most = give_most;
	layer_rig_input(&r, bytes, n);
	errno = EAGAIN;
	ssize_t end = layer_rig_drain(&r, &got, 100);
	assert_true(end == 0 || end == PLUQ__IO_ERROR);
	assert_int_equal(errno, 0);
	const char *why = end == 0 ? NULL : r.conn.why;
	assert_true(end == 0 || why);
	if (length)
		*length = got.length;
	bytes_free(&got);
	layer_rig_stop(&r);
	return why;
}

static void an_end_inside_a_block_is_an_error(void **state)
{
	struct bytes stream = {0};
	size_t first, length;
	z_stream z;
	z_start(&z);
	z_add(&z, &stream, "hello hello hello", 17, Z_SYNC_FLUSH);
	first = stream.length;
	z_add(&z, &stream, "and again: hello hello hello", 28, Z_SYNC_FLUSH);
	deflateEnd(&z);
	for (size_t n = 0; n <= stream.length; n++)
		for (size_t most = 0; most < 2; most++) {
			const char *why = reading(stream.at, n, most, &length);
			/* A block of data ends within a byte: before the sync block after it the stream may end too. */
			if (n == 0 || n == first || n == stream.length)
				assert_null(why);
			else if (why)
				assert_string_equal(why, "deflate stream ends inside a block");
			assert_true(length <= n * 2); /* what is there of a block is handed over */
			assert_true(length >= 17 || n < first);
			assert_true(length == 45 || n < stream.length);
		}
	bytes_free(&stream);
}

static void the_final_block_is_the_end(void **state)
{
	struct bytes stream = {0};
	struct layer_rig r;
	char buffer[100];
	z_stream z;
	z_start(&z);
	z_add(&z, &stream, "hello", 5, Z_FINISH);
	deflateEnd(&z);
	bytes_add(&stream, "\xff\xff\xff what comes then is not looked at", 37);
	for (size_t most = 0; most < 3; most++) {
		start(&r, 6);
		r.peer.give_most = most;
		layer_rig_input(&r, stream.at, stream.length);
		struct bytes got = {0};
		assert_int_equal(layer_rig_drain(&r, &got, 0), 0);
		assert_int_equal(got.length, 5);
		assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 0);
		assert_true(layer_rig_memory(&r) < 700000);
		bytes_free(&got);
		layer_rig_stop(&r);
	}
	bytes_free(&stream);
}

static void damage_is_named(void **state)
{
	assert_string_equal(reading("\x06", 1, 0, NULL), "deflate stream is damaged: invalid block type");
	assert_string_equal(reading("\0\1\0\1\0x", 6, 0, NULL), "deflate stream is damaged: invalid stored block lengths");
	assert_string_equal(reading("\x04\xff\xff\xff\xff", 5, 0, NULL), "deflate stream is damaged: too many length or distance symbols");
	assert_string_equal(reading("\x63\x00\x05\xff\xff\xff", 6, 1, NULL), "deflate stream is damaged: invalid distance too far back");
	assert_string_equal(reading("\x78\x9c\x03\x00\x00\x00\x00\x01", 8, 0, NULL), "deflate stream is damaged: invalid stored block lengths");
	for (int i = 0; i < 500; i++) {
		uint8_t garbage[100];
		rig_fill(garbage, sizeof garbage, 1);
		const char *why = reading(garbage, sizeof garbage, 0, NULL);
		assert_true(!why || strncmp(why, "deflate stream ", 15) == 0);
	}
}

static void an_error_from_below_keeps_its_number(void **state)
{
	struct layer_rig r;
	char buffer[100];
	start(&r, 6);
	layer_rig_input(&r, "\0\5\0\xfa\xffgood.", 10);
	r.peer.error = ECONNRESET;
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 5);
	ssize_t end = layer_rig_recv(&r, buffer, sizeof buffer);
	assert_int_equal(end, PLUQ__IO_ERROR);
	assert_int_equal(errno, ECONNRESET);
	layer_rig_stop(&r);
}

/* 1000 to 1 and more. */
static void a_bomb_is_uncompressed_only_as_far_as_it_is_wanted(void **state)
{
	struct layer_rig r;
	size_t total = 128 * 1024 * 1024, step = 1024 * 1024, got = 0;
	uint8_t *data = calloc(1, step);
	z_stream z;
	start(&r, 6);
	z_start(&z);
	for (size_t at = 0; at < total; at += step)
		z_add(&z, &r.peer.in, data, step, at + step < total ? Z_NO_FLUSH : Z_SYNC_FLUSH);
	deflateEnd(&z);
	assert_true(r.peer.in.length < total / 900);
	while (got < total) {
		ssize_t n = layer_rig_recv(&r, data, got % 2 ? 1001 : LARGE);
		assert_true(n > 0);
		got += (size_t)n;
		assert_true(r.peer.in_at <= got / 900 + 2 * 65536);
		assert_true(layer_rig_memory(&r) < 700 * 1024);
	}
	assert_int_equal(layer_rig_recv(&r, data, LARGE), PLUQ__IO_AGAIN);
	assert_false(r.layer->ops->has_input(r.layer));
	free(data);
	layer_rig_stop(&r);
}

/* Of a body of 64 MiB, sent as 64 KiB. */
static void a_bomb_takes_turns_with_other_connections(void **state)
{
	struct layer_rig r;
	size_t total = 64 * 1024 * 1024, got = 0;
	uint8_t *data = calloc(1, total);
	z_stream z;
	start(&r, 6);
	z_start(&z);
	z_add(&z, &r.peer.in, data, total, Z_SYNC_FLUSH);
	deflateEnd(&z);
	while (got < total) {
		ssize_t n = layer_rig_recv(&r, data + got, total - got);
		assert_true(n > 0 && n <= 1024 * 1024);
		got += (size_t)n;
		assert_true(got == total || r.layer->ops->has_input(r.layer) || r.peer.in_at < r.peer.in.length);
	}
	free(data);
	layer_rig_stop(&r);
}

static void the_two_states_are_counted(void **state)
{
	struct layer_rig r;
	char buffer[100];
	start(&r, 9);
	layer_rig_send(&r, "hello", 5);
	layer_rig_input(&r, r.peer.out.at, r.peer.out.length);
	assert_int_equal(layer_rig_recv(&r, buffer, sizeof buffer), 5);
	pluq__scratch_free(&r.at.scratch);
	assert_in_range(layer_rig_memory(&r), 150 * 1024, 190 * 1024);
	layer_rig_stop(&r);
}

/* A flush that below has taken half of is completed, and comes once. */
static void what_below_does_not_take_is_held(void **state)
{
	for (size_t stop = 0; stop < 60; stop++) {
		struct layer_rig r;
		struct bytes plain = {0};
		start(&r, 6);
		r.peer.takes = stop;
		assert_int_equal(layer_rig_send(&r, "hello", 5), 5);
		size_t held = r.layer->ops->holds(r.layer);
		ssize_t more = layer_rig_send(&r, "world", 5);
		assert_int_equal(more, held ? PLUQ__IO_AGAIN : 5);
		if (held)
			assert_int_equal(layer_rig_send(&r, NULL, 0), PLUQ__IO_AGAIN);
		r.peer.takes = SIZE_MAX;
		assert_int_equal(layer_rig_send(&r, NULL, 0), 0);
		assert_int_equal(r.layer->ops->holds(r.layer), 0);
		if (held)
			assert_int_equal(layer_rig_send(&r, "world", 5), 5);
		assert_int_equal(flushes(&r.peer.out), 2);
		z_read(&r.peer.out, &plain);
		assert_int_equal(plain.length, 10);
		assert_memory_equal(plain.at, "helloworld", 10);
		bytes_free(&plain);
		layer_rig_stop(&r);
	}
}

static void large_output_takes_turns_with_other_connections(void **state)
{
	struct layer_rig r;
	size_t n = 5 * 1024 * 1024;
	uint8_t *data = calloc(1, n);
	start(&r, 6);
	ssize_t sent = layer_rig_send(&r, data, n);
	assert_true(sent > 0 && sent <= 256 * 1024);
	free(data);
	layer_rig_stop(&r);
}

static void round_trip(int level, size_t n)
{
	uint8_t *data = malloc(n);
	struct bytes got = {0}, again = {0};
	struct layer_rig r;
	assert_non_null(data);
	start(&r, level);
	r.peer.whimsical = true;
	for (size_t at = 0; at < n;) {
		size_t part = 1 + rig_random() % (rig_random() % 3 ? 500 : 400000);
		if (part > n - at)
			part = n - at;
		rig_fill(data + at, part, (int)(rig_random() % 3));
		layer_rig_write(&r, data + at, part, 1 + (int)(rig_random() % 64));
		at += part;
	}
	z_read(&r.peer.out, &again);
	assert_int_equal(again.length, n);
	assert_memory_equal(again.at, data, n);
	layer_rig_input(&r, r.peer.out.at, r.peer.out.length);
	r.peer.ends = true;
	assert_int_equal(layer_rig_drain(&r, &got, 0), 0);
	assert_int_equal(got.length, n);
	assert_memory_equal(got.at, data, n);
	bytes_free(&got);
	bytes_free(&again);
	free(data);
	layer_rig_stop(&r);
}

static void random_bytes_come_back(void **state)
{
	round_trip(6, 16 * 1024 * 1024);
}

static void every_level_can_be_read(void **state)
{
	for (int level = 1; level <= 9; level++)
		round_trip(level, 1024 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_send_arrives_at_once),
		cmocka_unit_test(a_burst_in_several_sends_is_flushed_once),
		cmocka_unit_test(what_is_held_can_be_asked_out),
		cmocka_unit_test(reads_however_it_is_cut),
		cmocka_unit_test(an_end_inside_a_block_is_an_error),
		cmocka_unit_test(the_final_block_is_the_end),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(an_error_from_below_keeps_its_number),
		cmocka_unit_test(a_bomb_is_uncompressed_only_as_far_as_it_is_wanted),
		cmocka_unit_test(a_bomb_takes_turns_with_other_connections),
		cmocka_unit_test(the_two_states_are_counted),
		cmocka_unit_test(what_below_does_not_take_is_held),
		cmocka_unit_test(large_output_takes_turns_with_other_connections),
		cmocka_unit_test(random_bytes_come_back),
		cmocka_unit_test(every_level_can_be_read),
	};
	return cmocka_run_group_tests_name("deflate_layer", tests, NULL, NULL);
}
