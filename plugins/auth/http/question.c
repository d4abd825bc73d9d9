/* One question: it goes to a server at random, and then around until one has given a proper answer. If none has, and one of them has refused
 * the client, that is the answer.
 *
 * It lives on the loop that asks; only `cancel` may come from elsewhere, finds it in the table of those that are open, and sends a letter
 * to its loop. So it is held by the table until it is answered, and by that letter. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "answer.h"
#include "asker.h"
#include "parameters.h"

/* As Go's client: the tenth redirect is the end. */
#define REQUESTS_MAX 10

#define ACCEPT "Accept: application/vnd.nsq; version=1.0\r\n"
#define JSON "Content-Type: application/json\r\n"

struct question {
	struct question *next; /* in its bucket */
	struct asker *asker;
	struct pluq_auth_call *key; /* the daemon's */
	struct servers *servers;
	atomic_uint refs;
	uint32_t loop;

	/* On the loop only. */
	struct pluq_http_call *call; /* on its way */
	char *parameters;            /* in the form of the method */
	size_t first, tried;         /* servers: where it began, how many have been tried or are being so */
	struct url at;               /* what is being asked, and by which method */
	bool post;
	int requests;                /* to this server, redirects included */
	int64_t deadline_ns;         /* of them together */
	bool refused;                /* one of them does not want this client */
	bool over;                   /* it has been answered */
	size_t causes_used;
	char causes[200];            /* of the failures, one line */
};

static struct server *server_of(const struct question *q)
{
	return &q->servers->items[(q->first + q->tried - 1) % q->servers->count];
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

static void question_free(struct question *q)
{
	url_free(&q->at);
	if (q->parameters)
		OPENSSL_cleanse(q->parameters, strlen(q->parameters));
	free(q->parameters);
	servers_unref(q->servers);
	free(q);
}

static void question_unref(struct question *q)
{
	if (atomic_fetch_sub_explicit(&q->refs, 1, memory_order_acq_rel) == 1)
		question_free(q);
}

static struct question **bucket(struct asker *a, const struct pluq_auth_call *key)
{
	return &a->open[((uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15)) >> 54];
}

_Static_assert(BUCKETS == 1024, "a bucket is told by ten bits");

static void enter(struct question *q)
{
	struct question **b = bucket(q->asker, q->key);

	pthread_mutex_lock(&q->asker->lock);
	q->next = *b;
	*b = q;
	pthread_mutex_unlock(&q->asker->lock);
}

static void leave(struct question *q)
{
	struct question **b = bucket(q->asker, q->key);

	pthread_mutex_lock(&q->asker->lock);
	while (*b != q)
		b = &(*b)->next;
	*b = q->next;
	pthread_mutex_unlock(&q->asker->lock);
}

/* The question may be gone after it. */
static void finish(struct question *q, int verdict, const char *why)
{
	q->over = true;
	leave(q);
	q->asker->host->auth->answer(q->key, verdict, why);
	question_unref(q);
}

/* --- asking --------------------------------------------------------------------------------------------------------- */

static void on_answer(void *arg, int status, const uint8_t *body, size_t length, const struct pluq_why *why);

/* The HTTP client begins with the address, which is the server's own unless a redirect led away from it. */
static const char *without_address(const char *cause, const char *address)
{
	size_t n = strlen(address);

	return strncmp(cause, address, n) == 0 && strncmp(cause + n, ": ", 2) == 0 ? cause + n + 2 : cause;
}

static void note_failure(struct question *q, const char *cause)
{
	struct server *s = server_of(q);
	size_t room = sizeof(q->causes) - q->causes_used;
	int n;

	cause = without_address(cause, s->url.address);
	n = snprintf(q->causes + q->causes_used, room, "%s%.60s: %.100s", q->causes_used ? "; " : "", s->name, cause);

	q->causes_used = n < 0 || (size_t)n >= room ? sizeof(q->causes) - 1 : q->causes_used + (size_t)n;
	servers_failed(q->servers, s, q->asker->host, cause);
}

/* Sends one request to where the question stands. target: heap, freed; NULL: no memory. NULL, or why not. */
static const char *send_request(struct question *q, char *target, struct pluq_why *why)
{
	struct asker *a = q->asker;
	int64_t left = q->deadline_ns - a->host->now_ns(a->host);
	struct pluq_http_get get = {
		.size = sizeof(get),
		.address = q->at.address,
		.target = target,
		.headers = q->post ? ACCEPT JSON : ACCEPT,
		.connect_timeout_ns = q->servers->connect_timeout_ns,
		.timeout_ns = left,
		.max_body = ANSWER_MAX,
		.fn = on_answer,
		.arg = q,
		.method = q->post ? "POST" : "GET",
		.content = q->post ? (const uint8_t *)q->parameters : NULL,
		.content_length = q->post ? strlen(q->parameters) : 0,
		.tls = q->at.tls ? a->tls : NULL,
	};
	const char *wrong = NULL;

	if (!target)
		wrong = "out of memory";
	else if (left <= 0)
		wrong = "no complete answer in time";
	else if (++q->requests > REQUESTS_MAX)
		wrong = "too many redirects";
	else if (a->http->get(a->host, &get, &q->call, why) < 0)
		wrong = why->text;
	if (target)
		OPENSSL_cleanse(target, strlen(target)); /* the secret is in it */
	free(target);
	return wrong;
}

/* As the server wants to be asked first: all that is known goes with it. */
static const char *send_whole(struct question *q, struct pluq_why *why)
{
	q->post = q->servers->post;
	q->requests = 0;
	q->deadline_ns = q->asker->host->now_ns(q->asker->host) + q->servers->request_timeout_ns;
	return send_request(q, q->post ? strdup(q->at.target) : url_join(&q->at, q->parameters), why);
}

static void stand_at(struct question *q, const struct url *u)
{
	url_free(&q->at);
	q->at = *u;
}

static const char *begin_with(struct question *q, const struct server *s, struct pluq_why *why)
{
	struct url u = { .tls = s->url.tls, .address = strdup(s->url.address), .target = strdup(s->url.target) };

	stand_at(q, &u);
	return u.address && u.target ? send_whole(q, why) : "out of memory";
}

/* false: there is none left. */
static bool ask_next(struct question *q)
{
	while (q->tried < q->servers->count) {
		struct pluq_why why = { "" };
		const char *wrong;

		q->tried++;
		if (!(wrong = begin_with(q, server_of(q), &why)))
			return true;
		note_failure(q, wrong);
	}
	return false;
}

static void go_around(struct question *q)
{
	if (!ask_next(q))
		finish(q, q->refused ? PLUQ_AUTH_DENY : PLUQ_AUTH_ERROR, q->causes);
}

static void failed(struct question *q, const char *cause)
{
	note_failure(q, cause);
	go_around(q);
}

/* --- what comes back ------------------------------------------------------------------------------------------------ */

/* wrong: of the URL, or NULL. */
static void go_on_at(struct question *q, const char *wrong, const struct url *u, bool whole)
{
	struct pluq_why why = { "" };

	if (!wrong) {
		stand_at(q, u);
		wrong = whole ? send_whole(q, &why) : send_request(q, strdup(q->at.target), &why);
	}
	if (wrong)
		failed(q, wrong);
}

/* As Go's client: after 301, 302 and 303 with GET and without a body, after 307 and 308 as before. The query is the new URL's. */
static void redirect(struct question *q, int status, const char *location)
{
	char cause[128];
	const char *wrong;
	struct url u;

	if (!location || !*location) {
		snprintf(cause, sizeof(cause), "it answered with status %d that leads nowhere", status);
		failed(q, cause);
		return;
	}
	if (status != 307 && status != 308)
		q->post = false;
	wrong = url_follow(&u, &q->at, location);
	if (!wrong && q->at.tls && !u.tls) {
		url_free(&u);
		wrong = "it leads from https to http"; /* where the secret can be read, and the answer be anybody's */
	}
	if (wrong)
		snprintf(cause, sizeof(cause), "it answered with a redirect that cannot be followed: %s", wrong);
	go_on_at(q, wrong ? cause : NULL, &u, false);
}

/* A server that speaks https only says where; any other refusal is one of the client. */
static void refused(struct question *q, const uint8_t *body, size_t length)
{
	const struct url *from = &server_of(q)->url;
	int port = answer_https_port(body, length);
	const char *wrong = NULL;
	struct url u = { 0 };

	if (port < 0) {
		servers_refused(server_of(q), q->asker->host);
		q->refused = true;
		go_around(q);
		return;
	}
	if (q->at.tls || from->tls)
		wrong = "it answered with status 403, asking for https, over https";
	else if (port == 0 || port > 65535)
		wrong = "it wants to be asked over https, at no port";
	else
		wrong = url_secure(&u, from, port);
	go_on_at(q, wrong, &u, true);
}

static void judge(struct question *q, const uint8_t *body, size_t length)
{
	struct answer answer;
	char wrong[200], cause[256];

	if (!answer_read(&answer, body, length, wrong, sizeof(wrong))) {
		snprintf(cause, sizeof(cause), "its answer cannot be used: %s", wrong);
		failed(q, cause);
		return;
	}
	servers_answered(q->servers, server_of(q), q->asker->host);
	bool told = answer_tell(&answer, q->asker->host->auth, q->key);
	answer_free(&answer);
	finish(q, told ? PLUQ_AUTH_ALLOW : PLUQ_AUTH_ERROR, told ? NULL : "out of memory");
}

/* pluq_http_get_fn */
static void on_answer(void *arg, int status, const uint8_t *body, size_t length, const struct pluq_why *why)
{
	struct question *q = arg;
	struct pluq_http_call *call = q->call;
	char cause[64];

	q->call = NULL;
	switch (status) {
	case 200:
		judge(q, body, length);
		break;
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		redirect(q, status, q->asker->http->call_header(call, "Location"));
		break;
	case 403:
		refused(q, body, length);
		break;
	default:
		snprintf(cause, sizeof(cause), "it answered with status %d", status);
		failed(q, status < 0 ? why->text : cause);
	}
}

/* --- for the daemon ------------------------------------------------------------------------------------------------- */

static size_t at_random(size_t count)
{
	uint32_t r = 0;

	if (count > 1 && getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = 0;
	return r % count;
}

int question_ask(void *self, const struct pluq_auth_query *query, struct pluq_auth_call *key, struct pluq_why *why)
{
	struct asker *a = self;
	struct question *q;

	if (query->secret_length > SECRET_MAX)
		return PLUQ_AUTH_SILENT;
	if (!(q = calloc(1, sizeof(*q)))) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_AUTH_ERROR;
	}
	atomic_init(&q->refs, 1);
	q->asker = a;
	q->key = key;
	q->loop = (uint32_t)a->host->loop_self(a->host);
	pthread_mutex_lock(&a->lock);
	q->servers = servers_ref(a->servers);
	pthread_mutex_unlock(&a->lock);
	q->first = at_random(q->servers->count);
	q->parameters = q->servers->post ? parameters_json(a->http, query) : parameters_query(query);
	if (q->parameters && ask_next(q)) {
		enter(q); /* neither the answer nor `cancel` comes before this has returned */
		return PLUQ_AUTH_LATER;
	}
	snprintf(why->text, sizeof(why->text), "%s", q->parameters ? q->causes : "out of memory");
	question_free(q);
	return PLUQ_AUTH_ERROR;
}

/* pluq_post_fn */
static void on_cancel(void *arg)
{
	struct question *q = arg;

	if (!q->over) {
		if (q->call)
			q->asker->http->cancel(q->call);
		finish(q, PLUQ_AUTH_ERROR, "nobody waits for it any more");
	}
	question_unref(q);
}

void question_cancel(void *self, struct pluq_auth_call *key)
{
	struct asker *a = self;
	struct question *q;

	pthread_mutex_lock(&a->lock);
	for (q = *bucket(a, key); q && q->key != key; q = q->next)
		;
	if (q)
		atomic_fetch_add_explicit(&q->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&a->lock);
	/* Without the letter the request goes on to its deadline, and is answered then. */
	if (q && a->host->post(a->host, q->loop, on_cancel, q) < 0)
		question_unref(q);
}

void question_drop_all(struct asker *a)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (a->open[i]) {
			struct question *q = a->open[i];

			a->open[i] = q->next;
			question_unref(q);
		}
}
