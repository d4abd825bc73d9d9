/* statsd: names that take long to find or are not there, and receivers that come and go within a round. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "cmocka_all.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../plugins/metrics/statsd/target.h"

/* ---- the resolver: names that end in .test ---- */

static atomic_int asked; /* how often it was, for such a name */
static sem_t answer;     /* "slow" waits for it */

static int real(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*fn)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	*(void **)&fn = dlsym(RTLD_NEXT, "getaddrinfo");
	assert_non_null(fn);
	return fn(host, port, hints, out);
}

/* "two.test" is first 127.77.0.1, then one that cannot be connected to, as it is no address of anybody's. */
static int two(const char *port, const struct addrinfo *hints, struct addrinfo **out)
{
	int error = real("127.77.0.1", port, hints, out);

	if (error == 0 && (error = real("127.77.0.2", port, hints, &(*out)->ai_next)) == 0)
		(*out)->ai_next->ai_addr->sa_family = AF_UNSPEC + 250;
	return error;
}

int getaddrinfo(const char *restrict host, const char *restrict port, const struct addrinfo *restrict hints,
    struct addrinfo **restrict out)
{
	if (!host || !strstr(host, ".test") || (hints->ai_flags & AI_NUMERICHOST))
		return real(host, port, hints, out);
	atomic_fetch_add(&asked, 1);
	if (strncmp(host, "slow", 4) == 0)
		sem_wait(&answer);
	if (strcmp(host, "none.test") == 0)
		return EAI_NONAME;
	return strcmp(host, "two.test") == 0 ? two(port, hints, out) : real("127.77.0.1", port, hints, out);
}

/* ---- names ---- */

/* However slow the machine is. */
static const char *find(struct lookup **held, const char *host, struct addrinfo **list)
{
	const char *wrong;

	do
		wrong = lookup_find(held, host, "1", list);
	while (wrong && strstr(wrong, "not found within"));
	return wrong;
}

static void test_a_name_is_waited_for_a_second(void **state)
{
	struct lookup *held = NULL;
	struct addrinfo *list = NULL;

	asked = 0;
	for (int i = 0; i < 2; i++) {
		assert_string_equal(lookup_find(&held, "slow.test", "1", &list), "its address was not found within 1s");
		assert_non_null(held);
	}
	assert_int_equal(asked, 1); /* it is asked once while it does not answer */
	sem_post(&answer);
	assert_null(find(&held, "slow.test", &list)); /* and the answer is of use though it is late */
	assert_null(held);
	assert_int_equal(asked, 1);
	freeaddrinfo(list);
	sem_post(&answer);
	assert_null(find(&held, "slow.test", &list)); /* anew each time */
	assert_int_equal(asked, 2);
	freeaddrinfo(list);
}

static void test_a_name_that_hangs_is_not_in_the_way_of_others(void **state)
{
	struct lookup *held = NULL;
	struct addrinfo *list = NULL;
	static const char *const names[] = {"127.0.0.1", "", "fast.test"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_non_null(lookup_find(&held, "slow.test", "1", &list));
		assert_null(find(&held, names[i], &list));
		assert_null(held);
		assert_non_null(list);
		freeaddrinfo(list);
	}
	assert_non_null(lookup_find(&held, "slow.test", "1", &list));
	assert_string_equal(find(&held, "none.test", &list), gai_strerror(EAI_NONAME));
	assert_null(held);
	for (int i = 0; i < 4; i++)
		sem_post(&answer);
}

/* ---- receivers ---- */

static int listen_at(struct sockaddr *at, socklen_t size)
{
	int fd = socket(at->sa_family, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, at, size), 0);
	return fd;
}

static void assert_receives(int fd, const char *wanted)
{
	char text[64] = "";

	assert_int_equal(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), strlen(wanted));
	assert_string_equal(text, wanted);
}

/* The other address cannot be connected to, so the first one stays. */
static void test_one_that_comes_back_is_sent_to_again(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t size = sizeof(in);
	struct lookup *held = NULL;
	struct address address;
	struct target t;
	char text[64], why[160] = "";
	int fd;

	inet_pton(AF_INET, "127.77.0.1", &in.sin_addr);
	fd = listen_at((struct sockaddr *)&in, sizeof(in));
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
	snprintf(text, sizeof(text), "two.test:%d", ntohs(in.sin_port));
	assert_null(address_parse(&address, text));
	assert_true(target_open(&t, &address, &held, why, sizeof(why)));
	assert_int_equal(target_send(&t, "a", 1), 0);
	assert_receives(fd, "a");
	close(fd);
	assert_int_equal(target_send(&t, "b", 1), ECONNREFUSED);
	assert_false(target_next(&t));
	fd = listen_at((struct sockaddr *)&in, sizeof(in));
	assert_int_equal(target_send(&t, "c", 1), 0);
	assert_receives(fd, "c");
	close(fd);
	target_close(&t);
	address_fini(&address);
}

static void test_a_unix_socket_that_is_made_anew_is_connected_to(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/test_target.XXXXXX", why[160] = "";
	struct lookup *held = NULL;
	struct address address;
	struct target t;
	int fd;

	assert_non_null(mkdtemp(folder));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", folder);
	assert_null(address_parse(&address, un.sun_path));
	assert_false(target_open(&t, &address, &held, why, sizeof(why)));
	assert_non_null(strstr(why, "/s: No such file or directory"));
	fd = listen_at((struct sockaddr *)&un, sizeof(un));
	assert_true(target_open(&t, &address, &held, why, sizeof(why)));
	assert_int_equal(target_send(&t, "a", 1), 0);
	assert_receives(fd, "a");
	close(fd);
	for (int i = 0; i < 3; i++) { /* each time, not only when it has just gone */
		assert_int_equal(target_send(&t, "b", 1), ECONNREFUSED);
		assert_false(target_next(&t));
	}
	unlink(un.sun_path);
	fd = listen_at((struct sockaddr *)&un, sizeof(un));
	assert_int_equal(target_send(&t, "c", 1), ECONNREFUSED);
	assert_true(target_next(&t));
	assert_int_equal(target_send(&t, "c", 1), 0);
	assert_receives(fd, "c");
	close(fd);
	unlink(un.sun_path);
	rmdir(folder);
	target_close(&t);
	address_fini(&address);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_is_waited_for_a_second),
		cmocka_unit_test(test_a_name_that_hangs_is_not_in_the_way_of_others),
		cmocka_unit_test(test_one_that_comes_back_is_sent_to_again),
		cmocka_unit_test(test_a_unix_socket_that_is_made_anew_is_connected_to),
	};

	sem_init(&answer, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
