#define _GNU_SOURCE /* asprintf */
#include "disk_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pluq/plugin.h>

#include "../../plugins/storage/diskqueue/dq.h"

extern const struct pluq_plugin pluq_plugin_entry;

static void path_of(struct rig *r, const char *name, char out[512])
{
	snprintf(out, 512, "%s/%s", r->dir, name);
}

int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/pluq-disk-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->rules, sizeof(r->rules), "%s.rules", r->dir);
	setenv("PLUQ_FAULTFS", r->rules, 1);
	mock_host_init(&r->host);
	r->conf = (struct dq_conf){
		.data_path = r->dir, .max_bytes_per_file = 104857600, .sync_every = 2500, .sync_timeout_ns = 2000000000,
	};
	r->ops = pluq_plugin_entry.ops;
	*state = r;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *r = *state;
	rig_faults(r, "");
	if (r->store)
		rig_stop(r);
	size_t left = rig_count(r, "*.tmp");
	DIR *d = opendir(r->dir);
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] != '.')
			rig_unlink(r, e->d_name);
	}
	closedir(d);
	rmdir(r->dir);
	mock_host_fini(&r->host);
	free(r->taken);
	free(r);
	assert_int_equal(left, 0);
	return 0;
}

static void good(struct rig *r, int rc)
{
	if (rc != 0)
		fail_msg("%d: %s", rc, r->why.text);
}

int rig_try_start(struct rig *r)
{
	int rc = pluq_plugin_entry.init(&r->host.pub, &r->conf, &r->store, &r->why);
	if (rc != 0) {
		r->store = NULL;
		return rc;
	}
	rc = r->ops->open(r->store, "t", &r->info, &r->queue, &r->why);
	if (rc != 0) {
		pluq_plugin_entry.fini(r->store);
		r->store = NULL;
	}
	return rc;
}

void rig_start(struct rig *r)
{
	good(r, rig_try_start(r));
}

void rig_stop(struct rig *r)
{
	int rc = r->queue ? r->ops->close(r->queue, &r->why) : 0;
	r->queue = NULL;
	pluq_plugin_entry.fini(r->store);
	r->store = NULL;
	good(r, rc);
}

void rig_restart(struct rig *r)
{
	rig_stop(r);
	rig_forget(r);
	rig_start(r);
}

void rig_crash(struct rig *r)
{
	dq_free(r->queue);
	r->queue = NULL;
	pluq_plugin_entry.fini(r->store);
	r->store = NULL;
	rig_forget(r);
}

struct pluq_record rig_record(uint32_t number, uint32_t length)
{
	struct pluq_record n = { .timestamp_ns = 1700000000000000000 + number, .length = length, .attempts = (uint16_t)(number % 7) };
	char id[24];
	snprintf(id, sizeof(id), "%016x", number);
	memcpy(n.id, id, PLUQ_ID_LENGTH);
	uint8_t *body = malloc(length + 1);
	for (uint32_t i = 0; i < length; i++)
		body[i] = (uint8_t)(number >> (i % 4 * 8)); /* the first four bytes are the number */
	n.body = body;
	return n;
}

void rig_free_record(struct pluq_record *n)
{
	free((void *)(uintptr_t)n->body);
}

int rig_try_append(struct rig *r, uint32_t first, uint32_t count, uint32_t length, size_t *done)
{
	struct pluq_record *n = calloc(count, sizeof(*n));
	for (uint32_t i = 0; i < count; i++)
		n[i] = rig_record(first + i, length);
	int rc = r->ops->append(r->queue, n, count, done, &r->why);
	for (uint32_t i = 0; i < count; i++)
		rig_free_record(&n[i]);
	free(n);
	return rc;
}

void rig_append(struct rig *r, uint32_t first, uint32_t count, uint32_t length)
{
	size_t done;
	good(r, rig_try_append(r, first, count, length, &done));
	assert_int_equal(done, count);
}

static uint64_t append_one(struct rig *r, struct pluq_record n)
{
	size_t done;
	good(r, r->ops->append(r->queue, &n, 1, &done, &r->why));
	assert_int_equal(done, 1);
	rig_free_record(&n);
	return n.position;
}

uint64_t rig_append_held(struct rig *r, uint32_t number, uint32_t length)
{
	struct pluq_record n = rig_record(number, length);
	n.flags = PLUQ_RECORD_HELD;
	return append_one(r, n);
}

void rig_append_due(struct rig *r, uint32_t number, uint32_t length, int64_t due_ns)
{
	struct pluq_record n = rig_record(number, length);
	n.due_ns = due_ns;
	append_one(r, n);
}

int rig_on_record(void *arg, const struct pluq_record *got)
{
	struct rig *r = arg;
	uint32_t number = 0;
	for (int i = 0; i < 16; i++)
		number = number * 16 + (uint32_t)(got->id[i] <= '9' ? got->id[i] - '0' : got->id[i] - 'a' + 10);
	struct pluq_record want = rig_record(number, got->length);
	assert_memory_equal(got->id, want.id, PLUQ_ID_LENGTH);
	assert_int_equal(got->timestamp_ns, want.timestamp_ns);
	assert_int_equal(got->attempts, want.attempts);
	assert_memory_equal(got->body, want.body, got->length);
	rig_free_record(&want);
	if (r->taken_count == r->taken_capacity) {
		r->taken_capacity = 2 * r->taken_capacity + 64;
		r->taken = realloc(r->taken, r->taken_capacity * sizeof(*r->taken));
	}
	struct taken *t = &r->taken[r->taken_count++];
	*t = (struct taken){ .position = got->position, .timestamp_ns = got->timestamp_ns, .due_ns = got->due_ns,
		.length = got->length, .number = number, .attempts = got->attempts };
	return 0;
}

int rig_try_fetch(struct rig *r, size_t most, size_t *got)
{
	struct pluq_fetched out;
	size_t before = r->taken_count;
	int rc = r->ops->fetch(r->queue, most, 64 << 20, rig_on_record, r, &out, &r->why);
	*got = r->taken_count - before;
	r->left = out.count;
	return rc;
}

size_t rig_fetch(struct rig *r, size_t most)
{
	size_t got;
	good(r, rig_try_fetch(r, most, &got));
	return got;
}

void rig_expect(struct rig *r, uint32_t first, uint32_t count)
{
	size_t before = r->taken_count;
	assert_int_equal(rig_fetch(r, count), count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(r->taken[before + i].number, first + i);
	assert_int_equal(rig_fetch(r, 1), 0);
	assert_int_equal(r->left, 0);
}

void rig_release(struct rig *r, size_t first, size_t count)
{
	uint64_t *position = malloc((count + 1) * sizeof(*position));
	for (size_t i = 0; i < count; i++)
		position[i] = r->taken[first + i].position;
	good(r, r->ops->release(r->queue, position, count, &r->released, &r->why));
	free(position);
}

void rig_release_at(struct rig *r, uint64_t position)
{
	good(r, r->ops->release(r->queue, &position, 1, &r->released, &r->why));
}

void rig_forget(struct rig *r)
{
	r->taken_count = 0;
}

void rig_sync(struct rig *r)
{
	good(r, r->ops->sync(r->queue, &r->why));
}

void rig_write(struct rig *r, const char *name, const void *data, size_t length)
{
	char path[512];
	path_of(r, name, path);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
	chmod(path, 0600);
}

void rig_write_meta(struct rig *r, const char *text)
{
	rig_write(r, META, text, strlen(text));
}

static void put(uint8_t **p, uint64_t v, int bytes)
{
	while (bytes-- > 0)
		*(*p)++ = (uint8_t)(v >> (8 * bytes));
}

void rig_write_records(struct rig *r, int file, uint32_t first, uint32_t count, uint32_t length)
{
	char name[64];
	uint8_t *data = malloc(count * (size_t)RIG_SIZE(length) + 1), *p = data;
	for (uint32_t i = 0; i < count; i++) {
		struct pluq_record n = rig_record(first + i, length);
		put(&p, 26 + length, 4);
		put(&p, (uint64_t)n.timestamp_ns, 8);
		put(&p, n.attempts, 2);
		memcpy(p, n.id, 16);
		memcpy(p + 16, n.body, length);
		p += 16 + length;
		rig_free_record(&n);
	}
	snprintf(name, sizeof(name), "t.diskqueue.%06d.dat", file);
	rig_write(r, name, data, (size_t)(p - data));
	free(data);
}

void *rig_read(struct rig *r, const char *name, size_t *length)
{
	char path[512];
	path_of(r, name, path);
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("no %s", name);
	fseek(f, 0, SEEK_END);
	*length = (size_t)ftell(f);
	rewind(f);
	char *data = calloc(1, *length + 1);
	assert_int_equal(fread(data, 1, *length, f), *length);
	fclose(f);
	return data;
}

void rig_expect_meta(struct rig *r, const char *text)
{
	size_t length;
	char *data = rig_read(r, META, &length);
	assert_string_equal(data, text);
	free(data);
}

int64_t rig_size(struct rig *r, const char *name)
{
	char path[512];
	struct stat st;
	path_of(r, name, path);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

void rig_resize(struct rig *r, const char *name, int64_t by)
{
	char path[512];
	path_of(r, name, path);
	assert_int_equal(truncate(path, rig_size(r, name) + by), 0);
}

void rig_poke(struct rig *r, const char *name, int64_t at, uint32_t big_endian)
{
	char path[512];
	uint8_t bytes[4], *p = bytes;
	path_of(r, name, path);
	put(&p, big_endian, 4);
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, 4, at), 4);
	close(fd);
}

void rig_unlink(struct rig *r, const char *name)
{
	char path[512];
	path_of(r, name, path);
	assert_int_equal(unlink(path), 0);
}

size_t rig_count(struct rig *r, const char *glob)
{
	size_t n = 0;
	DIR *d = opendir(r->dir);
	for (struct dirent *e; (e = readdir(d));)
		n += fnmatch(glob, e->d_name, FNM_PERIOD) == 0;
	closedir(d);
	return n;
}

void rig_faults(struct rig *r, const char *rules)
{
	char tmp[128];
	if (!*rules) {
		remove(r->rules);
		return;
	}
	snprintf(tmp, sizeof(tmp), "%s.new", r->rules);
	FILE *f = fopen(tmp, "w");
	fputs(rules, f);
	fclose(f);
	assert_int_equal(rename(tmp, r->rules), 0);
}
