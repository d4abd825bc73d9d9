/* Recovery and the record reader of diskqueue, on any meta, due and data files.
 *
 * Input: a byte of choices, a byte with the meta file's length, a byte with the due file's, these two, then the data files: two bytes
 * for each that is to be followed by another one (length), the last one takes the rest. Whatever they hold: opening and reading must
 * end; what is appended then must come out last and in order; what was not released must come back after a stop, and nothing
 * else. */
#undef NDEBUG
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../plugins/storage/diskqueue/dq_store.h"
#include "../unit/mock_host.h"

enum { NO_META = 1, NO_DUE = 2, GAP = 4, RELEASE_SOME = 8, SMALL_FILES = 16, FETCH_FEW = 32, HOLD_ONE = 64, EMPTY_FIRST = 128 };

#define FILES_MOST 5
#define APPENDED 5

struct seen {
	uint64_t *position;
	uint8_t (*id)[PLUQ_ID_LENGTH];
	size_t count, capacity;
};

extern const struct pluq_plugin pluq_plugin_entry;
static const struct pluq_storage_ops *ops;
static char dir[64];
static int dir_fd;
static volatile uint8_t sink;

static void make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%s/pluq-fuzz-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	assert(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert(dir_fd >= 0);
	ops = pluq_plugin_entry.ops;
}

static void clear_dir(void)
{
	DIR *d = opendir(dir);
	assert(d);
	for (struct dirent *e; (e = readdir(d));)
		unlinkat(dir_fd, e->d_name, 0);
	closedir(d);
}

static void remove_dir(void)
{
	clear_dir();
	rmdir(dir);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert(fd >= 0);
	while (size > 0) {
		ssize_t n = write(fd, data, size);
		assert(n > 0);
		data += n;
		size -= (size_t)n;
	}
	close(fd);
}

static void put_files(uint8_t choices, const uint8_t *data, size_t size)
{
	char name[64];
	for (int file = 0; size > 0; file++) {
		size_t n = size;
		if (file + 1 < FILES_MOST && size > 2) {
			n = (size_t)data[0] << 8 | data[1];
			data += 2;
			size -= 2;
			n = n < size ? n : size;
		}
		snprintf(name, sizeof(name), "t.diskqueue.%06d.dat", file + (file > 1 && (choices & GAP) ? 1 : 0));
		put(name, data, n);
		data += n;
		size -= n;
	}
}

static int on_record(void *arg, const struct pluq_record *r)
{
	struct seen *s = arg;
	uint8_t sum = 0;
	for (uint32_t i = 0; i < r->length; i++)
		sum = (uint8_t)(sum + r->body[i]);
	sink = sum; /* all of it could be read */
	if (s->count == s->capacity) {
		s->capacity = 2 * s->capacity + 64;
		s->position = realloc(s->position, s->capacity * sizeof(*s->position));
		s->id = realloc(s->id, s->capacity * sizeof(*s->id));
		assert(s->position && s->id);
	}
	assert(s->count == 0 || s->position[s->count - 1] < r->position); /* few files: the numbers do not wrap */
	s->position[s->count] = r->position;
	memcpy(s->id[s->count++], r->id, PLUQ_ID_LENGTH);
	return 0;
}

static void fetch_all(void *queue, uint8_t choices, struct seen *s)
{
	struct pluq_fetched out;
	struct pluq_why why;
	for (size_t before = SIZE_MAX; before != s->count;) {
		before = s->count;
		int rc = ops->fetch(queue, choices & FETCH_FEW ? 3 : 1000, 1 << 20, on_record, s, &out, &why);
		assert(rc == 0);
		assert(s->count > before || out.count == 0);
	}
	assert(out.count == 0);
}

static void append(void *queue, uint8_t choices, uint64_t *held)
{
	struct pluq_record r[APPENDED + 1] = { { .length = 0 } };
	struct pluq_why why;
	size_t done, n = 0;
	for (uint8_t i = 0; i < APPENDED; i++, n++) {
		r[n].body = (const uint8_t *)"body";
		r[n].length = i;
		r[n].due_ns = i == 2;
		memset(r[n].id, 'A' + i, PLUQ_ID_LENGTH);
		if (i == 1 && (choices & HOLD_ONE))
			r[++n] = (struct pluq_record){ .flags = PLUQ_RECORD_HELD, .body = (const uint8_t *)"", .id = "held" };
	}
	assert(ops->append(queue, r, n, &done, &why) == 0 && done == n);
	*held = choices & HOLD_ONE ? r[2].position : 0;
}

static void check_appended(const struct seen *s)
{
	assert(s->count >= APPENDED);
	for (size_t i = 0; i < APPENDED; i++)
		assert(s->id[s->count - APPENDED + i][0] == 'A' + i);
}

/* Every second one, or all of them, and the held one. Returns how many remain; they are moved to the front. */
static size_t release(void *queue, uint8_t choices, struct seen *s, uint64_t held)
{
	struct pluq_released out;
	struct pluq_why why;
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		if ((choices & RELEASE_SOME) && i % 2) {
			memcpy(s->id[kept++], s->id[i], PLUQ_ID_LENGTH);
			continue;
		}
		assert(ops->release(queue, &s->position[i], 1, &out, &why) == 0);
	}
	if (held)
		assert(ops->release(queue, &held, 1, &out, &why) == 0);
	return kept;
}

static void use(struct mock_host *host, const struct dq_conf *conf, uint8_t choices)
{
	struct seen first = { .count = 0 }, second = { .count = 0 };
	struct pluq_queue_info info;
	struct pluq_why why;
	void *store, *queue;
	uint64_t held;
	assert(pluq_plugin_entry.init(&host->pub, conf, &store, &why) == 0);
	assert(ops->open(store, "t", &info, &queue, &why) == 0);
	if (choices & EMPTY_FIRST)
		assert(ops->empty(queue, &why) == 0);
	append(queue, choices, &held);
	fetch_all(queue, choices, &first);
	check_appended(&first);
	size_t kept = release(queue, choices, &first, held);
	assert(ops->close(queue, &why) == 0);
	pluq_plugin_entry.fini(store);

	assert(pluq_plugin_entry.init(&host->pub, conf, &store, &why) == 0);
	assert(ops->open(store, "t", &info, &queue, &why) == 0);
	assert(info.count == kept || kept > 0); /* of a damaged file it is known only when it is read */
	fetch_all(queue, choices, &second);
	assert(second.count == kept);
	for (size_t i = 0; i < kept; i++)
		assert(memcmp(second.id[i], first.id[i], PLUQ_ID_LENGTH) == 0);
	assert(ops->remove(queue, &why) == 0);
	pluq_plugin_entry.fini(store);
	free(first.position);
	free(first.id);
	free(second.position);
	free(second.id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mock_host host;
	if (!ops) {
		make_dir();
		atexit(remove_dir);
		mock_host_init(&host);
	}
	if (size < 3)
		return 0;
	uint8_t choices = data[0];
	size_t meta = data[1], due = data[2];
	data += 3;
	size -= 3;
	meta = meta < size ? meta : size;
	if (!(choices & NO_META))
		put("t.diskqueue.meta.dat", data, meta);
	data += meta;
	size -= meta;
	due = due < size ? due : size;
	if (!(choices & NO_DUE))
		put("t.pluq.due", data, due);
	put_files(choices, data + due, size - due);
	struct dq_conf conf = { .data_path = dir, .max_bytes_per_file = choices & SMALL_FILES ? 100 : 1 << 20 };
	use(&host, &conf, choices);
	mock_host_forget(&host);
	clear_dir();
	return 0;
}
