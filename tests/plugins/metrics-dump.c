/* A metrics plugin as test data: writes every snapshot as a line of JSON into a file, and renders the last lines of itself. It fails,
 * or does not come back, while a file is there. */
#include <jansson.h>
#include <pluq/metrics.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct conf {
	const char *file, *fail_while, *hang_while; /* paths */
	const char *path; /* of the route */
	int64_t interval;
	int64_t steps;
};

/* Copies: options go with a reload, which comes beside a take and changes the interval only. */
struct dump {
	char *file, *fail_while, *hang_while, *path;
	int64_t interval; /* loop 0 */
	int64_t steps_each, steps; /* of a snapshot; left of this one */
};

static const struct pluq_option options[] = {
    {.key = "file", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED, .offset = offsetof(struct conf, file),
	.help = "where the lines are appended"},
    {.key = "interval", .type = PLUQ_OPT_DURATION, .flags = PLUQ_OPT_RELOAD, .standard = "100ms",
	.offset = offsetof(struct conf, interval), .help = "how often; 0 means never"},
    {.key = "steps", .type = PLUQ_OPT_INT, .offset = offsetof(struct conf, steps), .max = 1000,
	.help = "steps after each snapshot, a line {\"step\": N} each"},
    {.key = "path", .type = PLUQ_OPT_STRING, .standard = "/dump", .offset = offsetof(struct conf, path),
	.help = "where it is served; empty means nowhere"},
    {.key = "fail_while", .type = PLUQ_OPT_STRING, .offset = offsetof(struct conf, fail_while),
	.help = "while this file is there, it fails"},
    {.key = "hang_while", .type = PLUQ_OPT_STRING, .offset = offsetof(struct conf, hang_while),
	.help = "while this file is there, it does not come back"},
    {.key = NULL},
};

static void put(json_t *to, const char *key, const char *value)
{
	if (value)
		json_object_set_new(to, key, json_string(value));
}

static json_t *histogram_json(const struct pluq_histogram *h)
{
	json_t *j = json_pack("{s:I, s:f, s:[]}", "count", (json_int_t)h->count, "sum", h->sum, "buckets");

	for (size_t i = 0; i < h->bucket_count; i++)
		json_array_append_new(json_object_get(j, "buckets"),
		    json_pack("[fI]", h->buckets[i].upper, (json_int_t)h->buckets[i].count));
	return j;
}

static json_t *sample_json(const struct pluq_sample *s)
{
	json_t *j = json_pack("{s:s, s:s, s:i, s:f}", "metric", s->metric->name, "unit", s->metric->unit, "type",
	    (int)s->metric->type, "value", s->value);

	put(j, "topic", s->topic);
	put(j, "channel", s->channel);
	put(j, "plugin", s->plugin);
	put(j, "label", s->metric->detail);
	put(j, "detail", s->detail);
	if (s->histogram)
		json_object_set_new(j, "histogram", histogram_json(s->histogram));
	return j;
}

static char *snapshot_text(const struct pluq_snapshot *s)
{
	json_t *j = json_pack("{s:I, s:s, s:i, s:[]}", "real_ns", (json_int_t)s->real_ns, "host", s->host, "port",
	    (int)s->port, "samples");
	char *text;

	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(json_object_get(j, "samples"),
		    sample_json((const struct pluq_sample *)(const void *)((const char *)s->samples + i * s->stride)));
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

static void hang(const struct dump *d)
{
	while (*d->hang_while && access(d->hang_while, F_OK) == 0)
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static bool fails(const struct dump *d, struct pluq_why *why)
{
	if (!*d->fail_while || access(d->fail_while, F_OK))
		return false;
	snprintf(why->text, sizeof(why->text), "told to fail");
	return true;
}

static bool append(const char *path, const char *line)
{
	FILE *f = fopen(path, "a");
	bool good = f && fprintf(f, "%s\n", line) > 0;

	return f && fclose(f) == 0 && good;
}

static int64_t interval_ns(void *self)
{
	return ((struct dump *)self)->interval;
}

static int take(void *self, const struct pluq_snapshot *s, struct pluq_why *why)
{
	struct dump *d = self;
	char *text;
	bool good;

	hang(d);
	if (fails(d, why))
		return PLUQ_EIO;
	text = snapshot_text(s);
	good = text && append(d->file, text);
	free(text);
	d->steps = d->steps_each;
	if (!good)
		snprintf(why->text, sizeof(why->text), "%s cannot be written", d->file);
	return good ? 0 : PLUQ_EIO;
}

/* Comes once after a take: the first of the steps is due then. */
static int64_t step(void *self)
{
	struct dump *d = self;
	char line[64];

	if (!d->steps)
		return 0;
	snprintf(line, sizeof(line), "{\"step\": %lld}", (long long)d->steps);
	append(d->file, line);
	return --d->steps ? 10000000 : 0;
}

static int render(void *self, const struct pluq_snapshot *s, struct pluq_render *r, struct pluq_why *why)
{
	struct dump *d = self;

	hang(d);
	if (fails(d, why))
		return PLUQ_EIO;
	r->own = snapshot_text(s);
	if (!r->own)
		return PLUQ_ENOMEM;
	r->type = "application/json";
	r->encoding = r->accept_encoding && strstr(r->accept_encoding, "x-plain") ? "x-plain" : NULL;
	r->body = r->own;
	r->length = strlen(r->own);
	return 0;
}

static void rendered(void *self, struct pluq_render *r)
{
	(void)self;
	free(r->own);
}

static const char *path_of(void *self)
{
	const struct dump *d = self;

	return *d->path ? d->path : NULL;
}

static void fini(void *self)
{
	struct dump *d = self;

	free(d->file);
	free(d->fail_while);
	free(d->hang_while);
	free(d->path);
	free(d);
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct dump *d = malloc(sizeof(*d));

	(void)host;
	(void)why;
	if (!d)
		return PLUQ_ENOMEM;
	*d = (struct dump){.file = strdup(c->file), .fail_while = strdup(c->fail_while), .hang_while = strdup(c->hang_while),
	    .path = strdup(c->path), .interval = c->interval, .steps_each = c->steps};
	if (!d->file || !d->fail_while || !d->hang_while || !d->path) {
		fini(d);
		return PLUQ_ENOMEM;
	}
	*self = d;
	return 0;
}

static int reload(void *self, const void *conf, struct pluq_why *why)
{
	(void)why;
	((struct dump *)self)->interval = ((const struct conf *)conf)->interval;
	return 0;
}

static const struct pluq_metrics_ops ops = {.size = sizeof(ops), .path_of = path_of, .interval_ns = interval_ns, .take = take,
    .step = step, .render = render, .rendered = rendered};

PLUQ_PLUGIN_ENTRY = {
    .size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_METRICS, .name = "metrics-dump", .version = "1.0",
    .summary = "writes snapshots as JSON lines", .option_size = sizeof(struct pluq_option), .options = options,
    .conf_size = sizeof(struct conf), .init = init, .fini = fini, .reload = reload, .ops = &ops,
};
