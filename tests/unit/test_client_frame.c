/* The client's frame decoder, command encoder, buffer and address parser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "../../client/address.h"
#include "../../client/command.h"
#include "../../client/frame.h"
#include "../../client/identify.h"

#define ROOMY (1u << 20)

/* The bytes live in a block of exactly their size, so that a sanitizer sees any read past them. */
static int decode(const void *bytes, size_t left, size_t max, struct pluqc_frame *frame, size_t *used, uint8_t **copy)
{
	*copy = malloc(left ? left : 1);
	assert_non_null(*copy);
	memcpy(*copy, bytes, left);
	return pluqc_frame_decode(*copy, left, max, frame, used);
}

static int decode_error(const void *bytes, size_t left, size_t max)
{
	struct pluqc_frame frame;
	size_t used;
	uint8_t *copy;
	int error = decode(bytes, left, max, &frame, &used, &copy);

	free(copy);
	return error;
}

static void frame_response_is_decoded(void **state)
{
	struct pluqc_frame frame;
	size_t used = 0;
	uint8_t *copy;

	assert_int_equal(decode("\0\0\0\6\0\0\0\0OKxyz", 13, ROOMY, &frame, &used, &copy), 0);
	assert_int_equal(used, 10);
	assert_int_equal(frame.type, PLUQC_FRAME_RESPONSE);
	assert_true(pluqc_frame_is(&frame, "OK"));
	assert_false(pluqc_frame_is(&frame, "O"));
	assert_false(pluqc_frame_is(&frame, "OKx"));
	assert_false(pluqc_frame_is_heartbeat(&frame));
	free(copy);
}

static void frame_without_data_is_decoded(void **state)
{
	struct pluqc_frame frame;
	size_t used = 0;
	uint8_t *copy;

	assert_int_equal(decode("\0\0\0\4\0\0\0\1", 8, ROOMY, &frame, &used, &copy), 0);
	assert_int_equal(used, 8);
	assert_int_equal(frame.type, PLUQC_FRAME_ERROR);
	assert_int_equal(frame.length, 0);
	assert_true(pluqc_frame_is_fatal(&frame));
	free(copy);
}

static void frame_cut_short_anywhere_wants_more(void **state)
{
	static const uint8_t whole[] = "\0\0\0\17\0\0\0\0_heartbeat_";

	for (size_t left = 0; left < sizeof whole - 1; left++)
		assert_int_equal(decode_error(whole, left, ROOMY), PLUQC_EMORE);
	assert_int_equal(decode_error(whole, sizeof whole - 1, ROOMY), 0);
}

static void frame_with_impossible_size_is_refused(void **state)
{
	assert_int_equal(decode_error("\0\0\0\0", 4, ROOMY), PLUQC_EFRAME);
	assert_int_equal(decode_error("\0\0\0\3", 4, ROOMY), PLUQC_EFRAME);
	assert_int_equal(decode_error("\x80\0\0\0", 4, SIZE_MAX), PLUQC_EFRAME);
	assert_int_equal(decode_error("\xff\xff\xff\xff", 4, SIZE_MAX), PLUQC_EFRAME);
	assert_int_equal(decode_error("\x7f\xff\xff\xff\0\0\0\2", 8, SIZE_MAX), PLUQC_EMORE);
}

static void frame_above_the_limit_is_refused_before_its_data(void **state)
{
	assert_int_equal(decode_error("\0\0\1\0", 4, 255), PLUQC_ETOOBIG);
	assert_int_equal(decode_error("\0\0\1\0", 4, 256), PLUQC_EMORE);
}

static void frame_of_unknown_type_is_refused_before_its_data(void **state)
{
	assert_int_equal(decode_error("\0\0\0\6\0\0\0\3", 8, ROOMY), PLUQC_EFRAME);
	assert_int_equal(decode_error("\0\0\0\6\xff\0\0\0", 8, ROOMY), PLUQC_EFRAME);
}

static void frame_from_an_http_server_is_told_apart(void **state)
{
	assert_int_equal(decode_error("HTTP/1.1 400 Bad Request\r\n", 26, ROOMY), PLUQC_EHTTP);
}

static void message_fields_are_decoded(void **state)
{
	static const uint8_t data[] = "\0\0\0\0\0\0\1\2\0\3"
				      "0123456789abcdefbody";
	struct pluqc_frame frame = {PLUQC_FRAME_MESSAGE, data, sizeof data - 1};
	struct pluqc_message message;

	assert_int_equal(pluqc_message_decode(&frame, &message), 0);
	assert_int_equal(message.timestamp_ns, 258);
	assert_int_equal(message.attempts, 3);
	assert_memory_equal(message.id, "0123456789abcdef", 16);
	assert_int_equal(message.length, 4);
	assert_memory_equal(message.body, "body", 4);

	frame.length = 26; /* a body may be empty as far as a client is concerned */
	assert_int_equal(pluqc_message_decode(&frame, &message), 0);
	assert_int_equal(message.length, 0);
	frame.length = 25;
	assert_int_equal(pluqc_message_decode(&frame, &message), PLUQC_EFRAME);
	frame.length = sizeof data - 1;
	frame.type = PLUQC_FRAME_RESPONSE;
	assert_int_equal(pluqc_message_decode(&frame, &message), PLUQC_EFRAME);
}

static bool fatal(const char *text)
{
	struct pluqc_frame frame = {PLUQC_FRAME_ERROR, (const uint8_t *)text, strlen(text)};

	return pluqc_frame_is_fatal(&frame);
}

static void error_frames_are_fatal_but_three(void **state)
{
	assert_true(fatal("E_INVALID cannot SUB in current state"));
	assert_true(fatal("E_FIN"));
	assert_false(fatal("E_FIN_FAILED FIN 0123456789abcdef failed ID not in flight"));
	assert_false(fatal("E_REQ_FAILED REQ"));
	assert_false(fatal("E_TOUCH_FAILED"));
}

static void assert_content(struct pluqc_buf *b, const void *bytes, size_t n)
{
	assert_int_equal(b->error, 0);
	assert_int_equal(pluqc_buf_length(b), n);
	assert_memory_equal(pluqc_buf_data(b), bytes, n);
	pluqc_buf_fini(b);
}

#define ASSERT_CONTENT(b, literal) assert_content(b, literal, sizeof(literal) - 1)

static void commands_without_body_are_encoded(void **state)
{
	const uint8_t *id = (const uint8_t *)"0123456789ab%sef";
	struct pluqc_buf b = {0};

	pluqc_cmd_magic(&b);
	pluqc_cmd_sub(&b, "t", "c#ephemeral");
	pluqc_cmd_rdy(&b, 2500);
	pluqc_cmd_fin(&b, id);
	pluqc_cmd_req(&b, id, 1500);
	pluqc_cmd_touch(&b, id);
	pluqc_cmd_nop(&b);
	pluqc_cmd_cls(&b);
	ASSERT_CONTENT(&b, "  V2SUB t c#ephemeral\nRDY 2500\nFIN 0123456789ab%sef\nREQ 0123456789ab%sef 1500\n"
			   "TOUCH 0123456789ab%sef\nNOP\nCLS\n");
}

static void commands_with_body_are_encoded(void **state)
{
	const struct pluqc_body bodies[] = {{"a\0b", 3}, {"c", 1}};
	struct pluqc_buf b = {0};

	pluqc_cmd_pub(&b, "t", "a\nb", 3);
	ASSERT_CONTENT(&b, "PUB t\n\0\0\0\3a\nb");
	pluqc_cmd_dpub(&b, "t", 18446744073709551615u, "x", 1);
	ASSERT_CONTENT(&b, "DPUB t 18446744073709551615\n\0\0\0\1x");
	pluqc_cmd_mpub(&b, "t", bodies, 2);
	ASSERT_CONTENT(&b, "MPUB t\n\0\0\0\20\0\0\0\2\0\0\0\3a\0b\0\0\0\1c");
	pluqc_cmd_identify(&b, "{}", 2);
	ASSERT_CONTENT(&b, "IDENTIFY\n\0\0\0\2{}");
}

static void longest_names_fit(void **state)
{
	char name[PLUQC_NAME_MAX + 2], expected[2 * PLUQC_NAME_MAX + 16];
	struct pluqc_buf b = {0};

	memset(name, 'n', sizeof name);
	name[PLUQC_NAME_MAX] = 0;
	pluqc_cmd_sub(&b, name, name);
	snprintf(expected, sizeof expected, "SUB %s %s\n", name, name);
	assert_content(&b, expected, strlen(expected));
	name[PLUQC_NAME_MAX] = 'n';
	name[PLUQC_NAME_MAX + 1] = 0;
	assert_false(pluqc_name_valid(name));
}

static void what_the_protocol_cannot_say_leaves_an_error_and_no_bytes(void **state)
{
	const struct pluqc_body huge[] = {{"", (size_t)INT32_MAX}, {"", (size_t)INT32_MAX}};
	const struct pluqc_body empty[] = {{"a", 1}, {"", 0}};
	struct pluqc_buf b = {0};

	pluqc_cmd_pub(&b, "bad topic", "x", 1);
	assert_int_equal(b.error, PLUQC_EINVAL);
	assert_int_equal(pluqc_buf_length(&b), 0);
	pluqc_cmd_nop(&b); /* the error sticks */
	assert_int_equal(pluqc_buf_length(&b), 0);
	pluqc_buf_fini(&b);

	pluqc_cmd_pub(&b, "t", "", 0);
	assert_int_equal(b.error, PLUQC_EINVAL);
	pluqc_buf_fini(&b);
	pluqc_cmd_pub(&b, "t", "", (size_t)INT32_MAX + 1);
	assert_int_equal(b.error, PLUQC_ETOOBIG);
	pluqc_buf_fini(&b);
	pluqc_cmd_mpub(&b, "t", huge, 2);
	assert_int_equal(b.error, PLUQC_ETOOBIG);
	pluqc_buf_fini(&b);
	pluqc_cmd_mpub(&b, "t", empty, 2);
	assert_int_equal(b.error, PLUQC_EINVAL);
	pluqc_buf_fini(&b);
	pluqc_cmd_mpub(&b, "t", empty, 0);
	assert_int_equal(b.error, PLUQC_EINVAL);
	pluqc_buf_fini(&b);
}

static void names_are_judged_as_brokers_do(void **state)
{
	assert_true(pluqc_name_valid("a.B-9_"));
	assert_true(pluqc_name_valid("t#ephemeral"));
	assert_false(pluqc_name_valid(""));
	assert_false(pluqc_name_valid("#ephemeral"));
	assert_false(pluqc_name_valid("t#ephemeralx"));
	assert_false(pluqc_name_valid("t#x"));
	assert_false(pluqc_name_valid("t t"));
	assert_false(pluqc_name_valid("t\xc3\xa9"));
}

static void buffer_keeps_content_while_it_grows_and_is_consumed(void **state)
{
	struct pluqc_buf b = {0};
	uint8_t expected = 0, byte = 0;

	for (int round = 0; round < 1000; round++) {
		for (int i = 0; i < 7; i++, byte++)
			pluqc_buf_append(&b, &byte, 1);
		for (int i = 0; i < 5; i++, expected++) {
			assert_int_equal(pluqc_buf_data(&b)[0], expected);
			pluqc_buf_consume(&b, 1);
		}
	}
	assert_int_equal(pluqc_buf_length(&b), 2000);
	assert_int_equal(pluqc_buf_data(&b)[0], expected);
	pluqc_buf_consume(&b, 5000);
	assert_int_equal(pluqc_buf_length(&b), 0);
	assert_null(pluqc_buf_reserve(&b, SIZE_MAX));
	assert_int_equal(b.error, PLUQC_ENOMEM);
	pluqc_buf_fini(&b);
}

static void addresses_are_parsed(void **state)
{
	struct pluqc_addresses found;
	struct sockaddr_in v4;

	assert_int_equal(pluqc_resolve("127.0.0.1:4150", &found), 0);
	assert_int_equal(found.count, 1);
	memcpy(&v4, &found.list[0].name, sizeof v4);
	assert_int_equal(v4.sin_family, AF_INET);
	assert_int_equal(ntohs(v4.sin_port), 4150);
	assert_int_equal(pluqc_resolve("[::1]:4150", &found), 0);
	assert_int_equal(found.list[0].name.ss_family, AF_INET6);
	assert_int_equal(pluqc_resolve("/run/broker.sock", &found), 0);
	assert_int_equal(found.list[0].name.ss_family, AF_UNIX);
	assert_int_equal(pluqc_resolve("", &found), PLUQC_EADDRESS);
	assert_int_equal(pluqc_resolve("host", &found), PLUQC_EADDRESS);
	assert_int_equal(pluqc_resolve("host:", &found), PLUQC_EADDRESS);
	assert_int_equal(pluqc_resolve(":4150", &found), PLUQC_EADDRESS);
	assert_int_equal(pluqc_resolve("::1:4150", &found), PLUQC_EADDRESS);
	assert_int_equal(pluqc_resolve("[]:4150", &found), PLUQC_EADDRESS);
}

static int identify_answer(const char *text, struct pluqc_features *features)
{
	struct pluqc_frame frame = {PLUQC_FRAME_RESPONSE, (const uint8_t *)text, strlen(text)};

	return pluqc_identify_decode(&frame, features);
}

static void identify_answer_is_understood(void **state)
{
	struct pluqc_features features;

	assert_int_equal(identify_answer("{\"max_rdy_count\":100,\"auth_required\":true}", &features), 0);
	assert_int_equal(features.max_rdy_count, 100);
	assert_true(features.auth_required);
	assert_int_equal(identify_answer("OK", &features), 0);
	assert_int_equal(features.max_rdy_count, 2500);
	assert_false(features.auth_required);
	assert_int_equal(identify_answer("{\"max_rdy_count\":-1}", &features), 0);
	assert_int_equal(features.max_rdy_count, 2500);
	assert_int_equal(identify_answer("{", &features), PLUQC_EFRAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frame_response_is_decoded),
	    cmocka_unit_test(frame_without_data_is_decoded),
	    cmocka_unit_test(frame_cut_short_anywhere_wants_more),
	    cmocka_unit_test(frame_with_impossible_size_is_refused),
	    cmocka_unit_test(frame_above_the_limit_is_refused_before_its_data),
	    cmocka_unit_test(frame_of_unknown_type_is_refused_before_its_data),
	    cmocka_unit_test(frame_from_an_http_server_is_told_apart),
	    cmocka_unit_test(message_fields_are_decoded),
	    cmocka_unit_test(error_frames_are_fatal_but_three),
	    cmocka_unit_test(commands_without_body_are_encoded),
	    cmocka_unit_test(commands_with_body_are_encoded),
	    cmocka_unit_test(longest_names_fit),
	    cmocka_unit_test(what_the_protocol_cannot_say_leaves_an_error_and_no_bytes),
	    cmocka_unit_test(names_are_judged_as_brokers_do),
	    cmocka_unit_test(buffer_keeps_content_while_it_grows_and_is_consumed),
	    cmocka_unit_test(addresses_are_parsed),
	    cmocka_unit_test(identify_answer_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
