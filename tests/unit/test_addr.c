#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../daemon/net/addr.h"

static void addresses_with_a_port(void **state)
{
	static const struct { const char *text, *host, *port; } cases[] = {
		{"127.0.0.1:4150", "127.0.0.1", "4150"}, {"localhost:0", "localhost", "0"}, {":65535", "", "65535"},
		{"[::1]:1", "::1", "1"}, {"[fe80::1%lo]:80", "fe80::1%lo", "80"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pluq__addr a;
		struct pluq_why why;
		assert_int_equal(pluq__addr_parse(cases[i].text, &a, &why), 0);
		assert_false(a.is_unix);
		assert_string_equal(a.host, cases[i].host);
		assert_string_equal(a.port, cases[i].port);
	}
}

static void paths_of_unix_sockets(void **state)
{
	static const char *const cases[] = {"/run/pluq/tcp.sock", "/odd:4150", "./a:b", "socket"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pluq__addr a;
		struct pluq_why why;
		assert_int_equal(pluq__addr_parse(cases[i], &a, &why), 0);
		assert_true(a.is_unix);
		assert_string_equal(a.path, cases[i]);
	}
}

static void bad_addresses_say_why(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{"", "is empty"}, {"host:", "port"}, {"host:65536", "port"}, {"host:4150x", "port"}, {"host:-1", "port"},
		{"host: 1", "port"}, {"host:000080", "port"}, {"::1:4150", "brackets"}, {"[]:1", "brackets"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pluq__addr a;
		struct pluq_why why = {""};
		assert_int_equal(pluq__addr_parse(cases[i].text, &a, &why), PLUQ_EADDRESS);
		assert_non_null(strstr(why.text, cases[i].why));
	}
}

static void a_path_or_host_that_is_too_long_is_refused(void **state)
{
	char text[400] = "/";
	struct pluq__addr a;
	struct pluq_why why;
	memset(text + 1, 'a', 106);
	assert_int_equal(pluq__addr_parse(text, &a, &why), 0);
	text[107] = 'a';
	assert_int_equal(pluq__addr_parse(text, &a, &why), PLUQ_EADDRESS);
	memset(text, 'a', 300);
	memcpy(text + 300, ":1", 3);
	assert_int_equal(pluq__addr_parse(text, &a, &why), PLUQ_EADDRESS);
}

static void check_in6(const char *host, int port, const char *want)
{
	struct sockaddr_storage ss = {.ss_family = AF_INET6};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	char text[PLUQ__ADDR_TEXT];
	assert_int_equal(inet_pton(AF_INET6, host, &in6->sin6_addr), 1);
	in6->sin6_port = htons((uint16_t)port);
	pluq__addr_text(&ss, text);
	assert_string_equal(text, want);
	assert_int_equal(pluq__addr_port(&ss), port);
}

static void addresses_are_shown_as_the_log_and_stats_need_them(void **state)
{
	struct sockaddr_storage ss = {.ss_family = AF_INET};
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	char text[PLUQ__ADDR_TEXT];
	in->sin_addr.s_addr = htonl(0x01020304);
	in->sin_port = htons(5);
	pluq__addr_text(&ss, text);
	assert_string_equal(text, "1.2.3.4:5");
	check_in6("::1", 4150, "[::1]:4150");
	check_in6("::ffff:1.2.3.4", 7, "1.2.3.4:7");
	check_in6("1111:2222:3333:4444:5555:6666:7777:8888", 65535, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
	ss.ss_family = AF_UNIX;
	pluq__addr_text(&ss, text);
	assert_string_equal(text, "@");
	assert_int_equal(pluq__addr_port(&ss), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_with_a_port),
		cmocka_unit_test(paths_of_unix_sockets),
		cmocka_unit_test(bad_addresses_say_why),
		cmocka_unit_test(a_path_or_host_that_is_too_long_is_refused),
		cmocka_unit_test(addresses_are_shown_as_the_log_and_stats_need_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
