/* The plugin: descriptor, start, reload, what each loop has, and what is counted.
 *
 * States are made where time does not matter, at the start and by a reload on the pool, and wait in `ready` until their loop takes them
 * over in loop_begin. Only one that a script has filled with its own data is made anew on the loop.
 */
#include <pluq/metrics.h>
#include <pluq/validator.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

/* Lines about faults, per loop: one, then what came within this time is only counted. */
#define LOG_GAP_NS INT64_C(10000000000)

struct conf {
	struct pluq_validator_conf common; /* first */
	const char *script;
	int64_t max_instructions, max_memory;
};

/* What belongs to a loop; but `ready`, nobody else looks at it. */
struct place {
	struct sandbox *sandbox; /* NULL: to be made */
	struct program *program; /* a reference: what it is made of */
	uint64_t faults[SANDBOX_FAULTS], restarts;
	int64_t logged_ns; /* 0: never */
	uint64_t unlogged;
	struct sandbox *ready; /* under the plugin's lock; NULL: nothing new */
} __attribute__((aligned(64)));

struct lua {
	const struct pluq_host *host;
	pthread_mutex_t lock; /* of `ready` in all places */
	struct place places[]; /* host->loops */
};

/* --- making and ending ---------------------------------------------------------------------------------------------- */

static void sandboxes_free(struct sandbox **all, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sandbox_free(&all[i]);
	free(all);
}

/* One for each loop: heap. */
static int sandboxes_new(const struct pluq_host *host, const struct conf *conf, struct sandbox ***out, struct pluq_why *why)
{
	struct sandbox **all = calloc(host->loops, sizeof(struct sandbox *));
	struct program *program = NULL;
	int rc = all ? 0 : PLUQ_ENOMEM;

	if (rc)
		snprintf(why->text, sizeof(why->text), "out of memory");
	if (!rc)
		rc = program_load(conf->script, conf->max_instructions, conf->max_memory, &program, why);
	for (uint32_t i = 0; !rc && i < host->loops; i++)
		rc = sandbox_new(program, &all[i], why);
	program_unref(&program);
	if (rc && all)
		sandboxes_free(all, host->loops);
	*out = rc ? NULL : all;
	return rc;
}

/* Hands them to the loops; what was waiting there and was never taken goes. */
static void offer(struct lua *l, struct sandbox **all)
{
	pthread_mutex_lock(&l->lock);
	for (uint32_t i = 0; i < l->host->loops; i++) {
		struct sandbox *old = l->places[i].ready;

		l->places[i].ready = all[i];
		all[i] = old;
	}
	pthread_mutex_unlock(&l->lock);
	sandboxes_free(all, l->host->loops);
}

/* pluq_post_fn, on the pool */
static void end_sandbox(void *arg)
{
	struct sandbox *s = arg;

	sandbox_free(&s);
}

/* pluq_post_fn */
static void ended(void *arg)
{
	(void)arg;
}

/* Loop. A large state takes long to free: that is the pool's. */
static void retire(struct lua *l, struct sandbox **ss)
{
	struct sandbox *s = *ss;

	*ss = NULL;
	if (s && (!l->host->work || l->host->work(l->host, end_sandbox, ended, s)))
		sandbox_free(&s);
}

/* --- judging -------------------------------------------------------------------------------------------------------- */

/* pluq_validator_ops.loop_begin */
static int loop_begin(void *self, uint32_t loop)
{
	struct lua *l = self;
	struct place *p = &l->places[loop];
	struct sandbox *fresh;

	pthread_mutex_lock(&l->lock);
	fresh = p->ready;
	p->ready = NULL;
	pthread_mutex_unlock(&l->lock);
	if (!fresh)
		return 0;
	retire(l, &p->sandbox);
	p->sandbox = fresh;
	program_unref(&p->program);
	p->program = program_ref(sandbox_program(fresh));
	return 0;
}

static void tell(struct lua *l, struct place *p, const struct pluq_candidate *c, const char *what)
{
	int64_t now = l->host->now_ns(l->host);

	if (p->logged_ns && now - p->logged_ns < LOG_GAP_NS) {
		p->unlogged++;
		return;
	}
	if (p->unlogged)
		l->host->log(l->host, PLUQ_WARN, "a message for %.*s was rejected: %s (%llu more since the last such line)",
		    (int)c->topic_length, c->topic, what, (unsigned long long)p->unlogged);
	else
		l->host->log(l->host, PLUQ_WARN, "a message for %.*s was rejected: %s", (int)c->topic_length, c->topic, what);
	p->logged_ns = now;
	p->unlogged = 0;
}

/* True: there is a state to ask. */
static bool restart(struct place *p, struct pluq_finding *finding)
{
	struct pluq_why why = {""};

	if (p->sandbox)
		return true;
	if (p->program && sandbox_new(p->program, &p->sandbox, &why) == 0) {
		p->restarts++;
		return true;
	}
	snprintf(finding->reason, sizeof(finding->reason), "cannot be judged: the script could not be started again: %.180s", why.text);
	return false;
}

/* pluq_validator_ops.judge */
static int judge(void *self, const struct pluq_candidate *c, struct pluq_finding *finding)
{
	struct lua *l = self;
	struct place *p = &l->places[c->loop];
	enum sandbox_fault fault;
	int judgement;

	if (!restart(p, finding))
		return PLUQ_ENOMEM;
	judgement = sandbox_judge(p->sandbox, c, finding, &fault);
	if (fault == SANDBOX_FINE)
		return judgement;
	p->faults[fault]++;
	tell(l, p, c, finding->reason);
	if (fault == SANDBOX_MEMORY && !sandbox_is_sound(p->sandbox))
		retire(l, &p->sandbox); /* the next message has it made anew */
	return judgement;
}

/* --- what is counted ------------------------------------------------------------------------------------------------ */

static const struct pluq_metric failures = {
	.name = "validate_lua_failures", .unit = "", .detail = "reason", .type = PLUQ_COUNTER,
	.help = "messages rejected because the script failed, took too long or answered with something else",
};
static const struct pluq_metric restarts = {
	.name = "validate_lua_restarts", .unit = "", .type = PLUQ_COUNTER,
	.help = "times that a loop's state was made anew because the script had filled it",
};
static const struct pluq_metric memory = {
	.name = "validate_lua_memory", .unit = "bytes", .type = PLUQ_GAUGE, .help = "what the states of all loops hold",
};

/* pluq_gather_fn */
static void gather(void *arg, uint32_t loop, struct pluq_gather *g)
{
	static const char *const reasons[SANDBOX_FAULTS] = { NULL, "error", "instructions", "memory", "answer" };
	struct lua *l = arg;
	const struct place *p = &l->places[loop];
	struct pluq_sample s = { .plugin = l->host->instance };

	for (int i = 1; i < SANDBOX_FAULTS; i++) {
		s.metric = &failures;
		s.detail = reasons[i];
		s.value = (double)p->faults[i];
		l->host->metrics->add(g, &s);
	}
	s.detail = NULL;
	s.metric = &restarts;
	s.value = (double)p->restarts;
	l->host->metrics->add(g, &s);
	s.metric = &memory;
	s.value = p->sandbox ? (double)sandbox_memory(p->sandbox) : 0;
	l->host->metrics->add(g, &s);
}

/* --- the plugin ----------------------------------------------------------------------------------------------------- */

/* pluq_plugin.check */
static int check(const void *arg, struct pluq_why *why)
{
	const struct conf *conf = arg;
	struct program *program = NULL;
	struct sandbox *sandbox = NULL;
	int rc = program_load(conf->script, conf->max_instructions, conf->max_memory, &program, why);

	if (!rc)
		rc = sandbox_new(program, &sandbox, why);
	sandbox_free(&sandbox);
	program_unref(&program);
	return rc;
}

/* pluq_plugin.reload. A script that does not start changes nothing. */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct lua *l = self;
	struct sandbox **all;
	int rc = sandboxes_new(l->host, conf, &all, why);

	if (rc == 0)
		offer(l, all);
	return rc;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct lua *l = self;

	for (uint32_t i = 0; i < l->host->loops; i++) {
		sandbox_free(&l->places[i].sandbox);
		sandbox_free(&l->places[i].ready);
		program_unref(&l->places[i].program);
	}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	size_t size = sizeof(struct lua) + host->loops * sizeof(struct place);
	struct lua *l = aligned_alloc(_Alignof(struct lua), size); /* a multiple of it: places are the last */
	struct sandbox **all;
	int rc;

	if (!l) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	memset(l, 0, size);
	l->host = host;
	if ((rc = sandboxes_new(host, conf, &all, why))) {
		free(l);
		return rc;
	}
	if (host->metrics && PLUQ_HAS(host->metrics, source) && (rc = host->metrics->source(host, gather, l))) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		sandboxes_free(all, host->loops);
		free(l);
		return rc;
	}
	pthread_mutex_init(&l->lock, NULL);
	offer(l, all);
	*self = l;
	return 0;
}

static const struct pluq_option options[] = {
	PLUQ_VALIDATOR_OPTIONS,
	{ .key = "script", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED | PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, script),
	    .help = "file that defines validate(topic, body); read again on SIGHUP" },
	{ .key = "max_instructions", .type = PLUQ_OPT_INT, .flags = PLUQ_OPT_RELOAD, .standard = "1000000",
	    .offset = offsetof(struct conf, max_instructions), .min = 1000, .max = 1000000000,
	    .help = "what one message may cost, in instructions of Lua's machine; library functions are charged by what they do" },
	{ .key = "max_memory", .type = PLUQ_OPT_SIZE, .flags = PLUQ_OPT_RELOAD, .standard = "16MiB",
	    .offset = offsetof(struct conf, max_memory), .min = 256 << 10, .max = INT64_C(4) << 30,
	    .help = "what the script may hold, on each loop: its data, the message's body, what it makes of it" },
	{ .key = NULL },
};

static const struct pluq_validator_ops ops = { .size = sizeof(ops), .judge = judge, .loop_begin = loop_begin };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_VALIDATOR,
	.option_size = sizeof(struct pluq_option),
	.name = "validate-lua",
	.version = "0.1.0",
	.summary = "messages judged by a function of a Lua script",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
