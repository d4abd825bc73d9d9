/* nsqd.dat, and many queues in one directory. */
#include "disk_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAT "nsqd.dat"

struct listing {
	char text[4096]; /* "topic! channel channel! ;" where ! is paused */
	int stop_at;     /* returns 55 at this topic, counted from 1 */
	int topics;
};

static int on_topic(void *arg, const struct pluq_meta_topic *t)
{
	struct listing *l = arg;
	if (++l->topics == l->stop_at)
		return 55;
	sprintf(l->text + strlen(l->text), "%s%s", t->name, t->paused ? "!" : "");
	for (size_t i = 0; i < t->channel_count; i++)
		sprintf(l->text + strlen(l->text), " %s%s", t->channels[i].name, t->channels[i].paused ? "!" : "");
	strcat(l->text, ";");
	return 0;
}

static int load(struct rig *r, const char *data, struct listing *l, int64_t *ceiling)
{
	*l = (struct listing){ .stop_at = l->stop_at };
	if (data)
		rig_write(r, DAT, data, strlen(data));
	return r->ops->load(r->store, on_topic, l, ceiling, &r->why);
}

static void expect(struct rig *r, const char *data, const char *want)
{
	struct listing l = { .stop_at = 0 };
	int64_t ceiling = -1;
	int rc = load(r, data, &l, &ceiling);
	if (rc != 0)
		fail_msg("%d: %s", rc, r->why.text);
	assert_string_equal(l.text, want);
	assert_int_equal(ceiling, 0);
}

static void reads_what_the_original_writes(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	expect(r, NULL, "");
	expect(r, "{}", "");
	expect(r, "{\"topics\":null,\"version\":\"1.3.0\"}", "");
	expect(r, "{\"topics\":[],\"version\":\"1.3.0\"}", "");
	expect(r, "{\"topics\":[{\"name\":\"t\",\"paused\":false,\"channels\":[{\"name\":\"c\",\"paused\":true}]}],\"version\":\"1.3.0\"}", "t c!;");
	expect(r, "{\"version\":\"1.3.0\",\"topics\":[{\"channels\":null,\"name\":\"t\",\"paused\":true},{\"name\":\"u#ephemeral\"}]}\n",
	    "t!;u#ephemeral;");
	assert_int_equal(r->host.lines[PLUQ_WARN], 0);
}

static void skips_invalid_names(void **state)
{
	struct rig *r = *state;
	char text[512], name[66];
	memset(name, 'n', 65);
	name[65] = 0;
	rig_start(r);
	expect(r, "{\"topics\":[{\"name\":\"a b\",\"channels\":[{\"name\":\"c\"}]},{\"name\":\"\"},{\"name\":\"x\\u0000y\"},{\"name\":\"../x\"},"
	    "{\"name\":\"#ephemeral\"},{},{\"name\":\"t\",\"channels\":[{\"name\":\"?\"},{\"name\":\"c.1_-\"}]}]}", "t c.1_-;");
	assert_int_equal(r->host.lines[PLUQ_WARN], 7);
	snprintf(text, sizeof(text), "{\"topics\":[{\"name\":\"%s\"},{\"name\":\"%s\"}]}", name, name + 1); /* 65 and 64 */
	name[64] = ';';
	expect(r, text, name);
}

static void unreadable_file_stops_the_start(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "null", "{\"topics\":5}", "{\"topics\":[5]}", "{\"topics\":[{\"name\":5}]}",
		"{\"topics\":[{\"name\":\"t\",\"paused\":\"yes\"}]}", "{\"topics\":[{\"name\":\"t\",\"channels\":{}}]}",
		"{\"topics\":[{\"name\":\"t\",\"channels\":[[]]}]}", "{\"topics\":[]} x" };
	struct rig *r = *state;
	struct listing l = { .stop_at = 0 };
	int64_t ceiling;
	rig_start(r);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(load(r, texts[i], &l, &ceiling), PLUQ_ECORRUPT);
		assert_non_null(strstr(r->why.text, r->dir));
		assert_non_null(strstr(r->why.text, "/" DAT ": "));
		assert_null(strchr(r->why.text, '\n'));
	}
	rig_faults(r, "open nsqd.dat EACCES\n");
	assert_int_equal(load(r, NULL, &l, &ceiling), PLUQ_EIO);
}

static void refusal_ends_the_load(void **state)
{
	struct rig *r = *state;
	struct listing l = { .stop_at = 2 };
	int64_t ceiling;
	rig_start(r);
	assert_int_equal(load(r, "{\"topics\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}", &l, &ceiling), 55);
	assert_string_equal(l.text, "a;");
}

static struct pluq_meta_channel channels[] = { { "c", true }, { "d", false } };
static struct pluq_meta_topic topics[] = { { "t", false, channels, 2 }, { "u", true, NULL, 0 } };

static void round_trip(void **state)
{
	struct rig *r = *state;
	struct pluq_meta m = { .topics = topics, .topic_count = 2, .id_ceiling_ns = 1700000000123456789 };
	struct listing l = { .stop_at = 0 };
	int64_t ceiling;
	size_t length;
	rig_start(r);
	assert_int_equal(r->ops->save(r->store, &m, &r->why), 0);
	char *text = rig_read(r, DAT, &length);
	assert_string_equal(text, "{\"topics\":[{\"name\":\"t\",\"paused\":false,\"channels\":[{\"name\":\"c\",\"paused\":true},"
	    "{\"name\":\"d\",\"paused\":false}]},{\"name\":\"u\",\"paused\":true,\"channels\":null}],\"version\":\"1.3.0\","
	    "\"pluq\":{\"id_ceiling_ns\":1700000000123456789}}");
	free(text);
	assert_int_equal(load(r, NULL, &l, &ceiling), 0);
	assert_string_equal(l.text, "t c! d;u!;");
	assert_int_equal(ceiling, 1700000000123456789);
	m = (struct pluq_meta){ .topics = NULL };
	assert_int_equal(r->ops->save(r->store, &m, &r->why), 0);
	expect(r, NULL, "");
}

static void failed_save_keeps_the_old_file(void **state)
{
	struct rig *r = *state;
	struct pluq_meta m = { .topics = topics, .topic_count = 1 }, none = { .topics = NULL };
	static const char *const faults[] = { "write nsqd.dat* room=5 ENOSPC\n", "open nsqd.dat* EMFILE\n", "fsync nsqd.dat* EIO\n",
		"rename nsqd.dat EIO\n" };
	rig_start(r);
	assert_int_equal(r->ops->save(r->store, &m, &r->why), 0);
	for (size_t i = 0; i < 4; i++) {
		rig_faults(r, faults[i]);
		assert_int_equal(r->ops->save(r->store, &none, &r->why), PLUQ_EIO);
		assert_non_null(strstr(r->why.text, DAT));
		rig_faults(r, "");
		expect(r, NULL, "t c! d;");
		assert_int_equal(rig_count(r, "*.tmp"), 0);
	}
}

static void queues_do_not_mix(void **state)
{
	static const char *const names[] = { "t:c", "t:cc", "tt", "t.diskqueue.000000.dat", "t#x:c", "a" };
	enum { N = sizeof(names) / sizeof(*names) };
	struct rig *r = *state;
	void *queue[N];
	struct pluq_record n = rig_record(0, 10);
	size_t done;
	rig_start(r);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(r->ops->open(r->store, names[i], &r->info, &queue[i], &r->why), 0);
		for (size_t k = 0; k <= i; k++)
			assert_int_equal(r->ops->append(queue[i], &n, 1, &done, &r->why), 0);
	}
	for (size_t i = 0; i < N; i++)
		assert_int_equal(r->ops->close(queue[i], &r->why), 0);
	rig_unlink(r, "t.diskqueue.000000.dat.diskqueue.meta.dat"); /* found by its data alone */
	rig_restart(r);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(r->ops->open(r->store, names[i], &r->info, &queue[i], &r->why), 0);
		assert_int_equal(r->info.count, i + 1);
		assert_int_equal(r->ops->remove(queue[i], &r->why), 0);
	}
	rig_free_record(&n);
	assert_int_equal(rig_count(r, "*"), 0);
}

static void impossible_names_are_refused(void **state)
{
	struct rig *r = *state;
	char name[300];
	void *queue;
	memset(name, 'x', 299);
	name[299] = 0;
	rig_start(r);
	assert_int_equal(r->ops->open(r->store, "", &r->info, &queue, &r->why), PLUQ_EINVAL);
	assert_int_equal(r->ops->open(r->store, "../x", &r->info, &queue, &r->why), PLUQ_EINVAL);
	assert_int_equal(r->ops->open(r->store, name, &r->info, &queue, &r->why), PLUQ_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(reads_what_the_original_writes),
		RIG_TEST(skips_invalid_names),
		RIG_TEST(unreadable_file_stops_the_start),
		RIG_TEST(refusal_ends_the_load),
		RIG_TEST(round_trip),
		RIG_TEST(failed_save_keeps_the_old_file),
		RIG_TEST(queues_do_not_mix),
		RIG_TEST(impossible_names_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
