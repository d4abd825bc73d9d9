/* The plugin: descriptor, options, start, reload, end.
 *
 * Writes what is measured to where people or collectors read it. A reload opens the file anew: it may have been rotated. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "writing.h"

enum format { FORMAT_TEXT, FORMAT_JSON };

struct conf {
	const char *to;
	int64_t interval, format;
	struct pluq_strings metrics, except;
};

/* The options, read, and what they name. Held by the plugin until a reload, and by each take. */
struct settings {
	atomic_uint refs;
	int64_t interval_ns;
	enum format format;
	char **globs;
	struct pick pick;     /* the lane's, like the output */
	struct output output;
};

struct writer {
	pthread_mutex_t lock; /* of settings: a reload comes when it likes */
	struct settings *settings;

	/* The lane's. */
	struct settings *last; /* what the last take went by; NULL: none has come */
	struct past now, before;
	int64_t before_ns;     /* monotonic */
	struct text text;
};

/* ---- settings ---- */

static void settings_unref(struct settings *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; s->globs && i < s->pick.only_count + s->pick.except_count; i++)
		free(s->globs[i]);
	free(s->globs);
	output_close(&s->output);
	free(s);
}

static struct settings *settings_ref(struct settings *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

static int check_list(const char *option, const struct pluq_strings *globs, struct pluq_why *why)
{
	for (size_t i = 0; i < globs->count; i++) {
		const char *wrong = pick_wrong(globs->items[i]);

		if (!wrong)
			continue;
		snprintf(why->text, sizeof(why->text), "%s: the glob '%.100s' %s", option, globs->items[i], wrong);
		return PLUQ_EINVAL;
	}
	return 0;
}

static int check_globs(const struct conf *conf, struct pluq_why *why)
{
	int rc = check_list("metrics", &conf->metrics, why);

	return rc ? rc : check_list("except", &conf->except, why);
}

static bool copy_globs(struct settings *s, const struct conf *conf)
{
	size_t only = conf->metrics.count, except = conf->except.count;

	if (!(s->globs = calloc(only + except + 1, sizeof(*s->globs))))
		return false;
	s->pick.only_count = only;
	s->pick.except_count = except;
	s->pick.only = (const char *const *)s->globs;
	s->pick.except = s->pick.only + only;
	for (size_t i = 0; i < only + except; i++)
		if (!(s->globs[i] = strdup(i < only ? conf->metrics.items[i] : conf->except.items[i - only])))
			return false;
	return true;
}

static int settings_new(const struct conf *conf, struct settings **out, struct pluq_why *why)
{
	struct settings *s = NULL;
	int rc = check_globs(conf, why);

	if (rc)
		return rc;
	if (!(s = calloc(1, sizeof(*s))))
		goto no_memory;
	atomic_init(&s->refs, 1);
	s->output.fd = -1;
	s->interval_ns = conf->interval;
	s->format = (enum format)conf->format;
	if (!copy_globs(s, conf))
		goto no_memory;
	if ((rc = output_open(&s->output, conf->to, why)) == 0) {
		*out = s;
		return 0;
	}
	settings_unref(s);
	return rc;

no_memory:
	settings_unref(s);
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

static struct settings *current(struct writer *w)
{
	struct settings *s;

	pthread_mutex_lock(&w->lock);
	s = settings_ref(w->settings);
	pthread_mutex_unlock(&w->lock);
	return s;
}

/* ---- takes ---- */

static void turn(struct writer *w, const struct pluq_snapshot *snapshot)
{
	past_turn(&w->now, &w->before);
	w->before_ns = snapshot->mono_ns;
}

static bool picks_the_same(const struct settings *a, const struct settings *b)
{
	if (a->pick.only_count != b->pick.only_count || a->pick.except_count != b->pick.except_count)
		return false;
	for (size_t i = 0; i < a->pick.only_count + a->pick.except_count; i++)
		if (strcmp(a->globs[i], b->globs[i]) != 0)
			return false;
	return true;
}

/* Of metrics that were not picked before no changes are known. */
static void follow(struct writer *w, struct settings *s)
{
	if (w->last && w->last != s) {
		output_follow(&s->output, &w->last->output);
		if (!picks_the_same(s, w->last))
			past_clear(&w->before);
	}
	settings_unref(w->last);
	w->last = s;
}

/* pluq_metrics_ops.take */
static int take(void *self, const struct pluq_snapshot *snapshot, struct pluq_why *why)
{
	struct writer *w = self;
	struct writing writing = {.snapshot = snapshot, .now = &w->now, .before = &w->before, .to = &w->text};
	bool some;
	int rc;

	follow(w, current(w));
	writing.pick = &w->last->pick;
	writing.seconds = w->before.known ? (double)(snapshot->mono_ns - w->before_ns) / 1e9 : 0;
	text_clear(&w->text);
	past_clear(&w->now);
	w->before.group = w->before.entry = 0;
	if (w->last->format == FORMAT_JSON)
		json_write(&writing);
	else
		people_write(&writing);
	if (w->text.failed || w->now.failed) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	rc = output_write(&w->last->output, &w->text, &some, why);
	if (rc == 0 || some)
		turn(w, snapshot);
	return rc;
}

/* pluq_metrics_ops.interval_ns */
static int64_t interval_ns(void *self)
{
	struct settings *s = current(self);
	int64_t interval = s->interval_ns;

	settings_unref(s);
	return interval;
}

/* ---- start, reload, end ---- */

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct writer *w = self;
	struct settings *fresh, *old;
	int rc = settings_new(conf, &fresh, why);

	if (rc)
		return rc;
	pthread_mutex_lock(&w->lock);
	old = w->settings;
	w->settings = fresh;
	pthread_mutex_unlock(&w->lock);
	settings_unref(old);
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct writer *w = self;

	settings_unref(w->last);
	settings_unref(w->settings);
	past_fini(&w->now);
	past_fini(&w->before);
	text_fini(&w->text);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct writer *w = calloc(1, sizeof(*w));
	int rc;

	(void)host;
	if (!w) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	pthread_mutex_init(&w->lock, NULL);
	if ((rc = settings_new(conf, &w->settings, why)))
		fini(w);
	else
		*self = w;
	return rc;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	const struct conf *c = conf;
	int rc = check_globs(c, why);

	return rc ? rc : output_check(c->to, why);
}

#define OPTION(member, kind, more, help_) \
	{ .key = #member, .type = PLUQ_OPT_##kind, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, member), .help = help_, more }
#define MORE(...) __VA_ARGS__

static const struct pluq_option options[] = {
	OPTION(to, STRING, .standard = "stdout", "where it writes: stdout, stderr, or the path of a file, opened anew on SIGHUP"),
	OPTION(interval, DURATION, MORE(.standard = "10s", .min = 10000000, .max = INT64_MAX / 4), "how often it writes"),
	OPTION(format, ENUM, MORE(.words = "text|json", .standard = "text"), "lines for people, or one JSON object per line and sample"),
	OPTION(metrics, STRINGS, , "globs of the names of metrics that are told; none means all"),
	OPTION(except, STRINGS, , "globs of the names of metrics that are left out"),
	{ .key = NULL },
};

static const struct pluq_metrics_ops ops = {.size = sizeof(ops), .interval_ns = interval_ns, .take = take};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_METRICS,
	.option_size = sizeof(struct pluq_option),
	.name = "stdout",
	.version = "0.1.0",
	.summary = "writes metrics as lines, for people or for collectors",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
