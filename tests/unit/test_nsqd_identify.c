/* The body of IDENTIFY, as Go would decode it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pluq/error.h>

#include "../../plugins/handlers/nsqd/identify_json.h"
#include "../../plugins/handlers/nsqd/json_scan.h"

static int parse(const char *body, struct identify *out)
{
	return identify_parse((const uint8_t *)body, strlen(body), out);
}

static void assert_fails(const char *body)
{
	struct identify i;

	if (parse(body, &i) != PLUQ_EINVAL)
		fail_msg("accepted: %s", body);
	identify_free(&i);
}

static void assert_passes(const char *body)
{
	struct identify i;

	if (parse(body, &i) != 0)
		fail_msg("refused: %s", body);
	identify_free(&i);
}

static void all_fields_are_read(void **state)
{
	struct identify i;

	assert_int_equal(
	    parse("{\"client_id\":\"c\",\"hostname\":\"h\",\"user_agent\":\"u/1\",\"heartbeat_interval\":1500,"
		  "\"output_buffer_timeout\":-1,\"output_buffer_size\":64,\"sample_rate\":99,\"msg_timeout\":2000,"
		  "\"feature_negotiation\":true,\"tls_v1\":true,\"snappy\":true,\"deflate\":false,\"deflate_level\":-3,"
		  "\"topology_region\":\"r\",\"topology_zone\":\"z\"}",
		&i),
	    0);
	assert_string_equal(i.client_id, "c");
	assert_string_equal(i.hostname, "h");
	assert_string_equal(i.user_agent, "u/1");
	assert_string_equal(i.topology_region, "r");
	assert_string_equal(i.topology_zone, "z");
	assert_int_equal(i.heartbeat_interval, 1500);
	assert_int_equal(i.output_buffer_timeout, -1);
	assert_int_equal(i.output_buffer_size, 64);
	assert_int_equal(i.sample_rate, 99);
	assert_int_equal(i.msg_timeout, 2000);
	assert_int_equal(i.deflate_level, -3);
	assert_true(i.feature_negotiation && i.tls_v1 && i.snappy && !i.deflate);
	identify_free(&i);
}

static void last_of_repeated_keys_counts_in_any_case(void **state)
{
	struct identify i;

	assert_int_equal(
	    parse(" {\"Client_ID\":\"a\", \"CLIENT_ID\" : \"b\", \"client\\u005fid\":\"c\",\"client_id\":null}\n", &i),
	    0);
	assert_string_equal(i.client_id, "c");
	identify_free(&i);
}

static void unknown_keys_are_skipped(void **state)
{
	assert_passes(
	    "{\"short_id\":{\"a\":[1,2,{\"b\":null}],\"c\":1e99},\"x\":[],\"y\":{},\"z\":[[],[{}]],\"n\":-0.5E+3}");
	assert_passes("null");
	assert_passes(" \t\r\n{}  ");
	assert_passes("{\"\":true}");
}

static void anything_but_one_object_fails(void **state)
{
	static const char *const bad[] = {"", " ", "[]", "1", "\"x\"", "true", "nul", "{} x", "{}{}", "{", "{\"a\"}",
	    "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}",
	    "{\"a\":1e}", "{\"a\":-}", "{\"a\":tru}", "{\"a\":[1,]}", "{\"a\":[1}", "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}",
	    "{\"a\":\"\\u12g4\"}", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":\"\\u12", "{'a':1}", "null,"};

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		assert_fails(bad[k]);
}

static void types_must_fit(void **state)
{
	static const char *const bad[] = {"{\"heartbeat_interval\":1000.0}", "{\"heartbeat_interval\":1e3}",
	    "{\"heartbeat_interval\":\"1000\"}", "{\"heartbeat_interval\":true}", "{\"client_id\":1}",
	    "{\"client_id\":[]}", "{\"feature_negotiation\":1}", "{\"feature_negotiation\":\"true\"}",
	    "{\"sample_rate\":2147483648}", "{\"sample_rate\":-2147483649}", "{\"msg_timeout\":9223372036854775808}",
	    "{\"tls_v1\":{}}", "{\"deflate\":nul}"};
	struct identify i;

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		assert_fails(bad[k]);
	assert_int_equal(parse("{\"msg_timeout\":-9223372036854775808,\"sample_rate\":-0}", &i), 0);
	assert_true(i.msg_timeout == INT64_MIN);
	assert_int_equal(i.sample_rate, 0);
}

static void assert_client_id(const char *json, const char *expected)
{
	struct identify i;

	assert_int_equal(parse(json, &i), 0);
	assert_string_equal(i.client_id, expected);
	identify_free(&i);
}

static void strings_become_valid_utf8(void **state)
{
	assert_client_id("{\"client_id\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}", "\"\\/\b\f\n\r\t\xc3\xa9");
	assert_client_id("{\"client_id\":\"\xff\xc3\"}", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_client_id("{\"client_id\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80");
	assert_client_id("{\"client_id\":\"\\ud83d\"}", "\xef\xbf\xbd");
	assert_client_id("{\"client_id\":\"\\ud83dx\\ude00\"}", "\xef\xbf\xbdx\xef\xbf\xbd");
	assert_client_id("{\"client_id\":\"\\ud83d\\u0041\"}", "\xef\xbf\xbd" "A");
	assert_client_id("{\"client_id\":\"a\\u0000b\"}", "a\xef\xbf\xbd" "b");
}

static void long_strings_are_kept_whole(void **state)
{
	struct text body = {0};
	struct identify i;

	text_str(&body, "{\"client_id\":\"");
	for (int k = 0; k < 50000; k++)
		text_str(&body, "\xc3\xa9");
	text_str(&body, "\",\"hostname\":\"h\"}");
	assert_int_equal(identify_parse((const uint8_t *)body.data, body.length, &i), 0);
	assert_int_equal(strlen(i.client_id), 100000);
	assert_string_equal(i.hostname, "h");
	identify_free(&i);
	text_free(&body);
}

static int parse_nested(size_t depth)
{
	struct text body = {0};
	struct identify i;

	text_str(&body, "{\"x\":");
	for (size_t k = 0; k < depth; k++)
		text_str(&body, "[");
	for (size_t k = 0; k < depth; k++)
		text_str(&body, "]");
	text_str(&body, "}");
	int status = identify_parse((const uint8_t *)body.data, body.length, &i);
	identify_free(&i);
	text_free(&body);
	return status;
}

static void nesting_is_limited(void **state)
{
	assert_int_equal(parse_nested(JSON_SCAN_DEPTH), 0);
	assert_int_equal(parse_nested(JSON_SCAN_DEPTH + 1), PLUQ_EINVAL);
	assert_int_equal(parse_nested(1000000), PLUQ_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_are_read),
		cmocka_unit_test(last_of_repeated_keys_counts_in_any_case),
		cmocka_unit_test(unknown_keys_are_skipped),
		cmocka_unit_test(anything_but_one_object_fails),
		cmocka_unit_test(types_must_fit),
		cmocka_unit_test(strings_become_valid_utf8),
		cmocka_unit_test(long_strings_are_kept_whole),
		cmocka_unit_test(nesting_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
