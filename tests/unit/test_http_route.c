#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../daemon/net/http_route.h"

/* As a handler built against a later header would declare them. */
struct later_route {
	struct pluq_http_route route;
	uint64_t more;
};

static const struct later_route declared[] = {
	{{.method = "GET", .path = "/ping"}, 1},
	{{.method = "POST", .path = "/pub"}, 1},
	{{.method = "POST", .path = "/topic/create"}, 1},
	{{.method = "PUT", .path = "/config/:opt"}, 1},
	{{.method = "GET", .path = "/config/:opt"}, 1},
};

static const struct pluq__http_routes routes = {
	.first = declared, .count = sizeof declared / sizeof *declared, .stride = sizeof *declared,
};

static void check_found(const char *method, const char *path, int index, const char *want_param)
{
	const char *param;
	const struct pluq_http_route *r = pluq__http_route_find(&routes, method, path, &param);
	assert_ptr_equal(r, index < 0 ? NULL : &declared[index].route);
	if (want_param)
		assert_string_equal(param, want_param);
	else
		assert_null(param);
}

static void paths_fit_exactly(void **state)
{
	check_found("GET", "/ping", 0, NULL);
	check_found("POST", "/topic/create", 2, NULL);
	check_found("GET", "/config/log_level", 4, "log_level");
	check_found("PUT", "/config/log_level", 3, "log_level");
	check_found("POST", "/ping", -1, NULL);
	check_found("GET", "/ping/", -1, NULL);
	check_found("GET", "/pin", -1, NULL);
	check_found("GET", "/pingx", -1, NULL);
	check_found("GET", "/PING", -1, NULL);
	check_found("GET", "/config/", -1, NULL);
	check_found("GET", "/config", -1, NULL);
	check_found("GET", "/config/a/b", -1, NULL);
	check_found("GET", "", -1, NULL);
	check_found("GET", "*", -1, NULL);
}

static void check_canonical(const char *method, const char *path, const char *want)
{
	char *got = pluq__http_route_canonical(&routes, method, path);
	if (want) {
		assert_non_null(got);
		assert_string_equal(got, want);
	} else {
		assert_null(got);
	}
	free(got);
}

static void near_misses_have_a_canonical_path(void **state)
{
	check_canonical("GET", "/ping/", "/ping");
	check_canonical("GET", "//ping", "/ping");
	check_canonical("GET", "/PiNG", "/ping");
	check_canonical("GET", "/x/../ping", "/ping");
	check_canonical("GET", "/../../ping/.", "/ping");
	check_canonical("GET", "/./ping//", "/ping");
	check_canonical("POST", "/Topic//create", "/topic/create");
	check_canonical("POST", "/topic/x/../create/", "/topic/create");
	check_canonical("GET", "/CONFIG/Log_Level/", "/config/Log_Level");
	check_canonical("POST", "/ping/", NULL);
	check_canonical("GET", "/config/", NULL);
	check_canonical("GET", "/config/a/b", NULL);
	check_canonical("GET", "/", NULL);
	check_canonical("GET", "//", NULL);
	check_canonical("GET", "/ping/..", NULL);
	check_canonical("OPTIONS", "*", NULL);
}

static void allow_is_sorted(void **state)
{
	char allow[PLUQ__HTTP_ALLOW_MAX];
	assert_true(pluq__http_route_allow(&routes, "/ping", allow));
	assert_string_equal(allow, "GET, OPTIONS");
	assert_true(pluq__http_route_allow(&routes, "/pub", allow));
	assert_string_equal(allow, "OPTIONS, POST");
	assert_true(pluq__http_route_allow(&routes, "/config/x", allow));
	assert_string_equal(allow, "GET, OPTIONS, PUT");
	assert_false(pluq__http_route_allow(&routes, "/nothing", allow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_fit_exactly),
		cmocka_unit_test(near_misses_have_a_canonical_path),
		cmocka_unit_test(allow_is_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
