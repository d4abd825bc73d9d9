/* A new topic waits for the channels that other nodes have of it, so that its first message reaches all of them: every lookup daemon
 * that has told where its HTTP side is gets asked, and the topic begins with what they say, once all have answered or failed. */
#include <pluq/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup.h"
#include "lookup_question.h"

/* Names from all answers together. They are made in one step of the topic's home: who tells nonsense must not stop it. */
#define NAMES_MAX 4096

struct lookup_ask {
	struct lookup_ask *next, **link;
	struct nsqd *nsqd;
	struct pluq_gate *gate;
	struct lookup_question **questions; /* NULL: answered */
	size_t question_count;
	size_t open;            /* questions not answered */
	char **names;           /* of channels, as they came */
	size_t count, room;
	bool left_out;          /* some that came are not among them */
	char topic[PLUQ_NAME_MAX + 1];
};

static void ask_free(struct lookup_ask *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->names[i]);
	free(a->names);
	free(a->questions);
	*a->link = a->next;
	if (a->next)
		a->next->link = a->link;
	free(a);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void begin(struct lookup_ask *a)
{
	a->nsqd->broker->gate_open(a->gate, (const char *const *)a->names, a->count);
	ask_free(a);
}

/* Each name once, and no more of them than there may be. */
static void tidy(struct lookup_ask *a)
{
	size_t kept = 0;

	if (a->count)
		qsort(a->names, a->count, sizeof(*a->names), by_name);
	for (size_t i = 0; i < a->count; i++) {
		bool again = kept && strcmp(a->names[kept - 1], a->names[i]) == 0;

		if (!again && kept < NAMES_MAX) {
			a->names[kept++] = a->names[i];
			continue;
		}
		a->left_out |= !again;
		free(a->names[i]);
	}
	a->count = kept;
}

/* Everybody has been heard. */
static void conclude(struct lookup_ask *a)
{
	const struct pluq_host *host = a->nsqd->host;

	if (a->left_out)
		host->log(host, PLUQ_WARN, "topic %s: more channels elsewhere than can be made at once: it begins with %zu of them",
		    a->topic, a->count);
	begin(a);
}

static bool grow(struct lookup_ask *a)
{
	size_t room = a->room ? a->room * 2 : 16;
	char **names = realloc(a->names, room * sizeof(*names));

	if (!names)
		return false;
	a->names = names;
	a->room = room;
	return true;
}

/* The function of lookup_json_list. What is no name, and what is ephemeral, is passed over. */
static bool take_name(void *arg, const char *name)
{
	struct lookup_ask *a = arg;
	size_t n = name ? strlen(name) : 0;
	char *copy;

	if (!n || !pluq_name_is_valid(name, n) || pluq_name_is_ephemeral(name, n))
		return true;
	copy = a->count < 2 * NAMES_MAX && (a->count < a->room || grow(a)) ? strdup(name) : NULL;
	if (copy)
		a->names[a->count++] = copy;
	else
		a->left_out = true;
	return true;
}

/* The done of struct lookup_listener. */
static void on_done(void *arg, struct lookup_question *q)
{
	struct lookup_ask *a = arg;

	for (size_t i = 0; i < a->question_count; i++)
		if (a->questions[i] == q)
			a->questions[i] = NULL;
	tidy(a);
	if (--a->open == 0)
		conclude(a);
}

static void ask_peers(struct lookup_ask *a)
{
	const struct lookup_listener listener = {.name = take_name, .done = on_done, .arg = a};
	size_t room = 0;

	for (const struct lookup_peer *p = a->nsqd->lookup.peers; p; p = p->next)
		room++;
	a->questions = calloc(room, sizeof(struct lookup_question *));
	for (struct lookup_peer *p = a->questions ? a->nsqd->lookup.peers : NULL; p; p = p->next) {
		struct lookup_question *q = lookup_question_new(p, a->topic, &listener);

		if (q)
			a->questions[a->question_count++] = q;
	}
	a->open = a->question_count;
}

void lookup_on_gate(void *arg, const char *topic, struct pluq_gate *gate)
{
	struct nsqd *n = arg;
	struct lookup *l = &n->lookup;
	struct lookup_ask *a = l->peers && !l->stopping ? calloc(1, sizeof(*a)) : NULL;

	if (!a) {
		if (l->peers && !l->stopping)
			n->host->log(n->host, PLUQ_ERROR, "topic %s: out of memory: it begins without its channels elsewhere", topic);
		n->broker->gate_open(gate, NULL, 0);
		return;
	}
	a->nsqd = n;
	a->gate = gate;
	memcpy(a->topic, topic, strlen(topic));
	a->next = l->asks;
	a->link = &l->asks;
	if (a->next)
		a->next->link = &a->next;
	l->asks = a;
	ask_peers(a);
	if (!a->open)
		n->host->log(n->host, PLUQ_ERROR, "no available nsqlookupd to query for channels to pre-create for topic %s", topic);
	if (!a->open)
		begin(a);
}

void lookup_drop_asks(struct nsqd *n)
{
	struct lookup_ask *a;

	while ((a = n->lookup.asks)) {
		for (size_t i = 0; i < a->question_count; i++)
			if (a->questions[i])
				lookup_question_drop(a->questions[i]);
		begin(a);
	}
}
