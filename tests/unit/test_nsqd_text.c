/* The parts of the nsqd handler that work on text: lines, numbers, names, quoting, JSON out, times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../plugins/handlers/nsqd/durations.h"
#include "../../daemon/net/json_quote.h"
#include "../../plugins/handlers/nsqd/json_out.h"
#include "../../plugins/handlers/nsqd/line.h"
#include "../../plugins/handlers/nsqd/names.h"
#include "../../plugins/handlers/nsqd/pub_counts.h"
#include "../../plugins/handlers/nsqd/quote.h"

static void assert_text(struct text *t, const char *expected)
{
	assert_false(t->failed);
	text_byte(t, 0);
	assert_string_equal(t->data, expected);
	text_free(t);
}

static void assert_word(struct span word, const char *expected)
{
	assert_int_equal(word.length, strlen(expected));
	assert_memory_equal(word.at, expected, word.length);
}

static enum line_status split(const char *bytes, struct line *l)
{
	return line_split((const uint8_t *)bytes, strlen(bytes), 0, l);
}

static void line_is_split_on_each_space(void **state)
{
	struct line l;

	assert_int_equal(split("SUB a  b\nNOP\n", &l), LINE_COMPLETE);
	assert_int_equal(l.count, 4);
	assert_word(l.word[0], "SUB");
	assert_word(l.word[1], "a");
	assert_word(l.word[2], "");
	assert_word(l.word[3], "b");
	assert_memory_equal(l.after, "NOP", 3);
	assert_int_equal(split("PUB \n", &l), LINE_COMPLETE);
	assert_int_equal(l.count, 2);
	assert_word(l.word[1], "");
	assert_int_equal(split("a b c d e f\n", &l), LINE_COMPLETE);
	assert_int_equal(l.count, LINE_WORDS);
	assert_word(l.word[3], "d");
}

static void line_loses_one_carriage_return(void **state)
{
	struct line l;

	assert_int_equal(split("NOP\r\n", &l), LINE_COMPLETE);
	assert_word(l.word[0], "NOP");
	assert_int_equal(split("NOP\r\r\n", &l), LINE_COMPLETE);
	assert_word(l.word[0], "NOP\r");
	assert_int_equal(split("\r\n", &l), LINE_COMPLETE);
	assert_word(l.word[0], "");
	assert_int_equal(split("\n", &l), LINE_COMPLETE);
	assert_int_equal(l.count, 1);
}

static void line_length_is_limited(void **state)
{
	char bytes[COMMAND_LINE_MAX + 1];
	struct line l;

	memset(bytes, 'x', sizeof(bytes));
	const uint8_t *at = (const uint8_t *)bytes;
	assert_int_equal(line_split(at, COMMAND_LINE_MAX - 1, 0, &l), LINE_INCOMPLETE);
	assert_int_equal(line_split(at, COMMAND_LINE_MAX - 1, COMMAND_LINE_MAX - 1, &l), LINE_INCOMPLETE);
	assert_int_equal(line_split(at, COMMAND_LINE_MAX, COMMAND_LINE_MAX - 1, &l), LINE_TOO_LONG);
	bytes[COMMAND_LINE_MAX] = '\n';
	assert_int_equal(line_split(at, COMMAND_LINE_MAX + 1, 0, &l), LINE_TOO_LONG);
	bytes[COMMAND_LINE_MAX - 1] = '\n';
	assert_int_equal(line_split(at, COMMAND_LINE_MAX, COMMAND_LINE_MAX - 1, &l), LINE_COMPLETE);
	assert_int_equal(l.word[0].length, COMMAND_LINE_MAX - 1);
}

static bool parse(const char *digits, uint64_t *out)
{
	return decimal_parse((struct span){(const uint8_t *)digits, strlen(digits)}, out);
}

static void decimals_do_not_wrap(void **state)
{
	uint64_t v = 9;

	assert_true(parse("", &v));
	assert_int_equal(v, 0);
	assert_true(parse("007", &v));
	assert_int_equal(v, 7);
	assert_true(parse("18446744073709551615", &v));
	assert_true(v == UINT64_MAX);
	assert_false(parse("18446744073709551616", &v));
	assert_false(parse("18446744073709551620", &v));
	assert_false(parse("99999999999999999999999", &v));
	assert_false(parse("-1", &v));
	assert_false(parse("+1", &v));
	assert_false(parse("1.0", &v));
	assert_false(parse("1\r", &v));
}

static void wire_lengths_are_signed(void **state)
{
	assert_int_equal(wire_i32((const uint8_t *)"\xff\xff\xff\xff"), -1);
	assert_int_equal(wire_i32((const uint8_t *)"\x80\x00\x00\x00"), INT32_MIN);
	assert_int_equal(wire_i32((const uint8_t *)"\x00\x01\x02\x03"), 0x10203);
}

static void names_are_checked(void **state)
{
	char longest[66];

	memset(longest, 'a', sizeof(longest));
	assert_true(name_valid("a", 1));
	assert_true(name_valid(".a-Z_9", 6));
	assert_true(name_valid("a#ephemeral", 11));
	assert_true(name_valid(longest, 64));
	assert_false(name_valid(longest, 65));
	memcpy(longest + 54, "#ephemeral", 10);
	assert_true(name_valid(longest, 64));
	assert_false(name_valid("", 0));
	assert_false(name_valid("#ephemeral", 10));
	assert_false(name_valid("a#ephemeral#ephemeral", 21));
	assert_false(name_valid("a#temporary", 11));
	assert_false(name_valid("a b", 3));
	assert_false(name_valid("a\0b", 3));
	assert_false(name_valid("\xc3\xa9", 2));
}

static void assert_quoted(const char *bytes, size_t n, const char *expected)
{
	struct text t = {0};

	text_quote(&t, bytes, n);
	assert_text(&t, expected);
}

static void names_are_quoted_as_go_does(void **state)
{
	assert_quoted("a\"b\\c\0\1\x7f\x80\xc3\xa9", 11, "\"a\\\"b\\\\c\\x00\\x01\\x7f\\x80\xc3\xa9\"");
	assert_quoted("\a\b\f\n\r\t\v", 7, "\"\\a\\b\\f\\n\\r\\t\\v\"");
	assert_quoted("\xc2\x80\xc2\xa0", 4, "\"\\u0080\\u00a0\"");
	assert_quoted("\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"");
	assert_quoted("\xf3\xa0\x80\x81", 4, "\"\\U000e0001\"");
	assert_quoted("\xed\xa0\x80", 3, "\"\\xed\\xa0\\x80\"");
	assert_quoted("\xc0\x80\xe2\x82", 4, "\"\\xc0\\x80\\xe2\\x82\"");
	assert_quoted("\xef\xbf\xbd", 3, "\"\xef\xbf\xbd\"");
	assert_quoted("", 0, "\"\"");
}

static void json_is_written_as_go_does(void **state)
{
	struct text t = {0};
	static const struct pluq_http http = {.json_quote = pluq__json_quote};
	struct json j = {.http = &http, .out = &t};

	json_open(&j, '{');
	json_key(&j, "s");
	json_string(&j, "<&>\"\\\n\x01\xe2\x80\xa8\xff\xc3\xa9", 13);
	json_put_int(&j, "i", -5);
	json_put_uint(&j, "u", UINT64_MAX);
	json_put_bool(&j, "b", true);
	json_key(&j, "l");
	json_open(&j, '[');
	json_double(&j, 1.0);
	json_double(&j, 0.99);
	json_null(&j);
	json_open(&j, '[');
	json_close(&j, ']');
	json_close(&j, ']');
	json_put_string(&j, "e", "");
	json_close(&j, '}');
	assert_text(&t,
	    "{\"s\":\"\\u003c\\u0026\\u003e\\\"\\\\\\n\\u0001\\u2028\\ufffd\xc3\xa9\",\"i\":-5,\"u\":"
	    "18446744073709551615,"
	    "\"b\":true,\"l\":[1,0.99,null,[]],\"e\":\"\"}");
}

static void assert_duration(int64_t ns, const char *expected)
{
	struct text t = {0};

	text_duration(&t, ns);
	assert_text(&t, expected);
}

static void durations_are_printed_as_go_does(void **state)
{
	assert_duration(0, "0s");
	assert_duration(1, "1ns");
	assert_duration(1232, "1.232\xc2\xb5s");
	assert_duration(1500000, "1.5ms");
	assert_duration(1000000000, "1s");
	assert_duration(60000000000, "1m0s");
	assert_duration(62051179544, "1m2.051179544s");
	assert_duration(3600000000000, "1h0m0s");
	assert_duration(-1500000000, "-1.5s");
	assert_duration(INT64_MIN, "-2562047h47m16.854775808s");
}

static void times_name_their_zone(void **state)
{
	struct text t = {0};

	setenv("TZ", "UTC", 1);
	tzset();
	text_time(&t, 1795358253);
	assert_text(&t, "2026-11-22T14:37:33Z");
	setenv("TZ", "IST-5:30", 1);
	tzset();
	text_time(&t, 1795358253);
	assert_text(&t, "2026-11-22T20:07:33+05:30");
	setenv("TZ", "YYY3:30", 1);
	tzset();
	text_time(&t, 1795358253);
	assert_text(&t, "2026-11-22T11:07:33-03:30");
}

static void text_is_padded_by_characters(void **state)
{
	struct text t = {0};

	text_str(&t, "[");
	text_str(&t, "\xc3\xa9\xc3\xa9");
	text_pad(&t, 1, 4);
	text_str(&t, "]");
	assert_text(&t, "[\xc3\xa9\xc3\xa9  ]");
}

static void publish_counts_are_sorted(void **state)
{
	static const char *const names[] = {"m", "b", "z", "a", "mm", "b", "m#ephemeral"};
	static const char *const sorted[] = {"a", "b", "m", "m#ephemeral", "mm", "z"};
	struct pub_counts counts = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		pub_counts_get(&counts, names[i], strlen(names[i]))->count++;
	assert_int_equal(counts.count, 6);
	for (size_t i = 0; i < counts.count; i++) {
		assert_string_equal(counts.items[i]->name, sorted[i]);
		assert_int_equal(counts.items[i]->count, i == 1 ? 2 : 1);
	}
	pub_counts_free(&counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_is_split_on_each_space),
		cmocka_unit_test(line_loses_one_carriage_return),
		cmocka_unit_test(line_length_is_limited),
		cmocka_unit_test(decimals_do_not_wrap),
		cmocka_unit_test(wire_lengths_are_signed),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(names_are_quoted_as_go_does),
		cmocka_unit_test(json_is_written_as_go_does),
		cmocka_unit_test(durations_are_printed_as_go_does),
		cmocka_unit_test(times_name_their_zone),
		cmocka_unit_test(text_is_padded_by_characters),
		cmocka_unit_test(publish_counts_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
