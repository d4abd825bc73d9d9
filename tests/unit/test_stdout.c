/* stdout: lines for people and for collectors, and what becomes of them when nobody takes them. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../plugins/metrics/stdout/output.h"
#include "../../plugins/metrics/stdout/writing.h"
#include "mock_snapshot.h"

extern const struct pluq_plugin pluq_plugin_entry;

/* ---- what is written ---- */

struct sheet {
	struct mock_snapshot s;
	struct pick pick;
	struct past now, before;
	struct text text;
};

static const char *written(struct sheet *w, void (*write_it)(const struct writing *), double seconds)
{
	struct writing writing = {&w->s.pub, &w->pick, &w->now, &w->before, seconds, &w->text};

	text_clear(&w->text);
	past_clear(&w->now);
	w->before.group = w->before.entry = 0;
	write_it(&writing);
	past_turn(&w->now, &w->before);
	text_put(&w->text, "", 1);
	assert_false(w->text.failed);
	return w->text.bytes;
}

static void sheet_fini(struct sheet *w)
{
	past_fini(&w->now);
	past_fini(&w->before);
	text_fini(&w->text);
}

static const struct pluq_bucket buckets[] = {{0.001, 90}, {0.25, 9}, {2, 1}};
static const struct pluq_histogram latency = {.buckets = buckets, .bucket_count = 3, .count = 100, .sum = 4.5};

static void fill(struct sheet *w)
{
	memset(w, 0, sizeof(*w));
	mock_snapshot_init(&w->s);
	struct pluq_sample *x = mock_sample(&w->s, "connections", NULL, NULL, 3);
	x->plugin = "nsqd";
	x->detail = "TCP";
	mock_sample(&w->s, "heap_idle", NULL, NULL, 1234567);
	mock_sample(&w->s, "topic_published_messages", "t", NULL, 10);
	mock_sample(&w->s, "channel_depth", "t", "c", 5);
	mock_sample(&w->s, "channel_finish_latency", "t", "c", 0)->histogram = &latency;
}

static void test_lines_for_people(void **state)
{
	struct sheet w;

	fill(&w);
	assert_string_equal(written(&w, people_write, 0),
	    "1970-01-01T00:00:01.000Z 127.0.0.1:5190\n"
	    "  connections{plugin=nsqd, listener=TCP}        3\n"
	    "  heap_idle                               1234567 bytes\n"
	    "topic t\n"
	    "  topic_published_messages                     10\n"
	    "topic t, channel c\n"
	    "  channel_depth                                 5\n"
	    "  channel_finish_latency                      100        mean 45 ms  p50 1 ms  p99 250 ms  max 2 s\n"
	    "\n");
	w.s.samples[2].pub.value = 35;
	assert_non_null(strstr(written(&w, people_write, 10), "  topic_published_messages                     35              2.5/s\n"));
	w.s.samples[2].pub.value = 4; /* the topic was made anew */
	assert_non_null(strstr(written(&w, people_write, 10), "  topic_published_messages                      4              0.4/s\n"));
	sheet_fini(&w);
}

static json_t *line_of(const char *lines, int index)
{
	json_t *j;
	char *copy = strdup(lines), *at = copy;

	for (; index; index--)
		at = strchr(at, '\n') + 1;
	*strchr(at, '\n') = 0;
	j = json_loads(at, 0, NULL);
	free(copy);
	assert_non_null(j);
	return j;
}

static void assert_line(const char *lines, int index, const char *wanted)
{
	json_t *have = line_of(lines, index), *want = json_loads(wanted, 0, NULL);

	assert_non_null(want);
	if (!json_equal(have, want))
		fail_msg("line %d of %s", index, lines);
	json_decref(have);
	json_decref(want);
}

static void test_json_lines(void **state)
{
#define HEAD "{\"time\":\"1970-01-01T00:00:01.000Z\",\"host\":\"127.0.0.1\",\"port\":5190,"
	struct sheet w;

	fill(&w);
	const char *lines = written(&w, json_write, 0);
	assert_line(lines, 0, HEAD "\"metric\":\"connections\",\"type\":\"gauge\",\"plugin\":\"nsqd\",\"labels\":{\"listener\":\"TCP\"},\"value\":3}");
	assert_line(lines, 1, HEAD "\"metric\":\"heap_idle\",\"type\":\"gauge\",\"unit\":\"bytes\",\"value\":1234567}");
	assert_line(lines, 2, HEAD "\"metric\":\"topic_published_messages\",\"type\":\"counter\",\"topic\":\"t\",\"value\":10}");
	assert_line(lines, 4, HEAD "\"metric\":\"channel_finish_latency\",\"type\":\"histogram\",\"unit\":\"seconds\",\"topic\":\"t\","
	    "\"channel\":\"c\",\"count\":100,\"sum\":4.5,\"buckets\":[[0.001,90],[0.25,9],[2,1]]}");
	w.s.samples[2].pub.value = 35;
	w.s.pub.host = "";
	w.s.pub.port = 0;
	assert_line(written(&w, json_write, 10), 2, "{\"time\":\"1970-01-01T00:00:01.000Z\",\"metric\":\"topic_published_messages\","
	    "\"type\":\"counter\",\"topic\":\"t\",\"value\":35,\"change\":25,\"rate\":2.5}");
	sheet_fini(&w);
}

static void test_json_strings_are_escaped(void **state)
{
	static const struct { const char *text, *wanted; } cases[] = {
		{"a\"b\\c\n\x7f", "a\"b\\c\n\x7f"}, {"\xc3\xa4\xf0\x9f\x98\x80", "\xc3\xa4\xf0\x9f\x98\x80"},
		{"\xff", "\xef\xbf\xbd"}, {"\xc3", "\xef\xbf\xbd"}, {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf0\x9f\x98", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sheet w;

		memset(&w, 0, sizeof(w));
		mock_snapshot_init(&w.s);
		char *copy = strdup(cases[i].text); /* exactly as long, so that reading on is seen */
		mock_sample(&w.s, "connections", NULL, NULL, 1)->detail = copy;
		json_t *j = line_of(written(&w, json_write, 0), 0);
		assert_string_equal(json_string_value(json_object_get(json_object_get(j, "labels"), "listener")), cases[i].wanted);
		json_decref(j);
		free(copy);
		sheet_fini(&w);
	}
}

static void test_json_numbers(void **state)
{
	static const double values[] = {0, -3, 9007199254740992.0, 1e300, -1e19, 0.1, 1764111111.12345, 1e-9, NAN, INFINITY, -INFINITY};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct sheet w;
		json_t *j, *value;

		memset(&w, 0, sizeof(w));
		mock_snapshot_init(&w.s);
		mock_sample(&w.s, "heap_idle", NULL, NULL, values[i]);
		j = line_of(written(&w, json_write, 0), 0);
		value = json_object_get(j, "value");
		if (isfinite(values[i]))
			assert_true(json_number_value(value) == values[i]);
		else
			assert_true(json_is_null(value));
		json_decref(j);
		sheet_fini(&w);
	}
}

static void test_metrics_are_picked_by_globs(void **state)
{
	static const char *const only[] = {"topic_*", "channel_*"}, *const except[] = {"*_latency"};
	struct sheet w;

	fill(&w);
	w.pick = (struct pick){.only = only, .only_count = 2, .except = except, .except_count = 1};
	for (int i = 0; i < 2; i++)
		assert_string_equal(written(&w, people_write, 0),
		    "1970-01-01T00:00:01.000Z 127.0.0.1:5190\n"
		    "topic t\n"
		    "  topic_published_messages  10\n"
		    "topic t, channel c\n"
		    "  channel_depth              5\n"
		    "\n");
	sheet_fini(&w);
}

static void test_globs_that_match_nothing_are_refused(void **state)
{
	static const char *const good[] = {"*", "topic_*", "?", "[a-c]x", "[!a-c_]*", "[^0-9]", "[a-]", "[-a]", "e2e"};
	static const struct {
		const char *glob, *wrong;
	} bad[] = {
		{"", "is empty"},
		{"[a", "has a [ without its ]"},
		{"a[", "has a [ without its ]"},
		{"[]", "has a [ without its ]"},
		{"[!]", "has a [ without its ]"},
		{"[z-a]", "has a set of something else than a-z, 0-9 and _, or a range that runs backwards"},
		{"[A]", "has a set of something else than a-z, 0-9 and _, or a range that runs backwards"},
		{"topic.*", "matches no metric: their names are of a-z, 0-9 and _"},
		{"Topic*", "matches no metric: their names are of a-z, 0-9 and _"},
		{"a\\*", "matches no metric: their names are of a-z, 0-9 and _"},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_null(pick_wrong(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_non_null(pick_wrong(bad[i].glob));
		assert_string_equal(pick_wrong(bad[i].glob), bad[i].wrong);
	}
}

/* ---- where it goes ---- */

struct conf { /* as the plugin has it */
	const char *to;
	int64_t interval, format;
	struct pluq_strings metrics, except;
};

struct rig {
	struct mock_metrics_host host;
	char folder[40], path[60];
	struct conf conf;
	void *self;
};

static const struct pluq_metrics_ops *ops(void)
{
	return pluq_plugin_entry.ops;
}

static void set_up(struct rig *r)
{
	struct pluq_why why = {""};

	mock_metrics_host_init(&r->host);
	strcpy(r->folder, "/tmp/test_stdout.XXXXXX");
	assert_non_null(mkdtemp(r->folder));
	snprintf(r->path, sizeof(r->path), "%s/f", r->folder);
	r->conf = (struct conf){.to = r->path, .interval = 1000, .format = 0};
	assert_int_equal(pluq_plugin_entry.init(&r->host.host.pub, &r->conf, &r->self, &why), 0);
}

static void tear_down(struct rig *r)
{
	pluq_plugin_entry.fini(r->self);
	unlink(r->path);
	rmdir(r->folder);
	mock_host_fini(&r->host.host);
}

static int take(struct rig *r, double value, struct pluq_why *why)
{
	struct mock_snapshot s;

	*why = (struct pluq_why){""};
	mock_snapshot_init(&s);
	s.pub.host = "";
	mock_sample(&s, "topic_depth", "t", NULL, value);
	return ops()->take(r->self, &s.pub, why);
}

#define LINES(value) "1970-01-01T00:00:01.000Z\ntopic t\n  topic_depth  " value "\n\n"

static const char *contents(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	return text;
}

static void test_a_file_is_opened_anew_by_a_reload(void **state)
{
	struct rig r;
	struct pluq_why why = {""};
	char other[80];

	set_up(&r);
	assert_int_equal(ops()->interval_ns(r.self), 1000);
	assert_int_equal(take(&r, 1, &why), 0);
	assert_int_equal(take(&r, 2, &why), 0);
	assert_string_equal(contents(r.path), LINES("1") LINES("2"));
	snprintf(other, sizeof(other), "%s.1", r.path);
	assert_int_equal(rename(r.path, other), 0);
	assert_int_equal(take(&r, 3, &why), 0);
	assert_string_equal(contents(other), LINES("1") LINES("2") LINES("3"));
	assert_int_equal(pluq_plugin_entry.reload(r.self, &r.conf, &why), 0);
	assert_int_equal(take(&r, 4, &why), 0);
	assert_string_equal(contents(r.path), LINES("4"));
	unlink(other);
	assert_int_equal(truncate(r.path, 0), 0); /* as copytruncate does */
	assert_int_equal(take(&r, 4, &why), 0);
	assert_string_equal(contents(r.path), LINES("4"));

	struct conf bad = r.conf;
	bad.to = "/nonsuch/f";
	assert_int_equal(pluq_plugin_entry.reload(r.self, &bad, &why), PLUQ_EIO);
	assert_string_equal(why.text, "/nonsuch/f: No such file or directory");
	bad.to = r.folder;
	assert_int_equal(pluq_plugin_entry.reload(r.self, &bad, &why), PLUQ_EIO);
	bad = r.conf;
	bad.except = (struct pluq_strings){(const char *const[]){"x", "[a"}, 2};
	assert_int_equal(pluq_plugin_entry.reload(r.self, &bad, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "except: the glob '[a' has a [ without its ]");
	assert_int_equal(take(&r, 5, &why), 0);
	assert_string_equal(contents(r.path), LINES("4") LINES("5"));
	tear_down(&r);
}

static void test_a_full_disk_is_told_of(void **state)
{
	struct rig r;
	struct pluq_why why = {""};

	set_up(&r);
	r.conf.to = "/dev/full";
	assert_int_equal(pluq_plugin_entry.reload(r.self, &r.conf, &why), 0);
	assert_int_equal(take(&r, 1, &why), PLUQ_EIO);
	assert_string_equal(why.text, "/dev/full: No space left on device");
	tear_down(&r);
}

static void test_a_pipe_that_nobody_reads(void **state)
{
	struct rig r;
	struct pluq_why why = {""};
	char pipe_path[80];

	set_up(&r);
	snprintf(pipe_path, sizeof(pipe_path), "%s/p", r.folder);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	r.conf.to = pipe_path;
	assert_int_equal(pluq_plugin_entry.reload(r.self, &r.conf, &why), PLUQ_EIO);
	assert_non_null(strstr(why.text, ": a pipe that nobody reads"));
	int reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(pluq_plugin_entry.reload(r.self, &r.conf, &why), 0);
	char text[200] = "";
	assert_int_equal(take(&r, 1, &why), 0);
	assert_int_equal(read(reader, text, sizeof(text)), strlen(LINES("1")));
	close(reader);
	assert_int_equal(take(&r, 2, &why), PLUQ_EIO);
	assert_non_null(strstr(why.text, ": Broken pipe"));
	reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(take(&r, 3, &why), 0);
	assert_int_equal(read(reader, text, sizeof(text)), strlen(LINES("3")));
	close(reader);
	unlink(pipe_path);
	tear_down(&r);
}

/* A blocking pipe, as standard output often is: it is not written to when that would block, and no line is broken, though these are longer
 * than what a pipe takes at once. */
static void test_a_line_that_was_cut_off_is_ended_first(void **state)
{
	struct output o = {.fd = -1}, again;
	struct text lines = {0};
	struct pluq_why why;
	char line[64], *all = calloc(1, 4 << 20);
	int ends[2], count = 0, next = 0, cut = 0;
	size_t have = 0;
	bool some;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	o.fd = ends[1];
	o.type = S_IFIFO;
	o.name = strdup("pipe");
	for (; count < 100; count++)
		text_printf(&lines, "line %d%9000s\n", count, "");
	assert_int_equal(output_write(&o, &lines, &some, &why), PLUQ_EIO);
	assert_true(some);
	assert_string_equal(why.text, "pipe: nobody reads it");
	assert_true(o.rest.length > 0);
	assert_int_equal(output_write(&o, &lines, &some, &why), PLUQ_EIO);
	assert_false(some);
	again = o;
	again.rest = (struct text){0};
	output_follow(&again, &o); /* as after a reload */
	assert_true(again.rest.length > 0 && o.rest.length == 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while ((n = read(ends[0], all + have, (4 << 20) - have - 1)) > 0)
		have += (size_t)n;
	text_clear(&lines);
	text_put_string(&lines, "line 0\nlast\n");
	assert_int_equal(output_write(&again, &lines, &some, &why), 0);
	while ((n = read(ends[0], all + have, (4 << 20) - have - 1)) > 0)
		have += (size_t)n;
	for (char *at = all; *at; at = strchr(at, '\n') + 1, next++) {
		snprintf(line, sizeof(line), "line %d ", next);
		if (strncmp(at, line, strlen(line)) == 0)
			continue;
		assert_int_equal(cut++, 0); /* once something is missing, and after a whole line */
		assert_string_equal(at, "line 0\nlast\n");
		break;
	}
	assert_int_equal(cut, 1);
	text_fini(&lines);
	free(all);
	output_close(&again);
	close(ends[0]);
	close(ends[1]);
}

static void test_a_socket_that_nobody_reads(void **state)
{
	struct output o = {.fd = -1};
	struct text lines = {0};
	struct pluq_why why;
	int ends[2];
	bool some;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	o = (struct output){.fd = ends[1], .type = S_IFSOCK, .name = strdup("socket")};
	for (int i = 0; i < 100000; i++)
		text_printf(&lines, "line %d\n", i);
	assert_int_equal(output_write(&o, &lines, &some, &why), PLUQ_EIO);
	assert_string_equal(why.text, "socket: nobody reads it");
	close(ends[0]);
	assert_int_equal(output_write(&o, &lines, &some, &why), PLUQ_EIO);
	assert_string_equal(why.text, "socket: Broken pipe");
	text_fini(&lines);
	output_close(&o);
	close(ends[1]);
}

/* The log may go to the same place: nothing of it comes into the middle of a line, as long as lines fit. */
static void test_lines_are_written_whole(void **state)
{
	struct output o = {.fd = -1};
	struct text lines = {0};
	struct pluq_why why;
	char got[8192], longest[6001];
	size_t have = 0;
	int ends[2], cut = 0;
	bool some;
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	o = (struct output){.fd = ends[1], .type = S_IFSOCK, .name = strdup("socket")};
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	for (int i = 0; i < 2000; i++)
		text_printf(&lines, "line %d\n", i);
	text_printf(&lines, "%s\nlast\n", longest);
	assert_int_equal(output_write(&o, &lines, &some, &why), 0);
	while ((n = recv(ends[0], got, sizeof(got), MSG_DONTWAIT)) > 0) {
		assert_memory_equal(got, lines.bytes + have, n);
		cut += got[n - 1] != '\n';
		have += (size_t)n;
	}
	assert_int_equal(have, lines.length);
	assert_int_equal(cut, 1); /* the one that does not fit */
	text_fini(&lines);
	output_close(&o);
	close(ends[0]);
	close(ends[1]);
}

/* A full disk has cut it off; now there is room again, but a reload has opened another file. */
static void test_a_cut_line_is_ended_in_the_file_that_it_is_in(void **state)
{
	struct rig r;
	struct pluq_why why = {""};
	struct output old, fresh;
	char other[80];

	set_up(&r);
	snprintf(other, sizeof(other), "%s.1", r.path);
	assert_int_equal(output_open(&old, other, &why), 0);
	assert_int_equal(output_open(&fresh, r.path, &why), 0);
	text_put_string(&old.rest, "of a line\n");
	output_follow(&fresh, &old);
	assert_int_equal(fresh.rest.length, 0);
	assert_string_equal(contents(other), "of a line\n");
	output_close(&old);
	output_close(&fresh);
	unlink(other);
	tear_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_for_people),
		cmocka_unit_test(test_json_lines),
		cmocka_unit_test(test_json_strings_are_escaped),
		cmocka_unit_test(test_json_numbers),
		cmocka_unit_test(test_metrics_are_picked_by_globs),
		cmocka_unit_test(test_globs_that_match_nothing_are_refused),
		cmocka_unit_test(test_a_file_is_opened_anew_by_a_reload),
		cmocka_unit_test(test_a_full_disk_is_told_of),
		cmocka_unit_test(test_a_pipe_that_nobody_reads),
		cmocka_unit_test(test_a_line_that_was_cut_off_is_ended_first),
		cmocka_unit_test(test_a_socket_that_nobody_reads),
		cmocka_unit_test(test_lines_are_written_whole),
		cmocka_unit_test(test_a_cut_line_is_ended_in_the_file_that_it_is_in),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
