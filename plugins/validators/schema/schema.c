/* The plugin: descriptor, options, start, reload, judging, end. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <pluq/glob.h>
#include <pluq/validator.h>

#include "reason.h"

#define KEEP_BYTES (1u << 20) /* of memory from message to message, per loop */
#define KEEP_ELEMENTS (KEEP_BYTES / 20)

struct conf {
	struct pluq_validator_conf common; /* first */
	const char *schema;
	struct pluq_strings schemas;
	struct pluq_strings library;
	int64_t draft;
	bool assert_format;
	int64_t max_depth, max_size, max_steps;
};

/* What messages are judged by; held by the plugin and by each loop that judges by it. */
struct rules {
	atomic_uint refs;
	struct program program;
	int64_t max_depth, max_size, max_steps;
};

/* Of one loop, touched only there. */
struct place {
	struct rules *rules;
	struct pattern_space *space;
	struct json_doc doc;
	struct run run;
};

struct validator {
	const struct pluq_host *host;
	pthread_mutex_t lock; /* of `rules`, the pointer */
	struct rules *rules;
	struct place *places;
};

/* pluq_post_fn, on the pool; any thread */
static void end_rules(void *arg)
{
	struct rules *r = arg;

	program_fini(&r->program);
	free(r);
}

/* Drops a reference; true: it was the last. */
static bool is_last(struct rules *r)
{
	return r && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1;
}

static void rules_put(struct rules **rules)
{
	struct rules *r = *rules;

	*rules = NULL;
	if (is_last(r))
		end_rules(r);
}

/* pluq_post_fn */
static void ended(void *arg)
{
	(void)arg;
}

/* Loop. Large schemas take long to free: that is the pool's. */
static void retire(struct validator *v, struct rules **rules)
{
	struct rules *r = *rules;

	*rules = NULL;
	if (is_last(r) && (!v->host->work || v->host->work(v->host, end_rules, ended, r)))
		end_rules(r);
}

static struct rules *rules_get(struct validator *v)
{
	pthread_mutex_lock(&v->lock);
	struct rules *r = v->rules;
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&v->lock);
	return r;
}

/* program_options.warn */
static void warn(void *arg, const char *text)
{
	const struct pluq_host *host = arg;

	host->log(host, PLUQ_WARN, "%s", text);
}

/* `schemas`: GLOB=FILE, in this order; `schema` for what none of them names. sources: room for all. */
static int sources_of(const struct conf *conf, struct program_source *sources, char **globs, struct pluq_why *why)
{
	size_t n = conf->schemas.count;

	for (size_t i = 0; i < n; i++) {
		const char *item = conf->schemas.items[i], *equals = strchr(item, '='), *wrong;

		if (!equals || equals == item || !equals[1]) {
			snprintf(why->text, sizeof(why->text), "schemas: '%.100s' is not TOPICS=FILE", item);
			return PLUQ_EINVAL;
		}
		if (!(globs[i] = strndup(item, (size_t)(equals - item))))
			return store_no_memory(why);
		if ((wrong = pluq_glob_wrong(globs[i]))) {
			snprintf(why->text, sizeof(why->text), "schemas: the glob '%.100s' %s", globs[i], wrong);
			return PLUQ_EINVAL;
		}
		sources[i] = (struct program_source){globs[i], equals + 1};
	}
	if (*conf->schema)
		sources[n++] = (struct program_source){NULL, conf->schema};
	if (n == 0) {
		snprintf(why->text, sizeof(why->text), "no schema: one of the options schema and schemas is needed");
		return PLUQ_EINVAL;
	}
	return 0;
}

/* host: for warnings; NULL: none. */
static int load(const struct pluq_host *host, const struct conf *conf, struct program *out, struct pluq_why *why)
{
	size_t room = conf->schemas.count + 1;
	struct program_source *sources = calloc(room, sizeof(*sources));
	char **globs = calloc(room, sizeof(*globs));
	struct program_options options = {.sources = sources, .source_count = conf->schemas.count + (*conf->schema ? 1 : 0),
	    .library = conf->library.items, .library_count = conf->library.count,
	    .draft = conf->draft == 0 ? DRAFT_2020 : DRAFT_7, .assert_format = conf->assert_format,
	    .warn = host ? warn : NULL, .warn_arg = (void *)(uintptr_t)host};
	int rc = sources && globs ? sources_of(conf, sources, globs, why) : store_no_memory(why);

	if (!rc)
		rc = program_load(out, &options, why);
	for (size_t i = 0; globs && i < room; i++)
		free(globs[i]);
	free(globs);
	free(sources);
	return rc;
}

static int rules_new(const struct pluq_host *host, const struct conf *conf, struct rules **out, struct pluq_why *why)
{
	struct rules *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return store_no_memory(why);
	if ((rc = load(host, conf, &r->program, why))) {
		free(r);
		return rc;
	}
	atomic_init(&r->refs, 1);
	r->max_depth = conf->max_depth;
	r->max_size = conf->max_size;
	r->max_steps = conf->max_steps;
	if (getrandom(&r->program.key, sizeof(r->program.key), GRND_NONBLOCK) < 0)
		r->program.key = (uint64_t)host->real_ns(host) * UINT64_C(0x9e3779b97f4a7c15);
	host->log(host, PLUQ_INFO, "schemas compiled: %zu", r->program.schema_count);
	*out = r;
	return 0;
}

/* pluq_validator_ops.loop_begin */
static int loop_begin(void *self, uint32_t loop)
{
	struct validator *v = self;
	struct place *p = &v->places[loop];

	if (!p->space && !(p->space = pattern_space_new()))
		return PLUQ_ENOMEM;
	retire(v, &p->rules);
	p->rules = rules_get(v);
	return 0;
}

/* Not a rejection: the message may be a good one. */
static int no_memory(struct pluq_finding *f)
{
	snprintf(f->reason, sizeof(f->reason), "cannot be judged: out of memory");
	return PLUQ_ENOMEM;
}

static int not_json(struct pluq_finding *f, const struct json_error *error)
{
	if (!error->what)
		return no_memory(f);
	snprintf(f->reason, sizeof(f->reason), "not JSON at byte %zu: %s", error->at, error->what);
	return PLUQ_REJECT;
}

static int judge_by(struct place *p, uint32_t schema, const struct pluq_candidate *c, struct pluq_finding *f)
{
	const struct json_limits limits = {.depth = (uint32_t)p->rules->max_depth};
	struct json_error error;

	if (c->length > (uint64_t)p->rules->max_size) {
		snprintf(f->reason, sizeof(f->reason), "larger than max_size, %lld bytes", (long long)p->rules->max_size);
		return PLUQ_REJECT;
	}
	if (!json_parse(&p->doc, c->body, c->length, &limits, &error))
		return not_json(f, &error);
	p->run.program = &p->rules->program;
	p->run.space = p->space;
	if (run_check(&p->run, schema, p->doc.nodes, p->rules->max_steps))
		return PLUQ_ACCEPT;
	if (p->run.no_memory)
		return no_memory(f);
	reason_of(&p->run, p->doc.nodes, f->reason, sizeof(f->reason));
	return PLUQ_REJECT;
}

/* pluq_validator_ops.judge */
static int judge(void *self, const struct pluq_candidate *c, struct pluq_finding *f)
{
	struct validator *v = self;
	struct place *p = &v->places[c->loop];
	uint32_t schema;
	int verdict;

	if (!p->rules && loop_begin(self, c->loop))
		return no_memory(f);
	schema = program_schema(&p->rules->program, c->topic, c->topic_length);
	if (schema == NO_SCHEMA)
		return PLUQ_ACCEPT;
	verdict = judge_by(p, schema, c, f);
	json_doc_trim(&p->doc, KEEP_BYTES);
	run_trim(&p->run, KEEP_ELEMENTS);
	return verdict;
}

/* pluq_plugin.reload. Files are read here on the pool; each loop takes the new rules when it begins anew. */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct validator *v = self;
	struct rules *fresh, *old;
	int rc = rules_new(v->host, conf, &fresh, why);

	if (rc)
		return rc;
	pthread_mutex_lock(&v->lock);
	old = v->rules;
	v->rules = fresh;
	pthread_mutex_unlock(&v->lock);
	rules_put(&old);
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct validator *v = self;

	for (uint32_t i = 0; i < v->host->loops; i++) {
		struct place *p = &v->places[i];

		rules_put(&p->rules);
		pattern_space_free(&p->space);
		json_doc_fini(&p->doc);
		run_fini(&p->run);
	}
	rules_put(&v->rules);
	pthread_mutex_destroy(&v->lock);
	free(v->places);
	free(v);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct validator *v = calloc(1, sizeof(*v));
	int rc = PLUQ_ENOMEM;

	if (!v || !(v->places = calloc(host->loops, sizeof(*v->places))))
		store_no_memory(why);
	else
		rc = rules_new(host, conf, &v->rules, why);
	if (rc) {
		if (v)
			free(v->places);
		free(v);
		return rc;
	}
	v->host = host;
	pthread_mutex_init(&v->lock, NULL);
	*self = v;
	return 0;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	struct program program;
	int rc = load(NULL, conf, &program, why);

	if (!rc)
		program_fini(&program);
	return rc;
}

static const struct pluq_option options[] = {
	PLUQ_VALIDATOR_OPTIONS,
	{.key = "schema", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, schema),
	    .help = "file of the schema for every topic that schemas does not name; read again on SIGHUP"},
	{.key = "schemas", .type = PLUQ_OPT_STRINGS, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, schemas),
	    .help = "TOPICS=FILE: the schema for topics that match, with * ? and [..]; the first that matches counts, and messages on "
	            "topics for which there is no schema are accepted"},
	{.key = "library", .type = PLUQ_OPT_STRINGS, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, library),
	    .help = "schemas that others may refer to: files, or folders with .json files; URI=FILE and URI/=FOLDER say by which URI"},
	{.key = "draft", .type = PLUQ_OPT_ENUM, .flags = PLUQ_OPT_RELOAD, .standard = "2020-12", .words = "2020-12|7",
	    .offset = offsetof(struct conf, draft), .help = "the draft of schemas that have no $schema"},
	{.key = "assert_format", .type = PLUQ_OPT_BOOL, .flags = PLUQ_OPT_RELOAD, .standard = "false",
	    .offset = offsetof(struct conf, assert_format),
	    .help = "whether format is checked, for the formats that the operators' guide lists; if not it is a remark only"},
	{.key = "max_depth", .type = PLUQ_OPT_INT, .flags = PLUQ_OPT_RELOAD, .standard = "100", .min = 1, .max = 1000,
	    .offset = offsetof(struct conf, max_depth), .help = "arrays and objects within each other in a message"},
	{.key = "max_size", .type = PLUQ_OPT_SIZE, .flags = PLUQ_OPT_RELOAD, .standard = "1MiB", .min = 1, .max = PLUQ_BODY_MAX,
	    .offset = offsetof(struct conf, max_size), .help = "largest message"},
	{.key = "max_steps", .type = PLUQ_OPT_INT, .flags = PLUQ_OPT_RELOAD, .standard = "1000000", .min = 1000,
	    .max = INT64_C(1000000000), .offset = offsetof(struct conf, max_steps),
	    .help = "steps that judging a message may take, each some tens of nanoseconds; one that needs more is rejected"},
	{.key = NULL},
};

static const struct pluq_validator_ops ops = {.size = sizeof(ops), .judge = judge, .loop_begin = loop_begin};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_VALIDATOR,
	.option_size = sizeof(struct pluq_option),
	.name = "validate-schema",
	.version = "0.1.0",
	.summary = "messages by JSON Schema, drafts 2020-12 and 07",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
