/* The secret that a request brings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pluq/error.h>

#include "../../daemon/net/http_secret.h"

static void add(struct pluq__http_fields *f, const char *name, const char *value)
{
	assert_int_equal(pluq__http_fields_add(f, PLUQ__HTTP_NAME, name, strlen(name)), 0);
	assert_int_equal(pluq__http_fields_add(f, PLUQ__HTTP_VALUE, value, strlen(value)), 0);
	assert_int_equal(pluq__http_fields_end(f), 0);
}

static void expect(const char *value, int result, const char *want, size_t length)
{
	struct pluq__http_fields f = {0};
	char *secret = NULL;
	size_t n = 0;
	add(&f, "Host", "h");
	if (value)
		add(&f, "authorization", value);
	add(&f, "Accept", "*/*");
	int got = pluq__http_secret(&f, &secret, &n);
	if (got != result)
		fail_msg("%s: %d", value ? value : "(none)", got);
	if (got == 0) {
		assert_int_equal(n, length);
		assert_memory_equal(secret, want, length + 1); /* with a NUL behind it */
	}
	pluq__http_secret_free(&secret, n);
	assert_null(secret);
	pluq__http_fields_fini(&f);
}

static void a_bearer_token_is_the_secret(void **state)
{
	static const char *const tokens[] = {"a", "abc.def-ghi_~+/==", "with:colon,and\"quote", "\xc3\xa9"};
	char value[100];
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		strcat(strcpy(value, "Bearer "), tokens[i]);
		expect(value, 0, tokens[i], strlen(tokens[i]));
		strcat(strcpy(value, "bEARER   "), tokens[i]);
		expect(value, 0, tokens[i], strlen(tokens[i]));
	}
	expect("Bearer", PLUQ_EINVAL, NULL, 0);
	expect("Bearer ", PLUQ_EINVAL, NULL, 0);
	expect("Bearer a b", PLUQ_EINVAL, NULL, 0);
	expect("Bearer a\tb", PLUQ_EINVAL, NULL, 0);
	expect("Bearer\ta", PLUQ_EINVAL, NULL, 0);
	expect("Bearera", PLUQ_EINVAL, NULL, 0);
}

static void a_basic_password_is_the_secret(void **state)
{
	expect("Basic dTpw", 0, "p", 1);                  /* u:p */
	expect("basic  dTpw", 0, "p", 1);
	expect("Basic OnA=", 0, "p", 1);                  /* :p */
	expect("Basic OnB3", 0, "pw", 2);                 /* :pw */
	expect("Basic dTpwOnE=", 0, "p:q", 3);            /* u:p:q */
	expect("Basic dTpwAHE=", 0, "p\0q", 3);           /* any bytes */
	expect("Basic dTr//v8=", 0, "\xff\xfe\xff", 3);
	expect("Basic dXNlcjpwYXNzd29yZA==", 0, "password", 8);
}

static void base64_is_judged_strictly(void **state)
{
	static const char *const bad[] = {
		"Basic", "Basic ", "Basic dTp", "Basic dTpwOn", "Basic dTpwOnE", "Basic dTpwOnE==", "Basic dTpwOnF=", "Basic OnB=",
		"Basic dT=w", "Basic d===", "Basic ====", "Basic =", "Basic dTpw=", "Basic dTpw====", "Basic dTpw dTpw", "Basic dTp\tw",
		"Basic dTr__v8=", "Basic dTr-", "Basic dTpwOn!=", "Basic dTpw\xc3\xa9", "Basic dXA=", "Basic dTo=", "Basic Og==", "Basic OnE=OnE=",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect(bad[i], PLUQ_EINVAL, NULL, 0);
}

static void anything_else_is_none(void **state)
{
	expect(NULL, PLUQ_EUNKNOWN, NULL, 0);
	expect("", PLUQ_EINVAL, NULL, 0);
	expect("secret", PLUQ_EINVAL, NULL, 0);
	expect("Digest username=\"u\"", PLUQ_EINVAL, NULL, 0);
	expect("Bearer2 x", PLUQ_EINVAL, NULL, 0);
}

static void two_of_them_are_one_too_many(void **state)
{
	struct pluq__http_fields f = {0};
	char *secret = NULL;
	size_t n;
	add(&f, "Authorization", "Bearer a");
	add(&f, "X", "y");
	add(&f, "AUTHORIZATION", "Bearer a");
	assert_int_equal(pluq__http_secret(&f, &secret, &n), PLUQ_EINVAL);
	pluq__http_fields_fini(&f);
}

static void fields_are_found_in_order(void **state)
{
	struct pluq__http_fields f = {0};
	assert_null(pluq__http_fields_find(&f, "a", NULL));
	assert_int_equal(pluq__http_fields_add(&f, PLUQ__HTTP_URI, "/a", 2), 0);
	assert_int_equal(pluq__http_fields_add(&f, PLUQ__HTTP_URI, "b", 1), 0);
	add(&f, "b", "1 \t ");
	add(&f, "a", "2");
	add(&f, "B", "");
	add(&f, "b", "4");
	const char *value = pluq__http_fields_find(&f, "b", NULL);
	assert_string_equal(value, "1");
	value = pluq__http_fields_find(&f, "b", value);
	assert_string_equal(value, "");
	value = pluq__http_fields_find(&f, "b", value);
	assert_string_equal(value, "4");
	assert_null(pluq__http_fields_find(&f, "b", value));
	assert_null(pluq__http_fields_find(&f, "/ab", NULL));
	assert_string_equal(f.text, "/ab");
	assert_false(f.malformed);
	add(&f, "c ", "5");
	assert_true(f.malformed);
	pluq__http_fields_fini(&f);
	assert_null(f.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bearer_token_is_the_secret),
		cmocka_unit_test(a_basic_password_is_the_secret),
		cmocka_unit_test(base64_is_judged_strictly),
		cmocka_unit_test(anything_else_is_none),
		cmocka_unit_test(two_of_them_are_one_too_many),
		cmocka_unit_test(fields_are_found_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
