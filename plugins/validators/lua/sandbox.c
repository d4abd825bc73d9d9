#include "sandbox.h"

#include <lauxlib.h>
#include <pluq/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "library.h"
#include "text.h"

struct sandbox {
	struct budget budget;
	struct program *program; /* a reference */
	lua_State *L;
	int validate; /* the function, in the registry */
	size_t kept;  /* bytes, after all garbage was last collected */
};

/* What judge_protected is given, and what comes of it. */
struct question {
	struct sandbox *sandbox;
	const struct pluq_candidate *candidate;
	struct pluq_finding *finding;
	int judgement;
	enum sandbox_fault fault;
};

/* Collects all garbage; at nobody's expense. */
static void collect(struct sandbox *s)
{
	s->budget.left = INT64_MAX;
	lua_gc(s->L, LUA_GCCOLLECT, 0);
	s->kept = s->budget.used;
}

/* --- start ---------------------------------------------------------------------------------------------------------- */

/* lua_CFunction, protected: argument 1 is the sandbox. */
static int start_protected(lua_State *L)
{
	struct sandbox *s = lua_touserdata(L, 1);
	const struct program *p = s->program;

	library_open(L);
	lua_pushfstring(L, "@%s", p->name);
	if (luaL_loadbufferx(L, p->text, p->length, lua_tostring(L, -1), "t"))
		return lua_error(L);
	lua_call(L, 0, 0);
	if (lua_getglobal(L, "validate") != LUA_TFUNCTION)
		return luaL_error(L, "%s: there is no function validate", p->name);
	s->validate = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

/* Which limit was the end of a call that has failed. */
static enum sandbox_fault overrun(const struct sandbox *s, int status)
{
	if (s->budget.end == BUDGET_NO_INSTRUCTIONS || (status == LUA_ERRMEM && s->budget.left < 0))
		return SANDBOX_INSTRUCTIONS;
	return s->budget.end || status == LUA_ERRMEM ? SANDBOX_MEMORY : SANDBOX_FINE;
}

/* The error on top of the stack, as a text of Lua's. No memory is needed. */
static const char *error_text(lua_State *L, size_t *length)
{
	const char *none = "an error that is not a text";

	*length = strlen(none);
	return lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, length) : none;
}

static int start_failed(const struct sandbox *s, int status, struct pluq_why *why)
{
	const struct program *p = s->program;
	int folder = (int)(p->name - p->path); /* Lua's messages begin with the name */
	size_t length;
	const char *text = error_text(s->L, &length);
	char clean[120];

	text_clean(clean, sizeof(clean), text, length);
	if (folder > 120)
		folder = 0;
	switch (overrun(s, status)) {
	case SANDBOX_INSTRUCTIONS:
		snprintf(why->text, sizeof(why->text), "script: %.120s: takes more than %d times max_instructions to start", p->path,
		    SANDBOX_START_FACTOR);
		break;
	case SANDBOX_MEMORY:
		snprintf(why->text, sizeof(why->text), "script: %.120s: needs more than max_memory to start", p->path);
		break;
	default:
		if (strncmp(clean, p->name, strlen(p->name)) == 0)
			snprintf(why->text, sizeof(why->text), "script: %.*s%s", folder, p->path, clean);
		else
			snprintf(why->text, sizeof(why->text), "script: %.120s: %.110s", p->path, clean);
	}
	return PLUQ_EINVAL;
}

int sandbox_new(struct program *p, struct sandbox **out, struct pluq_why *why)
{
	struct sandbox *s = calloc(1, sizeof(*s));
	int status, rc;

	*out = NULL;
	if (s) {
		budget_init(&s->budget, (size_t)p->max_memory);
		s->L = lua_newstate(budget_alloc, &s->budget);
	}
	if (!s || !s->L) {
		free(s);
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	s->program = program_ref(p);
	*(struct budget **)lua_getextraspace(s->L) = &s->budget;
	budget_begin(&s->budget, s->L, p->max_instructions * SANDBOX_START_FACTOR);
	lua_pushcfunction(s->L, start_protected);
	lua_pushlightuserdata(s->L, s);
	status = lua_pcall(s->L, 1, 0, 0);
	if (status) {
		rc = start_failed(s, status, why);
		sandbox_free(&s);
		return rc;
	}
	collect(s);
	*out = s;
	return 0;
}

void sandbox_free(struct sandbox **ss)
{
	struct sandbox *s = *ss;

	*ss = NULL;
	if (!s)
		return;
	budget_fini(&s->budget);
	program_unref(&s->program);
	free(s);
}

/* --- a message ------------------------------------------------------------------------------------------------------ */

static void PLUQ_PRINTF(3, 4) fault(struct question *q, enum sandbox_fault what, const char *fmt, ...)
{
	va_list args;

	q->judgement = PLUQ_REJECT;
	q->fault = what;
	va_start(args, fmt);
	vsnprintf(q->finding->reason, sizeof(q->finding->reason), fmt, args);
	va_end(args);
}

static void say_reason(struct question *q, lua_State *L, int index)
{
	size_t length;
	const char *text = lua_tolstring(L, index, &length); /* a number becomes a text here */

	q->judgement = PLUQ_REJECT;
	if (!text || !length) {
		text = "the script says no";
		length = strlen(text);
	}
	text_clean(q->finding->reason, sizeof(q->finding->reason), text, length);
}

static void say_topic(struct question *q, lua_State *L, int index)
{
	const struct pluq_candidate *c = q->candidate;
	size_t length;
	const char *topic = lua_tolstring(L, index, &length);

	if (!pluq_name_is_valid(topic, length)) {
		char clean[PLUQ_NAME_MAX + 1];

		text_clean(clean, sizeof(clean), topic, length);
		fault(q, SANDBOX_ANSWER, "the script returned '%s', which is not a topic's name", clean);
	} else if (length == c->topic_length && memcmp(topic, c->topic, length) == 0) {
		q->judgement = PLUQ_ACCEPT; /* it stays where it is */
	} else {
		memcpy(q->finding->topic, topic, length);
		q->finding->topic[length] = 0;
		q->judgement = PLUQ_DIVERT;
	}
}

/* lua_CFunction, protected: argument 1 is the question. */
static int judge_protected(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	const struct pluq_candidate *c = q->candidate;
	struct budget *b = &q->sandbox->budget;

	b->left = INT64_MAX; /* the copy of the body is not the script's doing */
	lua_rawgeti(L, LUA_REGISTRYINDEX, q->sandbox->validate);
	lua_pushlstring(L, c->topic, c->topic_length);
	lua_pushlstring(L, (const char *)c->body, c->length);
	b->left = q->sandbox->program->max_instructions;
	lua_call(L, 2, 2);
	switch (lua_type(L, 2)) {
	case LUA_TBOOLEAN:
		if (lua_toboolean(L, 2))
			q->judgement = PLUQ_ACCEPT;
		else
			say_reason(q, L, 3);
		break;
	case LUA_TSTRING:
		say_topic(q, L, 2);
		break;
	default:
		fault(q, SANDBOX_ANSWER, "the script returned %s instead of true, false or a topic", luaL_typename(L, 2));
	}
	return 0;
}

static void judge_failed(struct question *q, struct sandbox *s, int status)
{
	size_t length;
	const char *text;
	char clean[240];

	if (s->budget.starved) { /* not the script's doing: the message may be a good one */
		snprintf(q->finding->reason, sizeof(q->finding->reason), "cannot be judged: out of memory");
		q->judgement = PLUQ_ENOMEM;
		return;
	}
	switch (overrun(s, status)) {
	case SANDBOX_INSTRUCTIONS:
		fault(q, SANDBOX_INSTRUCTIONS, "the script took too long");
		break;
	case SANDBOX_MEMORY:
		fault(q, SANDBOX_MEMORY, "the script ran out of memory");
		break;
	default:
		text = error_text(s->L, &length);
		text_clean(clean, sizeof(clean), text, length);
		fault(q, SANDBOX_ERROR, "script error: %s", clean);
	}
}

/* Garbage of the messages before must not be this one's lack of memory: the library's buffers are refused without a collection, and one
 * that is done for want of memory is charged. At most once for so many bytes of garbage. */
static bool is_littered(const struct sandbox *s)
{
	const struct budget *b = &s->budget;

	return b->used > b->most / 2 && b->used > s->kept && b->used - s->kept > b->most / 8;
}

int sandbox_judge(struct sandbox *s, const struct pluq_candidate *c, struct pluq_finding *finding, enum sandbox_fault *what)
{
	struct question q = { .sandbox = s, .candidate = c, .finding = finding, .judgement = PLUQ_REJECT };
	int status;

	if (is_littered(s))
		collect(s);
	budget_begin(&s->budget, s->L, s->program->max_instructions);
	lua_pushcfunction(s->L, judge_protected);
	lua_pushlightuserdata(s->L, &q);
	status = lua_pcall(s->L, 1, 0, 0);
	if (status)
		judge_failed(&q, s, status);
	lua_settop(s->L, 0);
	*what = q.fault;
	return q.judgement;
}

bool sandbox_is_sound(struct sandbox *s)
{
	collect(s);
	return s->budget.used <= s->budget.most / 2;
}

struct program *sandbox_program(const struct sandbox *s)
{
	return s->program;
}

size_t sandbox_memory(const struct sandbox *s)
{
	return s->budget.used;
}
