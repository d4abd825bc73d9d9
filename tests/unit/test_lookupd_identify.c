/* The body of IDENTIFY to the discovery daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pluq/error.h>

#include "../../plugins/handlers/lookupd/identify.h"

static int parse(const char *body, struct identify *out)
{
	return identify_parse((const uint8_t *)body, strlen(body), out);
}

static void assert_span(struct span s, const char *wanted)
{
	if (!span_is(s, wanted, strlen(wanted)))
		fail_msg("'%.*s' instead of '%s'", (int)s.length, s.at, wanted);
}

static void all_fields_are_read(void **state)
{
	struct identify i;

	assert_int_equal(parse("{\"broadcast_address\":\"b\",\"hostname\":\"h\",\"tcp_port\":1,\"http_port\":-2,\"version\":\"v\","
	    "\"topology_zone\":\"z\",\"topology_region\":\"r\",\"remote_address\":\"x\",\"more\":[{}]}", &i), 0);
	assert_span(i.broadcast_address, "b");
	assert_span(i.hostname, "h");
	assert_span(i.version, "v");
	assert_span(i.topology_zone, "z");
	assert_span(i.topology_region, "r");
	assert_int_equal(i.tcp_port, 1);
	assert_int_equal(i.http_port, -2);
	assert_true(identify_complete(&i));
	identify_free(&i);
}

static void keys_are_matched_in_any_case(void **state)
{
	struct identify i;

	assert_int_equal(parse("{\"BROADCAST_address\":\"b\",\"Tcp_Port\":1,\"HTTP_PORT\":2,\"vERSION\":\"v\"}", &i), 0);
	assert_true(identify_complete(&i));
	assert_span(i.hostname, "");
	identify_free(&i);
}

static void the_last_of_two_counts(void **state)
{
	struct identify i;

	assert_int_equal(parse("{\"version\":\"a\",\"version\":\"b\",\"tcp_port\":1,\"TCP_PORT\":2}", &i), 0);
	assert_span(i.version, "b");
	assert_int_equal(i.tcp_port, 2);
	identify_free(&i);
}

static void texts_may_hold_nul(void **state)
{
	struct identify i;

	assert_int_equal(parse("{\"hostname\":\"a\\u0000b\"}", &i), 0);
	assert_int_equal(i.hostname.length, 3);
	assert_memory_equal(i.hostname.at, "a\0b", 3);
	identify_free(&i);
}

static void what_is_missing(void **state)
{
	static const char *const bodies[] = {
		"null", "{}", " {} ",
		"{\"tcp_port\":1,\"http_port\":2,\"version\":\"v\"}",
		"{\"broadcast_address\":\"b\",\"http_port\":2,\"version\":\"v\"}",
		"{\"broadcast_address\":\"b\",\"tcp_port\":1,\"version\":\"v\"}",
		"{\"broadcast_address\":\"b\",\"tcp_port\":1,\"http_port\":2}",
		"{\"broadcast_address\":\"\",\"tcp_port\":1,\"http_port\":2,\"version\":\"v\"}",
		"{\"broadcast_address\":\"b\",\"tcp_port\":0,\"http_port\":2,\"version\":\"v\"}",
		"{\"broadcast_address\":\"b\",\"tcp_port\":1,\"http_port\":null,\"version\":\"v\"}",
	};
	struct identify i;

	for (size_t k = 0; k < sizeof(bodies) / sizeof(bodies[0]); k++) {
		assert_int_equal(parse(bodies[k], &i), 0);
		if (identify_complete(&i))
			fail_msg("complete: %s", bodies[k]);
		identify_free(&i);
	}
}

static void what_is_wrong(void **state)
{
	static const char *const bodies[] = {
		"", " ", "{", "[]", "1", "true", "\"x\"", "{} {}", "{\"a\":}", "nul", "{\"version\":1}", "{\"hostname\":null,}",
		"{\"tcp_port\":\"1\"}", "{\"tcp_port\":1.0}", "{\"http_port\":1e3}", "{\"tcp_port\":9223372036854775808}",
		"{\"topology_zone\":[]}", "{\"TOPOLOGY_REGION\":false}", "{\"Remote_Address\":1}", "{\"hostname\":\"\xff\"}",
	};
	struct identify i;

	for (size_t k = 0; k < sizeof(bodies) / sizeof(bodies[0]); k++)
		if (parse(bodies[k], &i) != PLUQ_EINVAL)
			fail_msg("accepted: %s", bodies[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_are_read),
		cmocka_unit_test(keys_are_matched_in_any_case),
		cmocka_unit_test(the_last_of_two_counts),
		cmocka_unit_test(texts_may_hold_nul),
		cmocka_unit_test(what_is_missing),
		cmocka_unit_test(what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
