/* Command lines of the V1 protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../plugins/handlers/lookupd/line.h"

static enum line_status split(const char *text, struct line *out)
{
	return line_split((const uint8_t *)text, strlen(text), 0, out);
}

static void assert_words(const char *text, unsigned count, const char *a, const char *b, const char *c)
{
	const char *wanted[] = {a, b, c};
	struct line line;

	assert_int_equal(split(text, &line), LINE_COMPLETE);
	assert_int_equal(line.count, count);
	for (unsigned i = 0; i < count; i++)
		if (!span_is(line.word[i], wanted[i], strlen(wanted[i])))
			fail_msg("word %u of '%s' is '%.*s'", i, text, (int)line.word[i].length, line.word[i].at);
}

static void words_are_split_at_each_space(void **state)
{
	assert_words("PING\n", 1, "PING", NULL, NULL);
	assert_words("REGISTER t\n", 2, "REGISTER", "t", NULL);
	assert_words("REGISTER t c\n", 3, "REGISTER", "t", "c");
	assert_words("REGISTER t  c\n", 3, "REGISTER", "t", "");
	assert_words("REGISTER  c\n", 3, "REGISTER", "", "c");
	assert_words("REGISTER t c d e\n", 3, "REGISTER", "t", "c");
	assert_words("A\tB c\n", 2, "A\tB", "c", NULL);
}

static void white_space_is_trimmed(void **state)
{
	assert_words("PING\r\n", 1, "PING", NULL, NULL);
	assert_words(" \t\v\f\r PING x \t\r\n", 2, "PING", "x", NULL);
	assert_words("\n", 1, "", NULL, NULL);
	assert_words(" \t \r\n", 1, "", NULL, NULL);
	assert_words("REGISTER \n", 1, "REGISTER", NULL, NULL);
}

static void the_line_ends_at_its_first_line_end(void **state)
{
	struct line line;

	assert_int_equal(split("PING\nPING\n", &line), LINE_COMPLETE);
	assert_int_equal(line.size, 5);
	assert_int_equal(split("PING", &line), LINE_INCOMPLETE);
	assert_int_equal(split("", &line), LINE_INCOMPLETE);
}

static void nul_bytes_are_bytes(void **state)
{
	static const uint8_t bytes[] = "A\0B c\n";
	struct line line;

	assert_int_equal(line_split(bytes, sizeof(bytes) - 1, 0, &line), LINE_COMPLETE);
	assert_int_equal(line.count, 2);
	assert_int_equal(line.word[0].length, 3);
}

static void the_longest_line(void **state)
{
	uint8_t *bytes = malloc(LINE_MAX_LENGTH);
	struct line line;

	assert_non_null(bytes);
	memset(bytes, 'x', LINE_MAX_LENGTH);
	assert_int_equal(line_split(bytes, LINE_MAX_LENGTH - 1, 0, &line), LINE_INCOMPLETE);
	assert_int_equal(line_split(bytes, LINE_MAX_LENGTH - 1, LINE_MAX_LENGTH - 1, &line), LINE_INCOMPLETE);
	assert_int_equal(line_split(bytes, LINE_MAX_LENGTH, LINE_MAX_LENGTH - 1, &line), LINE_TOO_LONG);
	bytes[LINE_MAX_LENGTH - 1] = '\n';
	assert_int_equal(line_split(bytes, LINE_MAX_LENGTH, LINE_MAX_LENGTH - 1, &line), LINE_COMPLETE);
	assert_int_equal(line.word[0].length, LINE_MAX_LENGTH - 1);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_at_each_space),
		cmocka_unit_test(white_space_is_trimmed),
		cmocka_unit_test(the_line_ends_at_its_first_line_end),
		cmocka_unit_test(nul_bytes_are_bytes),
		cmocka_unit_test(the_longest_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
