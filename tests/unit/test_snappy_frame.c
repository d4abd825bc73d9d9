/* The framing format of snappy: known bytes, every kind of chunk, limits, damage. */
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/net/crc32c.h"
#include "../../daemon/net/snappy_frame.h"
#include "cmocka_all.h"
#include "layer_rig.h"

static struct pluq__snappy_chunk chunk;

static enum pluq__snappy_found next(struct pluq__snappy_reader *r, const char *bytes, size_t n)
{
	chunk = (struct pluq__snappy_chunk){0};
	return pluq__snappy_next(r, (const uint8_t *)bytes, n, &chunk);
}

/* What is wrong with a stream that goes on like this; NULL: nothing so far. */
static const char *judge(const char *bytes, size_t n)
{
	struct pluq__snappy_reader r = {.begun = true};
	static uint8_t plain[PLUQ__SNAPPY_PLAIN_MAX];
	enum pluq__snappy_found found = next(&r, bytes, n);
	if (found == PLUQ__SNAPPY_DATA && !pluq__snappy_unpack(&r, &chunk, plain))
		found = PLUQ__SNAPPY_BAD;
	return found == PLUQ__SNAPPY_BAD ? r.why : NULL;
}

#define JUDGE(literal) judge(literal, sizeof literal - 1)

static void checksum_agrees_with_known_values(void **state)
{
	uint8_t zeros[32] = {0}, ones[32], up[32], text[9] = "123456789";
	uint8_t *many = malloc(100001);
	memset(ones, 0xff, sizeof ones);
	for (int i = 0; i < 32; i++)
		up[i] = (uint8_t)i;
	for (int way = 0; way < 2; way++) {
		uint32_t (*crc)(const uint8_t *, size_t) = way ? pluq__crc32c : pluq__crc32c_plain;
		assert_int_equal(crc(NULL, 0), 0);
		assert_int_equal(crc(zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
		assert_int_equal(crc(ones, 32), 0x62a8ab43);
		assert_int_equal(crc(up, 32), 0x46dd794e);
		assert_int_equal(crc(text, 9), 0xe3069283);
	}
	rig_fill(many, 100001, 1);
	for (size_t n = 0; n < 200; n++)
		assert_int_equal(pluq__crc32c(many + n % 9, n), pluq__crc32c_plain(many + n % 9, n));
	assert_int_equal(pluq__crc32c(many + 1, 100000), pluq__crc32c_plain(many + 1, 100000));
	free(many);
}

static void first_answer_has_the_originals_bytes(void **state)
{
	static const uint8_t ok[] = {0, 0, 0, 6, 0, 0, 0, 0, 'O', 'K'};
	static const uint8_t expected[] = {1, 0x0e, 0, 0, 0x26, 0x98, 0x2b, 0xcf, 0, 0, 0, 6, 0, 0, 0, 0, 'O', 'K'};
	uint8_t to[PLUQ__SNAPPY_CHUNK_MAX];
	assert_memory_equal(pluq__snappy_identifier, "\xff\x06\0\0sNaPpY", 10);
	assert_int_equal(pluq__snappy_pack(ok, sizeof ok, to), sizeof expected);
	assert_memory_equal(to, expected, sizeof expected);
}

static void writes_compressed_only_what_shrinks_by_an_eighth(void **state)
{
	uint8_t *plain = malloc(PLUQ__SNAPPY_PLAIN_MAX), *to = malloc(PLUQ__SNAPPY_CHUNK_MAX), *block = malloc(80000);
	int stored = 0, compressed = 0;
	for (size_t n = 1; n <= PLUQ__SNAPPY_PLAIN_MAX; n = n < 3000 ? n + 1 : n * 3 < PLUQ__SNAPPY_PLAIN_MAX ? n * 3 : n + 1000) {
		size_t length = 80000, part = rig_random() % (n + 1);
		rig_fill(plain, part, 1);
		rig_fill(plain + part, n - part, 2);
		snappy_compress((const char *)plain, n, (char *)block, &length);
		bool shrinks = n >= 8 && length * 8 <= n * 7;
		size_t size = pluq__snappy_pack(plain, n, to);
		if (n % 8 == 0) /* else the eighth is rounded */
			assert_int_equal(to[0], !shrinks);
		assert_int_equal(size, 8 + (to[0] ? n : length));
		stored += to[0] == 1;
		compressed += to[0] == 0;
	}
	assert_true(stored > 100 && compressed > 100);
	rig_fill(plain, PLUQ__SNAPPY_PLAIN_MAX, 1);
	assert_int_equal(pluq__snappy_pack(plain, PLUQ__SNAPPY_PLAIN_MAX, to), 8 + PLUQ__SNAPPY_PLAIN_MAX);
	free(plain);
	free(to);
	free(block);
}

static void identifier_comes_first_and_at_any_time(void **state)
{
	static const char id[] = "\xff\x06\0\0sNaPpY", data[] = "\x01\x05\0\0\0\0\0\0x";
	struct pluq__snappy_reader r = {0};
	assert_int_equal(next(&r, data, 9), PLUQ__SNAPPY_BAD);
	assert_string_equal(r.why, "snappy stream does not begin with its identifier");
	for (int kind = 0; kind < 255; kind++) {
		char other[4] = {(char)kind, 6, 0, 0};
		assert_int_equal(next(&r, other, 4), PLUQ__SNAPPY_BAD);
	}
	for (int again = 0; again < 3; again++) {
		for (size_t n = 0; n < 10; n++) {
			assert_int_equal(next(&r, id, n), PLUQ__SNAPPY_MORE);
			assert_int_equal(chunk.size, n < 4 ? 4 : 10);
		}
		assert_int_equal(next(&r, id, 11), PLUQ__SNAPPY_NOTHING);
		assert_int_equal(chunk.size, 10);
	}
	assert_string_equal(JUDGE("\xff\x06\0\0sNaPpy"), "identifier of a snappy stream is not snappy's");
	assert_string_equal(JUDGE("\xff\x07\0\0"), "identifier of a snappy stream has the wrong length");
	assert_string_equal(JUDGE("\xff\x05\0\0"), "identifier of a snappy stream has the wrong length");
}

static void kinds_are_skipped_or_refused(void **state)
{
	for (int kind = 2; kind < 255; kind++) {
		char head[10] = {(char)kind, 6, 0, 0, 1, 2, 3, 4, 5, 6};
		struct pluq__snappy_reader r = {.begun = true};
		if (kind < 0x80) {
			assert_int_equal(next(&r, head, 1), PLUQ__SNAPPY_BAD);
			assert_string_equal(r.why, "snappy chunk is of an unknown kind");
			continue;
		}
		assert_int_equal(next(&r, head, 7), PLUQ__SNAPPY_NOTHING);
		assert_int_equal(chunk.size, 7);
		assert_int_equal(next(&r, head, 0), PLUQ__SNAPPY_MORE);
		assert_int_equal(next(&r, head + 7, 3), PLUQ__SNAPPY_NOTHING);
		assert_int_equal(r.skip, 0);
	}
	assert_null(JUDGE("\xfe\xce\x2a\x01"));
	assert_string_equal(JUDGE("\xfe\xcf\x2a\x01"), "snappy chunk is longer than allowed");
}

static void limits_hold_before_anything_is_waited_for(void **state)
{
	assert_null(JUDGE("\x00\xce\x2a\x01"));                   /* 76494 */
	assert_string_equal(JUDGE("\x00\xcf\x2a\x01"), "snappy chunk is longer than allowed");
	assert_string_equal(JUDGE("\x00\xff\xff\xff"), "snappy chunk is longer than allowed");
	assert_null(JUDGE("\x01\x04\x00\x01"));                   /* 65536 bytes and the checksum */
	assert_string_equal(JUDGE("\x01\x05\x00\x01"), "snappy chunk holds more than 65536 bytes");
	assert_string_equal(JUDGE("\x01\x03\0\0"), "snappy chunk is too short for its checksum");
	assert_string_equal(JUDGE("\x00\x00\0\0"), "snappy chunk is too short for its checksum");
}

static void damage_is_named(void **state)
{
	assert_string_equal(JUDGE("\x00\x04\0\0\0\0\0\0"), "snappy chunk is damaged: no length at its beginning");
	assert_string_equal(JUDGE("\x00\x06\0\0\0\0\0\0\xff\xff"), "snappy chunk is damaged: no length at its beginning");
	assert_string_equal(JUDGE("\x00\x08\0\0\0\0\0\0\x81\x80\x04\x00"), "snappy chunk holds more than 65536 bytes");
	assert_string_equal(JUDGE("\x00\x09\0\0\0\0\0\0\xff\xff\xff\xff\x0f"), "snappy chunk holds more than 65536 bytes");
	assert_string_equal(JUDGE("\x00\x06\0\0\0\0\0\0\x05\x00"), "snappy chunk is damaged: it cannot be uncompressed");
	assert_string_equal(JUDGE("\x01\x05\0\0\0\0\0\0x"), "snappy chunk is damaged: its checksum is wrong");
	assert_string_equal(JUDGE("\x01\x04\0\0\0\0\0\0"), "snappy chunk is damaged: its checksum is wrong");
	assert_null(JUDGE("\x01\x04\0\0\xd8\xea\x82\xa2")); /* of nothing */
	assert_null(JUDGE("\x00\x05\0\0\xd8\xea\x82\xa2\x00"));
}

static void a_damaged_bit_is_noticed(void **state)
{
	uint8_t plain[300], to[PLUQ__SNAPPY_CHUNK_MAX], back[PLUQ__SNAPPY_PLAIN_MAX];
	for (int kind = 1; kind < 3; kind++) {
		rig_fill(plain, sizeof plain, kind);
		size_t size = pluq__snappy_pack(plain, sizeof plain, to);
		for (size_t bit = 32; bit < size * 8; bit++) { /* one in the header may ask for more */
			struct pluq__snappy_reader r = {.begun = true};
			to[bit / 8] ^= (uint8_t)(1 << bit % 8);
			enum pluq__snappy_found found = next(&r, (const char *)to, size);
			/* A copy from elsewhere in a run is no damage. */
			if (found == PLUQ__SNAPPY_DATA && pluq__snappy_unpack(&r, &chunk, back))
				assert_memory_equal(back, plain, sizeof plain);
			else
				assert_int_not_equal(found, PLUQ__SNAPPY_MORE);
			to[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_agrees_with_known_values),
		cmocka_unit_test(first_answer_has_the_originals_bytes),
		cmocka_unit_test(writes_compressed_only_what_shrinks_by_an_eighth),
		cmocka_unit_test(identifier_comes_first_and_at_any_time),
		cmocka_unit_test(kinds_are_skipped_or_refused),
		cmocka_unit_test(limits_hold_before_anything_is_waited_for),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(a_damaged_bit_is_noticed),
	};
	return cmocka_run_group_tests_name("snappy_frame", tests, NULL, NULL);
}
