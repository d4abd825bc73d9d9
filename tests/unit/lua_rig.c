#include "lua_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"

extern const struct pluq_plugin pluq_plugin_entry;

static const struct pluq_validator_ops *ops(void)
{
	return pluq_plugin_entry.ops;
}

static int source(const struct pluq_host *h, pluq_gather_fn fn, void *arg)
{
	struct lua_rig *r = (struct lua_rig *)(uintptr_t)h;

	r->gather = fn;
	r->gather_arg = arg;
	return 0;
}

/* What lua_rig_sample looks for. */
struct pluq_gather {
	const char *metric, *detail;
	double sum;
};

static void add(struct pluq_gather *g, const struct pluq_sample *s)
{
	assert_string_equal(s->plugin, "test");
	if (strcmp(s->metric->name, g->metric) == 0 && (g->detail ? s->detail && strcmp(s->detail, g->detail) == 0 : !s->detail))
		g->sum += s->value;
}

static void *member(struct lua_rig *r, const char *option)
{
	for (const struct pluq_option *o = pluq_plugin_entry.options; o->key; o++)
		if (strcmp(o->key, option) == 0)
			return (char *)r->conf + o->offset;
	fail_msg("there is no option %s", option);
	return NULL;
}

void lua_rig_set(struct lua_rig *r, const char *option, int64_t value)
{
	*(int64_t *)member(r, option) = value;
}

void lua_rig_init(struct lua_rig *r, uint32_t loops)
{
	memset(r, 0, sizeof(*r));
	mock_host_init(&r->host);
	r->metrics = (struct pluq_metrics){ .size = sizeof(r->metrics), .source = source, .add = add };
	r->host.pub.loops = loops;
	r->host.pub.metrics = &r->metrics;
	r->conf = calloc(1, pluq_plugin_entry.conf_size);
	assert_non_null(r->conf);
	strcpy(r->dir, "/tmp/pluq-lua-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/check.lua", r->dir);
	*(const char **)member(r, "script") = r->path;
	lua_rig_set(r, "max_instructions", 1000000);
	lua_rig_set(r, "max_memory", 16 << 20);
}

void lua_rig_fini(struct lua_rig *r)
{
	lua_rig_stop(r);
	free(r->conf);
	unlink(r->path);
	rmdir(r->dir);
	mock_host_fini(&r->host);
}

void lua_rig_write(struct lua_rig *r, const char *script)
{
	char fresh[80];
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s.new", r->path);
	f = fopen(fresh, "w");
	assert_non_null(f);
	fputs(script, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(fresh, r->path), 0);
}

int lua_rig_try(struct lua_rig *r, const char *script)
{
	lua_rig_write(r, script);
	*r->why.text = 0;
	return pluq_plugin_entry.init(&r->host.pub, r->conf, &r->self, &r->why);
}

static void begin_all(struct lua_rig *r)
{
	for (uint32_t i = 0; i < r->host.pub.loops; i++)
		assert_int_equal(ops()->loop_begin(r->self, i), 0);
}

void lua_rig_start(struct lua_rig *r, const char *script)
{
	lua_rig_stop(r);
	if (lua_rig_try(r, script))
		fail_msg("%s", r->why.text);
	begin_all(r);
}

int lua_rig_reload(struct lua_rig *r)
{
	int rc;

	*r->why.text = 0;
	rc = pluq_plugin_entry.reload(r->self, r->conf, &r->why);
	begin_all(r);
	return rc;
}

void lua_rig_stop(struct lua_rig *r)
{
	if (r->self)
		pluq_plugin_entry.fini(r->self);
	r->self = NULL;
}

int lua_rig_judge_on(struct lua_rig *r, uint32_t loop, const char *topic, const void *body, size_t length)
{
	/* A block of its own size, so that a sanitizer sees any read past it. */
	uint8_t *copy = malloc(length ? length : 1);
	struct pluq_candidate c = { .size = sizeof(c), .loop = loop, .topic = topic, .topic_length = strlen(topic), .body = copy,
		.length = length };
	struct pluq_finding finding;
	int judgement;

	assert_non_null(copy);
	memcpy(copy, body, length);
	memset(&finding, 0, sizeof(finding));
	judgement = ops()->judge(r->self, &c, &finding);
	free(copy);
	if (loop == 0)
		r->finding = finding;
	return judgement;
}

int lua_rig_judge(struct lua_rig *r, const char *topic, const char *body)
{
	return lua_rig_judge_on(r, 0, topic, body, strlen(body));
}

double lua_rig_sample(struct lua_rig *r, const char *metric, const char *detail)
{
	struct pluq_gather g = { metric, detail, 0 };

	assert_non_null(r->gather);
	for (uint32_t i = 0; i < r->host.pub.loops; i++)
		r->gather(r->gather_arg, i, &g);
	return g.sum;
}
