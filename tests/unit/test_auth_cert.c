/* The plugin auth-cert over a mock of its host. */
#include "cmocka_all.h"

#include <string.h>

#include "../../plugins/auth/cert/names.h"
#include "mock_asker.h"

extern const struct pluq_plugin pluq_plugin_entry;

struct conf {
	const char *data_file;
	int64_t ttl;
};

static struct mock_asker host;
static const struct pluq_auth_ops *ops;

#define ALT(...) (struct pluq_strings){(const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)}

static struct pluq_auth_query certificate(const char *common_name, struct pluq_strings alt)
{
	struct pluq_auth_query q = mock_asker_query("");

	q.tls = q.verified = true;
	q.common_name = common_name;
	q.alt_names = alt;
	return q;
}

static void names_fit(void **state)
{
	static const struct {
		const char *text, *common_name, *alt, *who; /* who: NULL: nobody */
	} cases[] = {
		{"CN=a", "a", "DNS:b", "a"},
		{"CN=a", "A", "DNS:a", NULL},
		{"CN=a", "ab", "DNS:a", NULL},
		{"CN=a", "", "DNS:a", NULL},
		{"CN=*.x.example", "a.x.example", "DNS:b", "a.x.example"},
		{"CN=*.x.example", "x.example", "DNS:b", NULL},
		{"CN=John Doe", "John Doe", "DNS:b", "John Doe"},
		{"DNS:b.example", "a", "DNS:B.Example", "DNS:B.Example"},
		{"DNS:b.example", "b.example", "DNS:c.example", NULL},
		{"DNS:b.example", "a", "DNS:ab.example", NULL},
		{"DNS:*.example", "a", "DNS:b.example", "DNS:b.example"},
		{"DNS:*.example", "a", "DNS:c.b.example", NULL},
		{"DNS:*.example", "a", "DNS:.example", NULL},
		{"DNS:*.example", "a", "DNS:example", NULL},
		{"DNS:*.example", "a", "DNS:b.examples", NULL},
		{"DNS:*.example", "a", "URI:b.example", NULL},
		{"IP:10.0.0.1", "a", "IP:10.0.0.1", "IP:10.0.0.1"},
		{"IP:10.0.0.1", "a", "IP:10.0.0.10", NULL},
		{"IP:fe80::1", "a", "IP:FE80:0:0:0:0:0:0:1", "IP:FE80:0:0:0:0:0:0:1"},
		{"URI:spiffe://x/y", "a", "URI:spiffe://x/y", "URI:spiffe://x/y"},
		{"URI:spiffe://x/y", "a", "URI:spiffe://x/Y", NULL},
		{"email:a@b", "a", "email:a@b", "email:a@b"},
		{"*", "a", "DNS:b", "a"},
		{"*", "", "DNS:b", "DNS:b"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pluq_auth_query q = certificate(cases[i].common_name, ALT(cases[i].alt));
		const char *who = names_match(cases[i].text, &q), *wanted = cases[i].who;

		assert_null(names_check(cases[i].text));
		if (who != wanted && (!who || !wanted || strcmp(who, wanted) != 0))
			fail_msg("case %zu: %s is '%s'", i, cases[i].text, who ? who : "(nobody)");
	}
	struct pluq_auth_query two = certificate("", ALT("DNS:a", "IP:::1", "DNS:b"));
	assert_string_equal(names_match("DNS:b", &two), "DNS:b");
}

static void names_that_are_none(void **state)
{
	static const char *const texts[] = {"", "a", "cn=a", "CN=", "DNS:", "DNS:*", "DNS:*.", "DNS:a.*", "DNS:*a.example",
	    "DNS:*.*.example", "CN=*", "IP:10.0.0", "IP:*.0.0.1", "**", "dns:a"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!names_check(texts[i]))
			fail_msg("accepted: %s", texts[i]);
}

static int begin(const char *text, void **self, struct pluq_why *why)
{
	static struct conf conf;

	conf = (struct conf){.data_file = mock_asker_file(text), .ttl = INT64_C(60000000000)};
	return pluq_plugin_entry.init(&host.host.pub, &conf, self, why);
}

static int ask(void *self, const struct pluq_auth_query *q, struct pluq_auth_call *call)
{
	struct pluq_why why = {""};

	*call = (struct pluq_auth_call){0};
	return ops->ask(self, q, call, &why);
}

static void all_entries_that_fit_count(void **state)
{
	struct pluq_why why = {""};
	struct pluq_auth_call call;
	void *self;

	assert_int_equal(begin("CN=other\n\tpublish o\nDNS:*.shop\n\tsubscribe s\nCN=x CN=a\n\tpublish a\n*\n\tsubscribe all\n", &self, &why), 0);
	struct pluq_auth_query q = certificate("a", ALT("DNS:b.shop"));
	assert_int_equal(ask(self, &q, &call), PLUQ_AUTH_ALLOW);
	assert_string_equal(call.text, "identity a \ngrant s s .*\ngrant p a .*\ngrant s all .*\nlive 60000000000\n");
	pluq_plugin_entry.fini(self);
}

static void only_verified_certificates_count(void **state)
{
	struct pluq_why why = {""};
	struct pluq_auth_call call;
	void *self;

	assert_int_equal(begin("CN=a\n\tpublish a\n", &self, &why), 0);
	struct pluq_auth_query q = certificate("a", ALT("DNS:b"));
	q.verified = false;
	assert_int_equal(ask(self, &q, &call), PLUQ_AUTH_SILENT);
	q.verified = true;
	assert_int_equal(ask(self, &q, &call), PLUQ_AUTH_ALLOW);
	q.common_name = "b";
	assert_int_equal(ask(self, &q, &call), PLUQ_AUTH_SILENT);
	pluq_plugin_entry.fini(self);
}

static void a_reload_takes_the_new_file_if_it_is_good(void **state)
{
	struct pluq_why why = {""};
	struct pluq_auth_call call;
	struct conf conf = {.ttl = 1000000000};
	void *self;

	assert_int_equal(begin("CN=a\n\tpublish a\n", &self, &why), 0);
	struct pluq_auth_query a = certificate("a", ALT("DNS:x")), b = certificate("b", ALT("DNS:x"));
	conf.data_file = mock_asker_file("CN=b\n\tpublish b\n");
	assert_int_equal(pluq_plugin_entry.reload(self, &conf, &why), 0);
	assert_int_equal(ask(self, &a, &call), PLUQ_AUTH_SILENT);
	assert_int_equal(ask(self, &b, &call), PLUQ_AUTH_ALLOW);
	assert_string_equal(call.text, "identity b \ngrant p b .*\nlive 1000000000\n");
	conf.data_file = mock_asker_file("CN=a\nDNS:* CN=b\n");
	assert_int_equal(pluq_plugin_entry.reload(self, &conf, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, ":2:1: a star stands only for"));
	assert_int_equal(ask(self, &b, &call), PLUQ_AUTH_ALLOW);
	pluq_plugin_entry.fini(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_fit),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(all_entries_that_fit_count),
		cmocka_unit_test(only_verified_certificates_count),
		cmocka_unit_test(a_reload_takes_the_new_file_if_it_is_good),
	};

	ops = pluq_plugin_entry.ops;
	mock_asker_init(&host);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mock_asker_fini(&host);
	return failed;
}
