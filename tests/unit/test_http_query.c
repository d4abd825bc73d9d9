#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../daemon/net/http_json.h"
#include "../../daemon/net/http_query.h"

static void check(const char *text, bool ok, const char *name, const char *want)
{
	struct pluq__http_query *q = pluq__http_query_new(text);
	const struct pluq__http_pair *p = pluq__http_query_find(q, name);
	assert_int_equal(q->ok, ok);
	if (want) {
		assert_non_null(p);
		assert_string_equal(p->value, want);
		assert_int_equal(p->value_length, strlen(want));
	} else {
		assert_null(p);
	}
	free(q);
}

static void values_are_found_and_decoded(void **state)
{
	check("topic=t&channel=c", true, "channel", "c");
	check("topic=a%23ephemeral", true, "topic", "a#ephemeral");
	check("a=x+y%2B%2b", true, "a", "x y++");
	check("a=1&a=2", true, "a", "1");
	check("A=1", true, "a", NULL);
	check("a", true, "a", "");
	check("a=", true, "a", "");
	check("a=b=c", true, "a", "b=c");
	check("&&a=1&&", true, "a", "1");
	check("%61b=1", true, "ab", "1");
	check("=x&a=1", true, "", "x");
	check("", true, "a", NULL);
	check("ab=1", true, "a", NULL);
}

static void bad_pairs_are_left_out_and_told(void **state)
{
	check("a=%zz&b=1", false, "a", NULL);
	check("a=%zz&b=1", false, "b", "1");
	check("a=%4", false, "a", NULL);
	check("a=%", false, "a", NULL);
	check("%=1", false, "%", NULL);
	check("a=1;b=2&c=3", false, "a", NULL);
	check("a=1;b=2&c=3", false, "c", "3");
	check(";", false, "", NULL);
}

static void a_value_may_hold_a_nul(void **state)
{
	struct pluq__http_query *q = pluq__http_query_new("a=x%00y");
	const struct pluq__http_pair *p = pluq__http_query_find(q, "a");
	assert_int_equal(p->value_length, 3);
	assert_memory_equal(p->value, "x\0y", 3);
	free(q);
}

static void check_json(const char *text, const char *want)
{
	size_t n;
	char *json = pluq__http_json_message(text, &n);
	assert_string_equal(json, want);
	assert_int_equal(n, strlen(want));
	free(json);
}

static void json_is_escaped_as_the_original_does(void **state)
{
	check_json("NOT_FOUND", "{\"message\":\"NOT_FOUND\"}");
	check_json("", "{\"message\":\"\"}");
	check_json("\"\\\n\r\t\x01\x1f", "{\"message\":\"\\\"\\\\\\n\\r\\t\\u0001\\u001f\"}");
	check_json("<a>&", "{\"message\":\"\\u003ca\\u003e\\u0026\"}");
	check_json("\xe2\x80\xa8\xe2\x80\xa9", "{\"message\":\"\\u2028\\u2029\"}");
	check_json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "{\"message\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}");
	check_json("a\xff" "b\xc3", "{\"message\":\"a\\ufffdb\\ufffd\"}");
	check_json("\xc0\xaf\xed\xa0\x80", "{\"message\":\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_and_decoded),
		cmocka_unit_test(bad_pairs_are_left_out_and_told),
		cmocka_unit_test(a_value_may_hold_a_nul),
		cmocka_unit_test(json_is_escaped_as_the_original_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
