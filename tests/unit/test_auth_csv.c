/* auth-csv: the reader, what stops a start, and what it answers. */
#include "cmocka_all.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../plugins/auth/csv/reader.h"
#include "../../plugins/auth/csv/table.h"
#include "mock_auth.h"

extern const struct pluq_plugin pluq_plugin_entry;

#define HEAD "login,ip,tls_required,topic,channel,subscribe,publish\n"

static struct mock_auth mock;
static struct csv_table table;
static struct pluq_why why;

static int make(const char *text)
{
	size_t n = strlen(text);
	char *copy = malloc(n + 1);

	memcpy(copy, text, n + 1);
	*why.text = 0;
	return csv_table_make(&table, &mock.host.pub, "f.csv", copy, n, &why);
}

static void reads(const char *text)
{
	csv_table_fini(&table);
	if (make(text))
		fail_msg("'%s': %s", text, why.text);
}

static int set_up(void **state)
{
	mock_auth_init(&mock);
	return 0;
}

static int tear_down(void **state)
{
	csv_table_fini(&table);
	mock_auth_fini(&mock);
	return 0;
}

/* --- the reader */

/* All fields, each in <>, records ended by a bar; or the problem. */
static void fields_are(const char *text, const char *wanted)
{
	static struct csv_reader r;
	size_t n = strlen(text), used = 0;
	char *bytes = malloc(n + 1), out[1000] = "";

	memcpy(bytes, text, n + 1);
	csv_reader_init(&r, bytes, n);
	while (csv_reader_next(&r)) {
		for (size_t i = 0; i < r.count; i++) {
			assert_int_equal(strlen(r.fields[i].text), r.fields[i].length);
			used += (size_t)snprintf(out + used, sizeof(out) - used, "<%s>", r.fields[i].text);
		}
		used += (size_t)snprintf(out + used, sizeof(out) - used, "|");
	}
	if (r.problem)
		snprintf(out, sizeof(out), "%u:%u: %s", r.problem_line, r.problem_column, r.problem);
	free(bytes);
	assert_string_equal(out, wanted);
}

static void records(void **state)
{
	fields_are("", "");
	fields_are("\n\r\n\n", "");
	fields_are("a,b\nc,d", "<a><b>|<c><d>|");
	fields_are("a,b\r\n\r\nc,d\r\n", "<a><b>|<c><d>|");
	fields_are("a\rb\r", "<a>|<b>|");
	fields_are(",\n,,", "<><>|<><><>|");
	fields_are("\xef\xbb\xbfz,\"y\"", "<z><y>|");
	fields_are("\xef\xbb\xbf\"z\"", "<z>|");
	fields_are("\"\"", "<>|");
	fields_are("\"a,b\",\"c\"\"d\"\n\"\"\"\"\n\"x\r\ny\nz\"", "<a,b><c\"d>|<\">|<x\r\ny\nz>|");
	fields_are("a\"b,\" \",'c,d'", "<a\"b>< ><'c><d'>|");
	fields_are(" a , \"b\"", "< a >< \"b\">|");
}

static void records_that_are_none(void **state)
{
	fields_are("a\n\nb,\"c\nd", "3:3: the quote that begins here has no end");
	fields_are("\"", "1:1: the quote that begins here has no end");
	fields_are("\"a\"\"", "1:1: the quote that begins here has no end");
	fields_are("x\r\n\"a\nb\"c,", "3:3: a comma or the end of the line is wanted behind the closing quote");
	fields_are(",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,", "1:65: too many fields");

	struct csv_reader r;
	char nul[] = "a,b\0c", quoted[] = "a,\"b\0\"";
	csv_reader_init(&r, nul, sizeof(nul) - 1);
	assert_false(csv_reader_next(&r));
	assert_string_equal(r.problem, "a NUL byte");
	assert_int_equal(r.problem_column, 4);
	csv_reader_init(&r, quoted, sizeof(quoted) - 1);
	assert_false(csv_reader_next(&r) || csv_reader_next(&r));
	assert_int_equal(r.problem_column, 5);
}

/* --- addresses */

static void blocks(void **state)
{
	static const struct {
		const char *block, *address;
		bool has;
	} cases[] = {
		{ "", "10.1.2.3", true }, { "", "", true }, { "", "::1", true },
		{ "10.1.2.3", "10.1.2.3", true }, { "10.1.2.3", "10.1.2.4", false }, { "10.1.2.3", "", false },
		{ "10.0.0.0/8", "10.255.0.1", true }, { "10.0.0.0/8", "11.0.0.1", false }, { "10.9.8.7/8", "10.0.0.1", true },
		{ "10.0.0.0/255.0.0.0", "10.3.4.5", true }, { "10.0.0.0/0.255.255.255", "10.3.4.5", true },
		{ "10.0.0.0/0.255.255.255", "11.3.4.5", false }, { "1.2.3.4/0.0.0.0", "9.9.9.9", true },
		{ "0.0.0.0/0", "9.9.9.9", true }, { "0.0.0.0/0", "::9", false }, { "::/0", "9.9.9.9", false }, { "::/0", "::9", true },
		{ "192.168.1.128/25", "192.168.1.127", false }, { "192.168.1.128/25", "192.168.1.200", true },
		{ "10.0.0.1/31", "10.0.0.0", true }, { "10.0.0.1/31", "10.0.0.2", false },
		{ "2001:db8::/32", "2001:db8:1::5", true }, { "2001:db8::/32", "2001:db9::5", false },
		{ "2001:DB8::0/127", "2001:db8::1", true }, { "::1", "0:0:0:0:0:0:0:1", true },
		{ "fe80::/10", "fe80::1%eth0", true }, { "10.1.2.3", "::ffff:10.1.2.3", true }, { "::ffff:10.1.2.3", "10.1.2.3", true },
		{ "::ffff:10.0.0.0/104", "10.1.2.3", true }, { "::ffff:10.0.0.0/104", "11.1.2.3", false }, { "0.0.0.0/0", "::ffff:1.2.3.4", true },
		{ "10.0.0.0/8", "rubbish", false }, { "", "rubbish", true },
	};
	struct csv_block b;
	struct csv_address a;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!csv_block_parse(cases[i].block, &b))
			fail_msg("'%s' is not read", cases[i].block);
		csv_address_parse(cases[i].address, &a);
		if (csv_block_has(&b, &a) != cases[i].has)
			fail_msg("'%s' and '%s'", cases[i].block, cases[i].address);
	}
}

static void blocks_that_are_none(void **state)
{
	static const char *const texts[] = { "x", "10.0.0", "10.0.0.256", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/-1", "10.0.0.1/8/8", "/8",
		"::1/129", "::1/ffff::", "10.0.0.0/255.0.255.0", " 10.0.0.1", "10.0.0.1 ", "010.0.0.1", "[::1]", "localhost",
		"10.0.0.1/99999999999999999999",
		"1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111" };
	struct csv_block b;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (csv_block_parse(texts[i], &b))
			fail_msg("'%s' is taken", texts[i]);
}

/* --- the file */

static void what_stops_it(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "", "f.csv:1:1: the line that names the columns is missing" },
		{ "login,ip,tls_required,topic,channel,subscribe\n", "f.csv:1:1: the column publish is missing" },
		{ "\n\nip,tls,topic,channel,subscribe,publish\n", "f.csv:3:1: the column login is missing" },
		{ "login,ip,tls_required,topic,channel,subscribe,publish,ip\n", "f.csv:1:55: the column ip is there twice" },
		{ "login,ip,tls,tls_required,topic,channel,subscribe,publish\n", "f.csv:1:14: the column tls_required is there twice" },
		{ HEAD "a,,,t,c,subscribe\n", "f.csv:2:1: 6 fields, where the first line has 7" },
		{ HEAD "a,,,t,c,subscribe,publish,more\n", "f.csv:2:27: 8 fields, where the first line has 7" },
		{ HEAD " \n", "f.csv:2:1: 1 fields" },
		{ HEAD "a,1.2.3,,t,c,subscribe,\n", "f.csv:2:3: ip: '1.2.3' is neither an address nor a network" },
		{ HEAD "\na,::/200,,t,c,subscribe,\n", "f.csv:3:3: ip: '::/200' is neither" },
		{ HEAD "a,,TRUE,t,c,subscribe,\n", "f.csv:2:4: tls_required: 'TRUE' is neither true nor false" },
		{ HEAD "a,,no,t,c,subscribe,\n", "f.csv:2:4: tls_required: 'no' is neither true nor false" },
		{ HEAD "a,,,\"(\n\",c,subscribe,\n", "f.csv:2:5: topic: not a pattern: missing closing parenthesis (at byte 3)" },
		{ HEAD "a,,,t,[,subscribe,\n", "f.csv:2:7: channel: not a pattern: missing terminating ]" },
		{ HEAD "a,,,t,\xff,subscribe,\n", "f.csv:2:7: channel: not a pattern: UTF-8 error" },
		{ HEAD "a,,,t,\\C,subscribe,\n", "f.csv:2:7: channel: not a pattern: " },
		{ HEAD "a,,,t,c,\"subscribe,\n", "f.csv:2:9: the quote that begins here has no end" },
		{ HEAD "a,,,t,c,\"subscribe\" ,\n", "f.csv:2:20: a comma or the end" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(make(cases[i].text), PLUQ_EINVAL);
		if (!strstr(why.text, cases[i].said))
			fail_msg("'%s': '%s', not '%s'", cases[i].text, why.text, cases[i].said);
	}
}

static void too_long_is_refused(void **state)
{
	static char text[200000];
	size_t head = strlen(HEAD);

	strcpy(text, HEAD);
	memset(text + head, 'a', CSV_FIELD_MAX + 1);
	strcpy(text + head + CSV_FIELD_MAX + 1, ",,,t,c,subscribe,\n");
	assert_int_equal(make(text), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "f.csv:2:1: a field is longer than 65535 bytes"));
	strcpy(text + head, "a,,,");
	memset(text + head + 4, 't', 5000);
	strcpy(text + head + 5004, ",c,subscribe,\n");
	assert_int_equal(make(text), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "f.csv:2:5: topic: not a pattern: longer than 4096 bytes"));
}

static void rows_that_grant_nothing_are_dropped(void **state)
{
	reads(HEAD "a,,,t,c,,\na,,,t,c,yes,no\na,,,t,c,SUBscribe,\n");
	assert_int_equal(table.count, 1);
	assert_true(mock_host_logged(&mock.host, PLUQ_WARN, "f.csv:2: grants nothing"));
	assert_true(mock_host_logged(&mock.host, PLUQ_WARN, "f.csv:3: grants nothing"));
	reads("login,ip,tls,topic,channel,subscribe,publish,remark\na,,,t,c,subscribe,,x\n");
	assert_true(mock_host_logged(&mock.host, PLUQ_WARN, "f.csv:1: there is no column 'remark'"));
	mock_host_forget(&mock.host);

	char text[2000] = HEAD;
	for (int i = 0; i < 30; i++)
		strcat(text, "a,,,t,c,,\n");
	reads(text);
	assert_int_equal(mock.host.lines[PLUQ_WARN], 11);
	assert_true(mock_host_logged(&mock.host, PLUQ_WARN, "20 more"));
}

/* --- answers */

static const char *ask(const char *secret, const char *ip, bool tls)
{
	static struct pluq_auth_call call;
	struct pluq_auth_query query = { .size = sizeof(query), .secret = (const uint8_t *)secret, .secret_length = strlen(secret),
		.remote_ip = ip, .common_name = "", .tls = tls };

	call = (struct pluq_auth_call){ .verdict = 0 };
	switch (csv_answer(&table, 7, mock.host.pub.auth, &query, &call, &why)) {
	case PLUQ_AUTH_ALLOW:
		return call.told;
	case PLUQ_AUTH_SILENT:
		return call.used ? "told though silent" : "silent";
	default:
		return "something else";
	}
}

static void the_example(void **state)
{
	reads(HEAD ",127.0.0.3,false,test,test,subscribe,\n"
	           "test_local,127.0.0.1,true,local,.*,subscribe,publish\n"
	           "test_publish,127.0.0.1,false,test_publish,,,publish\n");
	assert_string_equal(ask("whoever", "127.0.0.3", false), "live 7\ngrant 1 test [test]\n");
	assert_string_equal(ask("", "127.0.0.3", true), "live 7\ngrant 1 test [test]\n");
	assert_string_equal(ask("", "127.0.0.4", true), "silent");
	assert_string_equal(ask("test_local", "127.0.0.1", true), "live 7\ngrant 3 local [.*]\n");
	assert_string_equal(ask("test_local", "127.0.0.1", false), "silent");
	assert_string_equal(ask("test_local", "127.0.0.2", true), "silent");
	assert_string_equal(ask("test_publish", "127.0.0.1", false), "live 7\ngrant 2 test_publish []\n");
	assert_string_equal(ask("test_publis", "127.0.0.1", false), "silent");
	assert_string_equal(ask("test_publish ", "127.0.0.1", false), "silent");
	assert_string_equal(ask("", "", false), "silent");
}

static void matrix(void **state)
{
	static const char *const secrets[] = { "s", "other", "" }, *const ips[] = { "10.1.1.1", "11.1.1.1", "::5", "" };
	static const char *const logins[] = { "s", "" }, *const blocks_[] = { "", "10.0.0.0/8", "::/64" },
	                  *const needs[] = { "true", "True", "false", "False", "" };
	char text[500];

	for (size_t l = 0; l < 2; l++)
		for (size_t b = 0; b < 3; b++)
			for (size_t n = 0; n < 5; n++) {
				snprintf(text, sizeof(text), HEAD "%s,%s,%s,t,c,subscribe,\n", logins[l], blocks_[b], needs[n]);
				reads(text);
				for (size_t s = 0; s < 3; s++)
					for (size_t i = 0; i < 4; i++)
						for (int tls = 0; tls < 2; tls++) {
							bool login_fits = !*logins[l] || s == 0, ip_fits = b == 0 || (b == 1 && i == 0) || (b == 2 && i == 2);
							bool wanted = login_fits && ip_fits && (tls || n >= 2);

							if (strcmp(ask(secrets[s], ips[i], tls), wanted ? "live 7\ngrant 1 t [c]\n" : "silent") != 0)
								fail_msg("%s asked with %s from '%s', tls %d", text, secrets[s], ips[i], tls);
						}
			}
}

static void grouping(void **state)
{
	reads("publish,subscribe,channel,topic,tls,ip,login,admin\n"
	      ",subscribe,c1,t2,,,a,\n"
	      "publish,subscribe,c2,t1,,,,\n"
	      ",SUBSCRIBE,c3,t2,,,a,\n"
	      "PUBLISH,,c4,t2,,,a,\n"
	      ",subscribe,hidden,t2,,,b,\n"
	      ",subscribe,c1,t2,,,,\n"
	      "publish,subscribe,c5,t1,,,a,admin\n"
	      ",,c6,t1,,,a,Admin\n"
	      "publish,subscribe,\"c,7\",t1,,,a,\n");
	assert_string_equal(ask("a", "1.1.1.1", false), "live 7\n"
	    "grant 1 t2 [c1,c3,c1]\ngrant 2 t2 [c4]\ngrant 3 t1 [c2,c,7]\ngrant 7 t1 [c5]\ngrant 4 t1 [c6]\n");
	assert_string_equal(ask("b", "1.1.1.1", false), "live 7\ngrant 3 t1 [c2]\ngrant 1 t2 [hidden,c1]\n");
	assert_string_equal(ask("c", "1.1.1.1", false), "live 7\ngrant 3 t1 [c2]\ngrant 1 t2 [c1]\n");
}

static void many_rows_of_one_login(void **state)
{
	static char text[100000];
	size_t used = (size_t)sprintf(text, HEAD);

	for (int i = 0; i < 300; i++)
		used += (size_t)sprintf(text + used, "%s,,,t%d,c%d,subscribe,%s\n", i % 3 ? "a" : "", i % 2, i, i % 4 < 2 ? "publish" : "");
	reads(text);
	const char *told = ask("a", "1.1.1.1", false);
	assert_non_null(strstr(told, "grant 3 t0 [c0,c4,c8,"));
	assert_non_null(strstr(told, "\ngrant 1 t0 [c2,c6,c10,"));
	assert_non_null(strstr(told, "\ngrant 3 t1 [c1,c5,c9,"));
	assert_non_null(strstr(told, ",c299]\n"));
}

static void every_login_is_found(void **state)
{
	enum { LOGINS = 5000 };
	char *text = malloc(LOGINS * 60 + sizeof(HEAD)), login[32], wanted[64];
	size_t used = (size_t)sprintf(text, HEAD);

	for (int i = 0; i < LOGINS; i++)
		used += (size_t)sprintf(text + used, "login-%d,,,^t%d$,c,,publish\n", i, i);
	reads(text);
	free(text);
	assert_int_equal(table.login_count, LOGINS);
	for (int i = 0; i < LOGINS; i++) {
		snprintf(login, sizeof(login), "login-%d", i);
		snprintf(wanted, sizeof(wanted), "live 7\ngrant 2 ^t%d$ [c]\n", i);
		assert_string_equal(ask(login, "1.1.1.1", false), wanted);
	}
	assert_string_equal(ask("login-5000", "1.1.1.1", false), "silent");
}

/* A secret may hold any bytes; those of a login end at its NUL. */
static void secrets_with_nul(void **state)
{
	struct pluq_auth_call call = { .verdict = 0 };
	struct pluq_auth_query query = { .size = sizeof(query), .secret = (const uint8_t *)"a\0b", .secret_length = 3, .remote_ip = "1.1.1.1",
		.common_name = "" };

	reads(HEAD "a,,,t,c,subscribe,\n");
	assert_int_equal(csv_answer(&table, 7, mock.host.pub.auth, &query, &call, &why), PLUQ_AUTH_SILENT);
}

/* --- the plugin */

struct conf {
	const char *data_file;
	int64_t ttl;
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int ask_plugin(void *self, const char *secret, struct pluq_auth_call *call)
{
	const struct pluq_auth_ops *ops = pluq_plugin_entry.ops;
	struct pluq_auth_query query = { .size = sizeof(query), .secret = (const uint8_t *)secret, .secret_length = strlen(secret),
		.remote_ip = "1.1.1.1", .common_name = "" };

	*call = (struct pluq_auth_call){ .verdict = 0 };
	return ops->ask(self, &query, call, &why);
}

static void a_reload_takes_all_or_nothing(void **state)
{
	char path[] = "/tmp/test_auth_csv.XXXXXX";
	struct conf conf = { path, 1000 }, later = { path, 2000 };
	struct pluq_auth_call call;
	void *self;

	close(mkstemp(path));
	write_file(path, HEAD "a,,,old,c,subscribe,\n");
	assert_int_equal(pluq_plugin_entry.init(&mock.host.pub, &conf, &self, &why), 0);
	assert_int_equal(ask_plugin(self, "a", &call), PLUQ_AUTH_ALLOW);
	assert_string_equal(call.told, "live 1000\ngrant 1 old [c]\n");

	write_file(path, HEAD "b,,,new,c,subscribe,\nb,,,(,c,subscribe,\n");
	assert_int_equal(pluq_plugin_entry.reload(self, &later, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, ":3:5: topic: not a pattern"));
	assert_int_equal(ask_plugin(self, "a", &call), PLUQ_AUTH_ALLOW);
	assert_string_equal(call.told, "live 1000\ngrant 1 old [c]\n");
	assert_int_equal(ask_plugin(self, "b", &call), PLUQ_AUTH_SILENT);

	write_file(path, HEAD "b,,,new,c,subscribe,\n");
	assert_int_equal(pluq_plugin_entry.reload(self, &later, &why), 0);
	assert_int_equal(ask_plugin(self, "a", &call), PLUQ_AUTH_SILENT);
	assert_int_equal(ask_plugin(self, "b", &call), PLUQ_AUTH_ALLOW);
	assert_string_equal(call.told, "live 2000\ngrant 1 new [c]\n");

	unlink(path);
	assert_int_equal(pluq_plugin_entry.reload(self, &later, &why), PLUQ_EIO);
	assert_non_null(strstr(why.text, "cannot be opened: No such file"));
	assert_int_equal(ask_plugin(self, "b", &call), PLUQ_AUTH_ALLOW);
	pluq_plugin_entry.fini(self);
	conf.data_file = "/tmp";
	assert_int_equal(pluq_plugin_entry.init(&mock.host.pub, &conf, &self, &why), PLUQ_EIO);
	assert_string_equal(why.text, "/tmp: is not a file");
}

/* Loops ask while the pool reloads: every answer is from one file, whole. */
static struct {
	void *self;
	atomic_bool over;
	atomic_int wrong, asked;
} asking;

static void *ask_until_over(void *arg)
{
	const struct pluq_auth_ops *ops = pluq_plugin_entry.ops;
	struct pluq_auth_query q = { .size = sizeof(q), .secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "1.1.1.1", .common_name = "" };

	while (!atomic_load(&asking.over)) {
		struct pluq_auth_call call = { .verdict = 0 };
		struct pluq_why cause = { "" };

		if (ops->ask(asking.self, &q, &call, &cause) != PLUQ_AUTH_ALLOW ||
		    (strcmp(call.told, "live 1000\ngrant 1 one [c]\ngrant 1 two [c]\n") != 0 &&
		        strcmp(call.told, "live 1000\ngrant 2 three [d]\n") != 0))
			atomic_fetch_add(&asking.wrong, 1);
		atomic_fetch_add(&asking.asked, 1);
	}
	return arg;
}

static void asking_while_it_is_reloaded(void **state)
{
	static const char *const files[] = { HEAD "a,,,one,c,subscribe,\na,,,two,c,subscribe,\n", HEAD "a,,,three,d,,publish\n" };
	char path[] = "/tmp/test_auth_csv.XXXXXX";
	struct conf conf = { path, 1000 };
	pthread_t threads[3];

	close(mkstemp(path));
	write_file(path, files[0]);
	assert_int_equal(pluq_plugin_entry.init(&mock.host.pub, &conf, &asking.self, &why), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_until_over, NULL), 0);
	for (int i = 1; i <= 50 || atomic_load(&asking.asked) < 1000; i++) {
		write_file(path, files[i % 2]);
		assert_int_equal(pluq_plugin_entry.reload(asking.self, &conf, &why), 0);
	}
	atomic_store(&asking.over, true);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	pluq_plugin_entry.fini(asking.self);
	unlink(path);
	assert_int_equal(atomic_load(&asking.wrong), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(records_that_are_none),
		cmocka_unit_test(blocks),
		cmocka_unit_test(blocks_that_are_none),
		cmocka_unit_test_setup_teardown(what_stops_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_long_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_that_grant_nothing_are_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_example, set_up, tear_down),
		cmocka_unit_test_setup_teardown(matrix, set_up, tear_down),
		cmocka_unit_test_setup_teardown(grouping, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_rows_of_one_login, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_login_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(secrets_with_nul, set_up, tear_down),
		cmocka_unit_test_setup_teardown(asking_while_it_is_reloaded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reload_takes_all_or_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
