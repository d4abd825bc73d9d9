/* statsd: names, changes, prefix, datagrams, when they go, and where. */
#include "cmocka_all.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../plugins/metrics/statsd/keys.h"
#include "mock_snapshot.h"

extern const struct pluq_plugin pluq_plugin_entry;

#define SECOND INT64_C(1000000000)

struct rig {
	struct mock_metrics_host host;
	struct conf conf;
	void *self;
	int fd;
	char address[32];
};

static const struct pluq_metrics_ops *ops(void)
{
	return pluq_plugin_entry.ops;
}

static int listen_udp(int family, char *address, size_t size)
{
	int fd = socket(family, SOCK_DGRAM, 0);
	struct sockaddr_storage at = {.ss_family = (sa_family_t)family};
	socklen_t length = sizeof(at);
	uint16_t port;

	if (family == AF_INET6)
		((struct sockaddr_in6 *)&at)->sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	port = ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port : ((struct sockaddr_in *)&at)->sin_port);
	snprintf(address, size, family == AF_INET6 ? "[::1]:%d" : "127.0.0.1:%d", port);
	return fd;
}

static void set_up(struct rig *r)
{
	struct pluq_why why = {""};

	mock_metrics_host_init(&r->host);
	r->fd = listen_udp(AF_INET, r->address, sizeof(r->address));
	r->conf = (struct conf){.address = r->address, .prefix = "nsq.%s", .interval = 60 * SECOND, .udp_packet_size = 508};
	assert_int_equal(pluq_plugin_entry.init(&r->host.host.pub, &r->conf, &r->self, &why), 0);
}

static void tear_down(struct rig *r)
{
	pluq_plugin_entry.fini(r->self);
	close(r->fd);
	mock_host_fini(&r->host.host);
}

static void change(struct rig *r)
{
	struct pluq_why why = {""};

	assert_int_equal(pluq_plugin_entry.reload(r->self, &r->conf, &why), 0);
}

/* What has come, datagrams divided by '>'. */
static const char *received(int fd)
{
	static char all[65536];
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(all) - 2 && (n = recv(fd, all + used, sizeof(all) - used - 2, MSG_DONTWAIT)) >= 0) {
		used += (size_t)n;
		all[used++] = '>';
	}
	all[used] = 0;
	return all;
}

/* A whole round without waiting, as at the stop. */
static const char *round_of(struct rig *r, struct mock_snapshot *s)
{
	struct pluq_why why = {""};

	assert_int_equal(ops()->take(r->self, &s->pub, &why), 0);
	while (ops()->step(r->self) > 0)
		;
	return received(r->fd);
}

/* ---- names and values ---- */

static void put_topic(struct mock_snapshot *s, const char *topic, double count)
{
	mock_sample(s, "topic_backend_depth", topic, NULL, 4); /* the order is not the original's */
	mock_sample(s, "topic_published_messages", topic, NULL, count);
	mock_sample(s, "topic_published", topic, NULL, count * 10);
	mock_sample(s, "topic_depth", topic, NULL, 5);
	mock_sample(s, "topic_channels", topic, NULL, 1);
	mock_sample(s, "topic_e2e_latency", topic, NULL, 0.25)->detail = "0.99";
}

static void put_channel(struct mock_snapshot *s, const char *topic, const char *channel, double count)
{
	mock_sample(s, "channel_received_messages", topic, channel, count);
	mock_sample(s, "channel_received", topic, channel, count * 10);
	mock_sample(s, "channel_depth", topic, channel, 6);
	mock_sample(s, "channel_backend_depth", topic, channel, 7);
	mock_sample(s, "channel_in_flight_messages", topic, channel, 8);
	mock_sample(s, "channel_deferred_messages", topic, channel, 9);
	mock_sample(s, "channel_requeued_messages", topic, channel, 2);
	mock_sample(s, "channel_timed_out_messages", topic, channel, 3);
	mock_sample(s, "channel_consumers", topic, channel, 11);
	mock_sample(s, "channel_e2e_latency", topic, channel, 0)->detail = "1";
}

static void test_the_original_s_keys_in_its_order(void **state)
{
	struct rig r;
	struct mock_snapshot s;

	set_up(&r);
	r.conf.prefix = "";
	r.conf.udp_packet_size = 65507;
	r.conf.mem_stats = true;
	change(&r);
	mock_snapshot_init(&s);
	mock_sample(&s, "heap_in_use", NULL, NULL, 200);
	mock_sample(&s, "heap_idle", NULL, NULL, 100);
	mock_sample(&s, "connections", NULL, NULL, 1)->detail = "TCP";
	put_topic(&s, "t.x#ephemeral", 12);
	put_channel(&s, "t.x#ephemeral", "c", 13);
	assert_string_equal(round_of(&r, &s),
	    "topic.t.x#ephemeral.message_count:12|c\ntopic.t.x#ephemeral.message_bytes:120|c\ntopic.t.x#ephemeral.depth:5|g\n"
	    "topic.t.x#ephemeral.backend_depth:4|g\ntopic.t.x#ephemeral.e2e_processing_latency_99:250000000|g\n"
	    "topic.t.x#ephemeral.channel.c.message_count:13|c\ntopic.t.x#ephemeral.channel.c.depth:6|g\n"
	    "topic.t.x#ephemeral.channel.c.backend_depth:7|g\ntopic.t.x#ephemeral.channel.c.in_flight_count:8|g\n"
	    "topic.t.x#ephemeral.channel.c.deferred_count:9|g\ntopic.t.x#ephemeral.channel.c.requeue_count:2|c\n"
	    "topic.t.x#ephemeral.channel.c.timeout_count:3|c\ntopic.t.x#ephemeral.channel.c.clients:11|g\n"
	    "topic.t.x#ephemeral.channel.c.e2e_processing_latency_100:0|g\n"
	    "mem.heap_objects:0|g\nmem.heap_idle_bytes:100|g\nmem.heap_in_use_bytes:200|g\nmem.heap_released_bytes:0|g\n"
	    "mem.gc_pause_usec_100:0|g\nmem.gc_pause_usec_99:0|g\nmem.gc_pause_usec_95:0|g\nmem.next_gc_bytes:0|g\nmem.gc_runs:0|c\n>");
	tear_down(&r);
}

static void test_percentiles_are_named_as_the_original_does(void **state)
{
	static const char *const names[][2] = {{"0.99", "99"}, {"1", "100"}, {"0.999", "100"}, {"0.995", "100"}, {"0.985", "98"},
	    {"0.05", "5"}, {"0.5", "50"}};
	struct rig r;

	set_up(&r);
	r.conf.prefix = "";
	change(&r);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct mock_snapshot s;
		char wanted[128];

		mock_snapshot_init(&s);
		mock_sample(&s, "topic_e2e_latency", "t", NULL, 1e-9)->detail = names[i][0];
		snprintf(wanted, sizeof(wanted), "topic.t.e2e_processing_latency_%s:1|g\n>", names[i][1]);
		assert_string_equal(round_of(&r, &s), wanted);
	}
	tear_down(&r);
}

static const char *counts(struct rig *r, double t, double c)
{
	struct mock_snapshot s;

	mock_snapshot_init(&s);
	if (t >= 0)
		mock_sample(&s, "topic_published_messages", "t", NULL, t);
	if (c >= 0)
		mock_sample(&s, "channel_received_messages", "t", "c", c);
	return round_of(r, &s);
}

static void test_counters_are_changes(void **state)
{
	struct rig r;

	set_up(&r);
	r.conf.prefix = "";
	change(&r);
	assert_string_equal(counts(&r, 5, 4), "topic.t.message_count:5|c\ntopic.t.channel.c.message_count:4|c\n>");
	assert_string_equal(counts(&r, 7, 4), "topic.t.message_count:2|c\ntopic.t.channel.c.message_count:0|c\n>");
	assert_string_equal(counts(&r, 3, 1), "topic.t.message_count:-4|c\ntopic.t.channel.c.message_count:-3|c\n>");
	assert_string_equal(counts(&r, -1, -1), "");
	assert_string_equal(counts(&r, 3, -1), "topic.t.message_count:3|c\n>");
	tear_down(&r);
}

static void test_a_round_that_fails_is_made_up_for(void **state)
{
	struct rig r;
	struct mock_snapshot s;
	struct pluq_why why = {""};

	set_up(&r);
	r.conf.prefix = "";
	change(&r);
	counts(&r, 5, 4);
	r.conf.address = "/nonsuch/statsd.sock";
	change(&r);
	mock_snapshot_init(&s);
	mock_sample(&s, "topic_published_messages", "t", NULL, 6);
	assert_int_equal(ops()->take(r.self, &s.pub, &why), PLUQ_EADDRESS);
	assert_string_equal(why.text, "/nonsuch/statsd.sock: No such file or directory");
	r.conf.address = r.address;
	change(&r);
	assert_string_equal(counts(&r, 8, 4), "topic.t.message_count:3|c\ntopic.t.channel.c.message_count:0|c\n>");
	tear_down(&r);
}

static void test_ephemeral_names_can_be_left_out(void **state)
{
	struct rig r;
	struct mock_snapshot s;

	set_up(&r);
	r.conf.prefix = "";
	r.conf.exclude_ephemeral = r.conf.all = true;
	change(&r);
	for (int round = 0; round < 2; round++) {
		mock_snapshot_init(&s);
		mock_sample(&s, "topic_published_messages", "a#ephemeral", NULL, 1);
		mock_sample(&s, "channel_received_messages", "a#ephemeral", "c", 1);
		mock_sample(&s, "topic_published_messages", "b", NULL, 1);
		mock_sample(&s, "channel_received_messages", "b", "c", 1);
		mock_sample(&s, "channel_received_messages", "b", "c#ephemeral", 1);
		mock_sample(&s, "channel_received", "b", "c#ephemeral", 1);
		if (round == 0)
			assert_string_equal(round_of(&r, &s), "topic.b.message_count:1|c\ntopic.b.channel.c.message_count:1|c\n>");
	}
	r.conf.exclude_ephemeral = false; /* what was left out has been kept up to date */
	change(&r);
	assert_non_null(strstr(round_of(&r, &s), "topic.a#ephemeral.message_count:0|c\n"));
	tear_down(&r);
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *host;
		int port;
		const char *prefix, *wanted;
	} cases[] = {
		{"127.0.0.1", 5190, "nsq.%s", "nsq.127_0_0_1_5190."},
		{"127.0.0.1", 5190, "a.%s.b.%s", "a.127_0_0_1_5190.b.127_0_0_1_5190."},
		{"h.example.com", 5190, "p%s", "ph_example_com_5190."},
		{"::1", 5190, "nsq.%s", "nsq.[__1]_5190."},
		{"h", 0, "nsq.%s.", "nsq.h_0."},
		{"h", 1, "", ""},
		{"h", 1, "x%d%", "x%d%."},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct settings s = {.prefix = (char *)(uintptr_t)cases[i].prefix};
		struct text t = {0};

		settings_put_prefix(&s, cases[i].host, cases[i].port, &t);
		text_put(&t, "", 1);
		assert_string_equal(t.bytes, cases[i].wanted);
		text_fini(&t);
	}
}

static void test_dogstatsd_has_names_in_tags(void **state)
{
	struct rig r;
	struct mock_snapshot s;

	set_up(&r);
	r.conf.prefix = "p";
	r.conf.dogstatsd = r.conf.all = true;
	change(&r);
	mock_snapshot_init(&s);
	struct pluq_sample *x = mock_sample(&s, "connections", NULL, NULL, 2);
	x->plugin = "nsqd";
	x->detail = "TLS TCP";
	mock_sample(&s, "topic_published_messages", "t.a", NULL, 1);
	mock_sample(&s, "channel_depth", "t.a", "c", 3);
	mock_sample(&s, "channel_e2e_latency", "t.a", "c", 1)->detail = "0.5";
	assert_string_equal(round_of(&r, &s),
	    "p.topic.message_count:1|c|#topic:t.a\np.channel.depth:3|g|#topic:t.a,channel:c\n"
	    "p.channel.e2e_processing_latency_50:1000000000|g|#topic:t.a,channel:c\n"
	    "p.connections:2|g|#plugin:nsqd,listener:TLS_TCP\n>");
	tear_down(&r);
}

static void test_all_that_is_measured(void **state)
{
	const struct pluq_histogram h = {.count = 4, .sum = 0.5};
	struct rig r;
	struct mock_snapshot s;

	set_up(&r);
	r.conf.prefix = "";
	mock_snapshot_init(&s);
	mock_sample(&s, "loop_busy", NULL, NULL, 1.25)->detail = "0";
	struct pluq_sample *x = mock_sample(&s, "connections", NULL, NULL, 2);
	x->plugin = "nsqd";
	x->detail = "127.0.0.1:1";
	mock_sample(&s, "topic_channels", "t", NULL, 3);
	mock_sample(&s, "topic_dropped_messages", "t", NULL, 6)->detail = "full";
	mock_sample(&s, "channel_received", "t", "c", 7);
	mock_sample(&s, "channel_finish_latency", "t", "c", 0)->histogram = &h;
	change(&r);
	assert_string_equal(round_of(&r, &s), "");
	r.conf.all = true;
	change(&r);
	assert_string_equal(round_of(&r, &s), /* nobody has looked before: no changes are known */
	    "loop_busy_seconds.0:0|c\nconnections.nsqd.127_0_0_1_1:2|g\ntopic.t.channels:3|g\ntopic.t.dropped_messages.full:0|c\n"
	    "topic.t.channel.c.received_bytes:0|c\ntopic.t.channel.c.finish_latency.count:0|c\n"
	    "topic.t.channel.c.finish_latency_seconds.sum:0|c\n>");
	s.samples[0].pub.value += 0.125;
	s.samples[4].pub.value += 10;
	const struct pluq_histogram more = {.count = 5, .sum = 0.75};
	s.samples[5].pub.histogram = &more;
	const char *got = round_of(&r, &s);
	assert_non_null(strstr(got, "loop_busy_seconds.0:0.125|c\n"));
	assert_non_null(strstr(got, "received_bytes:10|c\n"));
	assert_non_null(strstr(got, "finish_latency.count:1|c\n"));
	assert_non_null(strstr(got, "finish_latency_seconds.sum:0.25|c\n"));
	tear_down(&r);
}

/* ---- datagrams ---- */

static void put_line(struct packets *p, size_t length)
{
	for (size_t i = 1; i < length; i++)
		text_put(&p->text, "x", 1);
	packets_end_line(p);
}

static void test_lines_are_packed_and_never_split(void **state)
{
	static const size_t lines[] = {10, 10, 10, 11, 10, 31, 5, 30, 1, 29};
	static const size_t wanted[] = {30, 21, 31, 5, 30, 30};
	struct packets p = {0};

	for (int again = 0; again < 2; again++) {
		packets_begin(&p, 30);
		for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
			put_line(&p, lines[i]);
		assert_true(packets_end(&p));
		assert_int_equal(p.count, sizeof(wanted) / sizeof(*wanted));
		for (size_t i = 0; i < p.count; i++) {
			size_t length;
			const char *bytes = packets_at(&p, i, &length);

			assert_int_equal(length, wanted[i]);
			assert_int_equal(bytes[length - 1], '\n');
		}
	}
	packets_begin(&p, 30);
	assert_true(packets_end(&p));
	assert_int_equal(p.count, 0);
	packets_fini(&p);
}

/* Time that the test moves. */
static int64_t moved_ns;
static int64_t moved(const struct pluq_host *h)
{
	return moved_ns;
}

static int datagrams(const char *all)
{
	int n = 0;

	for (; *all; all++)
		n += *all == '>';
	return n;
}

static void test_datagrams_are_spread_over_the_interval(void **state)
{
	struct rig r;
	struct mock_snapshot s;
	struct pluq_why why = {""};

	set_up(&r);
	r.host.host.pub.now_ns = moved;
	moved_ns = 1000;
	r.conf.prefix = "";
	r.conf.interval = 11 * SECOND;
	r.conf.udp_packet_size = 1;
	change(&r);
	assert_int_equal(ops()->interval_ns(r.self), 11 * SECOND);
	mock_snapshot_init(&s);
	s.pub.mono_ns = moved_ns;
	for (int i = 0; i < 5; i++)
		mock_sample(&s, "topic_depth", (const char *const[]){"a", "b", "c", "d", "e"}[i], NULL, i);
	assert_int_equal(ops()->take(r.self, &s.pub, &why), 0);
	assert_int_equal(datagrams(received(r.fd)), 0);
	assert_int_equal(ops()->step(r.self), 2 * SECOND); /* the first at once */
	assert_string_equal(received(r.fd), "topic.a.depth:0|g\n>");
	moved_ns += 2 * SECOND + SECOND / 2; /* a step that comes late does not shift the others */
	assert_int_equal(ops()->step(r.self), 3 * SECOND / 2);
	assert_string_equal(received(r.fd), "topic.b.depth:1|g\n>");
	moved_ns += 4 * SECOND; /* what is due by now goes out together */
	assert_int_equal(ops()->step(r.self), 3 * SECOND / 2);
	assert_string_equal(received(r.fd), "topic.c.depth:2|g\n>topic.d.depth:3|g\n>");
	assert_int_equal(ops()->step(r.self), 0); /* without waiting: the stop */
	assert_string_equal(received(r.fd), "topic.e.depth:4|g\n>");
	assert_int_equal(ops()->step(r.self), 0);
	s.pub.mono_ns = moved_ns - 5 * SECOND / 2; /* what the making of datagrams has taken is missing then */
	assert_int_equal(ops()->take(r.self, &s.pub, &why), 0);
	assert_int_equal(ops()->step(r.self), 3 * SECOND / 2);
	while (ops()->step(r.self) > 0)
		;
	s.pub.mono_ns = moved_ns - 10 * SECOND;
	assert_int_equal(ops()->take(r.self, &s.pub, &why), 0);
	assert_int_equal(ops()->step(r.self), 0); /* all at once */
	s.pub.mono_ns = moved_ns;
	assert_int_equal(ops()->take(r.self, &s.pub, &why), 0);
	assert_int_equal(ops()->step(r.self), 2 * SECOND);
	r.conf.interval = 2 * SECOND; /* a shorter one holds at once, or the next round would wait for the end of this one */
	change(&r);
	assert_int_equal(ops()->step(r.self), 2 * SECOND / 5);
	r.conf.interval = 3600 * SECOND;
	change(&r);
	assert_int_equal(ops()->step(r.self), 6 * SECOND);
	while (ops()->step(r.self) > 0)
		;
	mock_snapshot_init(&s);
	assert_int_equal(ops()->take(r.self, &s.pub, &why), 0);
	assert_int_equal(ops()->step(r.self), 0); /* nothing to send */
	assert_int_equal(mock_metrics_told(&r.host, "sent"), 20);
	tear_down(&r);
}

static void test_ipv6_and_names_with_several_addresses(void **state)
{
	struct rig r;
	char v6[32];

	set_up(&r);
	r.conf.prefix = "";
	char name[32];
	snprintf(name, sizeof(name), "localhost%s", strchr(r.address, ':'));
	r.conf.address = name; /* ::1 comes first on most machines, and nobody listens there */
	change(&r);
	assert_string_equal(counts(&r, 1, -1), "topic.t.message_count:1|c\n>");
	assert_int_equal(mock_metrics_told(&r.host, "refused"), 0);
	close(r.fd);
	r.fd = listen_udp(AF_INET6, v6, sizeof(v6));
	r.conf.address = v6;
	change(&r);
	assert_string_equal(counts(&r, 3, -1), "topic.t.message_count:2|c\n>");
	tear_down(&r);
}

static void test_unix_sockets(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/test_statsd.XXXXXX", address[160];
	struct rig r;

	set_up(&r);
	assert_non_null(mkdtemp(folder));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", folder);
	snprintf(address, sizeof(address), "unix://%s", un.sun_path);
	close(r.fd);
	r.fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(r.fd, (struct sockaddr *)&un, sizeof(un)), 0);
	r.conf.prefix = "";
	r.conf.address = address;
	change(&r);
	assert_string_equal(counts(&r, 1, -1), "topic.t.message_count:1|c\n>");
	r.conf.address = un.sun_path;
	change(&r);
	assert_string_equal(counts(&r, 3, -1), "topic.t.message_count:2|c\n>");

	/* Its queue is full and nobody reads: the rest is dropped, after a while. */
	r.conf.udp_packet_size = 1;
	change(&r);
	for (int i = 0; i < 400 && mock_metrics_told(&r.host, "dropped") == 0; i++) {
		struct pluq_why why = {""};
		struct mock_snapshot s;

		mock_snapshot_init(&s);
		for (int k = 0; k < 60; k++)
			mock_sample(&s, "topic_depth", k % 2 ? "a" : "b", NULL, 0);
		assert_int_equal(ops()->take(r.self, &s.pub, &why), 0);
		while (ops()->step(r.self) > 0)
			;
	}
	assert_true(mock_metrics_told(&r.host, "dropped") > 0);
	assert_true(mock_host_logged(&r.host.host, PLUQ_WARN, "datagrams were not taken by"));
	received(r.fd);
	counts(&r, 3, -1);
	assert_true(mock_host_logged(&r.host.host, PLUQ_INFO, "takes datagrams again, after 1 rounds"));
	unlink(un.sun_path);
	rmdir(folder);
	tear_down(&r);
}

static void test_nobody_listens(void **state)
{
	struct rig r;

	set_up(&r);
	close(r.fd);
	for (int i = 0; i < 9; i++)
		counts(&r, 1, 1);
	assert_int_equal(mock_metrics_told(&r.host, "refused"), 9);
	assert_int_equal(r.host.host.lines[PLUQ_WARN], 4); /* 1, 2, 4, 8 */
	assert_true(mock_host_logged(&r.host.host, PLUQ_WARN, "1 of 1 datagrams were not taken by 127.0.0.1:"));
	assert_true(mock_host_logged(&r.host.host, PLUQ_WARN, ": Connection refused (8 rounds in a row)"));
	counts(&r, -1, -1); /* nothing to send: nobody has come back */
	assert_int_equal(r.host.host.lines[PLUQ_INFO], 0);
	r.fd = -1;
	tear_down(&r);
}

static void test_a_line_that_no_datagram_takes(void **state)
{
	char *longest = malloc(70001);
	struct rig r;

	set_up(&r);
	memset(longest, 'x', 70000);
	longest[70000] = 0;
	r.conf.prefix = longest;
	change(&r);
	assert_string_equal(counts(&r, 1, 1), "");
	assert_int_equal(mock_metrics_told(&r.host, "dropped"), 2);
	assert_true(mock_host_logged(&r.host.host, PLUQ_WARN, ": Message too long (1 rounds in a row)"));
	r.conf.prefix = "";
	change(&r);
	assert_string_equal(counts(&r, 3, 1), "topic.t.message_count:2|c\ntopic.t.channel.c.message_count:0|c\n>");
	free(longest);
	tear_down(&r);
}

static void test_bad_options_say_what_is_wrong(void **state)
{
	static const struct {
		const char *address, *prefix, *wrong;
		int64_t interval;
	} cases[] = {
		{"", "", "address '': it needs a port from 1 to 65535, as in 127.0.0.1:8125", 60 * SECOND},
		{"host", "", "address 'host': it needs a port", 60 * SECOND},
		{"host:", "", "address 'host:': it needs a port", 60 * SECOND},
		{"host:0", "", "it needs a port", 60 * SECOND},
		{"host:65536", "", "it needs a port", 60 * SECOND},
		{"host:8125x", "", "it needs a port", 60 * SECOND},
		{"::1:8125", "", "an IPv6 address goes in brackets, as in [::1]:8125", 60 * SECOND},
		{"[::1:8125", "", "a '[' without its ']'", 60 * SECOND},
		{"[:1", "", "a '[' without its ']'", 60 * SECOND},
		{"unix://x", "", "the path of a unix socket begins with /", 60 * SECOND},
		{"h:1", "a:b", "prefix 'a:b': no name has a ':'", 60 * SECOND},
		{"h:1", "a|b", "prefix 'a|b': no name has a ':', '|' or line break", 60 * SECOND},
		{"h:1", "a\nb", "no name has a ':', '|' or line break", 60 * SECOND},
		{"h:1", "", "interval: it must be more than 1s", SECOND},
	};
	char longer[300];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf conf = {.address = cases[i].address, .prefix = cases[i].prefix, .interval = cases[i].interval};
		struct pluq_why why = {""};

		assert_int_equal(pluq_plugin_entry.check(&conf, &why), PLUQ_EINVAL);
		assert_non_null(strstr(why.text, cases[i].wrong));
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	longer[0] = '/';
	struct conf conf = {.address = longer, .prefix = "", .interval = 2 * SECOND};
	struct pluq_why why = {""};
	assert_int_equal(pluq_plugin_entry.check(&conf, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "too long"));
	conf.address = ":8125";
	conf.prefix = "nsq@%s #1"; /* stands in the way of nothing */
	assert_int_equal(pluq_plugin_entry.check(&conf, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_original_s_keys_in_its_order),
		cmocka_unit_test(test_percentiles_are_named_as_the_original_does),
		cmocka_unit_test(test_counters_are_changes),
		cmocka_unit_test(test_a_round_that_fails_is_made_up_for),
		cmocka_unit_test(test_ephemeral_names_can_be_left_out),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_dogstatsd_has_names_in_tags),
		cmocka_unit_test(test_all_that_is_measured),
		cmocka_unit_test(test_lines_are_packed_and_never_split),
		cmocka_unit_test(test_datagrams_are_spread_over_the_interval),
		cmocka_unit_test(test_ipv6_and_names_with_several_addresses),
		cmocka_unit_test(test_unix_sockets),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_a_line_that_no_datagram_takes),
		cmocka_unit_test(test_bad_options_say_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
