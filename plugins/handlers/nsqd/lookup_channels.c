/* A new topic waits for the channels that other nodes have of it, so that its first message reaches all of them: every lookup daemon
 * that has told where its HTTP side is gets asked, and the topic begins with what they say, once all have answered or failed. */
#include <pluq/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup.h"
#include "lookup_json.h"
#include "lookup_peer.h"

/* Names from all answers together, and bytes of one answer. It is read in one step of loop 0, and they are made in one step of the
 * topic's home: who tells nonsense must not stop either. */
#define NAMES_MAX 4096
#define ANSWER_MAX (1 << 20)

struct question {
	struct lookup_ask *ask;
	struct pluq_http_call *call; /* NULL: answered */
	struct question *next;
	char address[];
};

struct lookup_ask {
	struct lookup_ask *next, **link;
	struct nsqd *nsqd;
	struct pluq_gate *gate;
	struct question *questions;
	size_t open;            /* questions not answered */
	char **names;           /* of channels, as they came */
	size_t count, room;
	bool left_out;          /* some that came are not among them */
	char topic[PLUQ_NAME_MAX + 1];
};

static void ask_free(struct lookup_ask *a)
{
	while (a->questions) {
		struct question *next = a->questions->next;

		free(a->questions);
		a->questions = next;
	}
	for (size_t i = 0; i < a->count; i++)
		free(a->names[i]);
	free(a->names);
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

/* pluq_http_get_fn */
static void on_answer(void *arg, int status, const uint8_t *body, size_t length, const struct pluq_why *why)
{
	struct question *q = arg;
	struct lookup_ask *a = q->ask;
	const struct pluq_host *host = a->nsqd->host;
	bool good = status == 200 && lookup_json_list(body, length, "channels", take_name, a);

	q->call = NULL;
	tidy(a);
	if (status < 0)
		host->log(host, PLUQ_WARN, "lookupd %s: does not tell the channels of topic %s: %s", q->address, a->topic,
		    why->text);
	else if (status != 200)
		host->log(host, PLUQ_WARN, "lookupd %s: asked for channels of topic %s, it answered with status %d", q->address,
		    a->topic, status);
	else if (!good)
		host->log(host, PLUQ_WARN, "lookupd %s: asked for channels of topic %s, its answer is not a list of them", q->address,
		    a->topic);
	if (--a->open == 0)
		conclude(a);
}

/* A topic's name has at most one character that must be escaped. */
static void put_target(char *out, size_t size, const char *topic)
{
	const char *hash = strchr(topic, '#');
	int plain = (int)(hash ? hash - topic : (ptrdiff_t)strlen(topic));

	snprintf(out, size, "/channels?topic=%.*s%s%s", plain, topic, hash ? "%23" : "", hash ? hash + 1 : "");
}

static void ask_peer(struct lookup_ask *a, const struct lookup_peer *p)
{
	const struct nsqd *n = a->nsqd;
	size_t length = strlen(p->http) + 1;
	struct question *q = calloc(1, sizeof(*q) + length);
	char target[PLUQ_NAME_MAX + 32];
	struct pluq_why why = {{0}};

	if (!q)
		return;
	memcpy(q->address, p->http, length);
	q->ask = a;
	q->next = a->questions;
	a->questions = q;
	put_target(target, sizeof(target), a->topic);
	const struct pluq_http_get get = {.size = sizeof(get),
		.address = q->address,
		.target = target,
		.headers = "Accept: application/vnd.nsq; version=1.0\r\n",
		.connect_timeout_ns = n->conf->http_client_connect_timeout,
		.timeout_ns = n->conf->http_client_request_timeout,
		.max_body = ANSWER_MAX,
		.fn = on_answer,
		.arg = q};
	if (n->http->get(n->host, &get, &q->call, &why) < 0) {
		q->call = NULL;
		n->host->log(n->host, PLUQ_WARN, "lookupd %s: not asked for channels of topic %s: %s", q->address, a->topic, why.text);
		return;
	}
	a->open++;
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
	for (const struct lookup_peer *p = l->peers; p; p = p->next)
		if (p->http)
			ask_peer(a, p);
	if (!a->questions)
		n->host->log(n->host, PLUQ_ERROR, "no available nsqlookupd to query for channels to pre-create for topic %s", topic);
	if (!a->open)
		begin(a);
}

void lookup_drop_asks(struct nsqd *n)
{
	struct lookup_ask *a;

	while ((a = n->lookup.asks)) {
		for (struct question *q = a->questions; q; q = q->next)
			if (q->call)
				n->http->cancel(q->call);
		begin(a);
	}
}
