/* A storage that keeps records in memory and hangs: append, fetch and sync of every queue whose name begins with `prefix` do not
 * return before the file `until` exists, or before `takes` has passed if no file is named. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pluq/storage.h>

#define LOOK_AGAIN_NS 2000000

struct conf {
	const char *prefix, *until;
	int64_t takes_ns;
};

/* Position n is record[n - base - 1]. A body of NULL: released. */
struct queue {
	const struct conf *conf;
	bool hangs;
	struct pluq_record *record;
	size_t count, room, next; /* next: the first that fetch has not looked at */
	uint64_t base, unread;
};

static const struct pluq_option options[] = {
	{ .key = "prefix", .type = PLUQ_OPT_STRING, .standard = "hung", .offset = offsetof(struct conf, prefix),
	    .help = "which queues hang" },
	{ .key = "until", .type = PLUQ_OPT_STRING, .offset = offsetof(struct conf, until), .help = "file that ends it" },
	{ .key = "takes", .type = PLUQ_OPT_DURATION, .standard = "1s", .offset = offsetof(struct conf, takes_ns), .max = INT64_MAX,
	    .help = "how long each operation hangs, without a file" },
	{ .key = NULL },
};

static void pass(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	nanosleep(&t, NULL);
}

static void hang(const struct queue *q)
{
	if (!q->hangs)
		return;
	if (!*q->conf->until)
		pass(q->conf->takes_ns);
	else
		while (access(q->conf->until, F_OK))
			pass(LOOK_AGAIN_NS);
}

static int load(void *self, pluq_meta_fn fn, void *arg, int64_t *id_ceiling_ns, struct pluq_why *why)
{
	*id_ceiling_ns = 0;
	return 0;
}

static int save(void *self, const struct pluq_meta *meta, struct pluq_why *why)
{
	return 0;
}

static int open_queue(void *self, const char *name, struct pluq_queue_info *info, void **queue, struct pluq_why *why)
{
	const struct conf *conf = self;
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		return PLUQ_ENOMEM;
	q->conf = conf;
	q->hangs = !strncmp(name, conf->prefix, strlen(conf->prefix));
	*info = (struct pluq_queue_info){ .sync_every = 100 };
	*queue = q;
	return 0;
}

static int append_one(struct queue *q, struct pluq_record *r)
{
	uint8_t *body = malloc(r->length + 1);

	if (q->count == q->room) {
		size_t room = 2 * q->room + 16;
		struct pluq_record *all = body ? realloc(q->record, room * sizeof(*all)) : NULL;

		if (!all) {
			free(body);
			return PLUQ_ENOMEM;
		}
		q->record = all;
		q->room = room;
	}
	if (!body)
		return PLUQ_ENOMEM;
	memcpy(body, r->body, r->length);
	r->position = q->base + q->count + 1;
	q->record[q->count] = *r;
	q->record[q->count++].body = body;
	q->unread += !(r->flags & PLUQ_RECORD_HELD);
	return 0;
}

static int append(void *queue, struct pluq_record *records, size_t n, size_t *done, struct pluq_why *why)
{
	int rc = 0;

	hang(queue);
	for (*done = 0; *done < n && !rc; *done += !rc)
		rc = append_one(queue, &records[*done]);
	return rc;
}

static int fetch(void *queue, size_t max_records, size_t max_bytes, pluq_record_fn fn, void *arg, struct pluq_fetched *out,
    struct pluq_why *why)
{
	struct queue *q = queue;
	size_t bytes = 0;
	int rc = 0;

	hang(q);
	for (size_t n = 0; n < max_records && bytes < max_bytes && q->next < q->count; q->next++) {
		struct pluq_record *r = &q->record[q->next];

		if (r->flags & PLUQ_RECORD_HELD)
			continue;
		if ((rc = fn(arg, r)))
			break;
		bytes += r->length;
		q->unread--;
		n++;
	}
	out->count = q->unread;
	return rc;
}

static int release(void *queue, const uint64_t *positions, size_t n, struct pluq_released *out, struct pluq_why *why)
{
	struct queue *q = queue;

	*out = (struct pluq_released){ .pinned = false };
	for (size_t i = 0; i < n; i++) {
		uint64_t at = positions[i] - q->base - 1;

		if (at >= q->count)
			continue;
		free((void *)(uintptr_t)q->record[at].body);
		q->record[at].body = NULL;
	}
	return 0;
}

static int sync_queue(void *queue, struct pluq_why *why)
{
	hang(queue);
	return 0;
}

static int empty(void *queue, struct pluq_why *why)
{
	struct queue *q = queue;

	for (size_t i = 0; i < q->count; i++)
		free((void *)(uintptr_t)q->record[i].body);
	q->base += q->count;
	q->count = q->next = q->unread = 0;
	return 0;
}

static int close_queue(void *queue, struct pluq_why *why)
{
	struct queue *q = queue;

	empty(q, why);
	free(q->record);
	free(q);
	return 0;
}

static const struct pluq_storage_ops ops = {
	.size = sizeof(ops), .load = load, .save = save, .open = open_queue, .append = append, .fetch = fetch, .release = release,
	.sync = sync_queue, .empty = empty, .close = close_queue, .remove = close_queue,
};

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	*self = (void *)(uintptr_t)conf;
	return 0;
}

static void fini(void *self)
{
}

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_STORAGE, .name = "hanging", .version = "1.0",
	.summary = "test data: records in memory, and queues that hang", .option_size = sizeof(struct pluq_option),
	.options = options, .conf_size = sizeof(struct conf), .init = init, .fini = fini, .ops = &ops,
};
