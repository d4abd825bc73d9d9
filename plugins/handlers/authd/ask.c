#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "oauth.h"

struct asking {
	struct authd *authd;
	struct asking *next, **back;
	struct pluq_http_request *request;
	struct question question;
	bool oauth;                     /* the secret is, or is to be, a login */
	struct pluq_http_call *lookup;  /* of the endpoint, while it is asked */
	struct pluq_auth_asking *plugins; /* while they are asked */
};

static void end(struct asking *q)
{
	*q->back = q->next;
	if (q->next)
		q->next->back = q->back;
	question_free(&q->question);
	free(q);
}

static void refuse(struct asking *q, uint32_t status, const char *text)
{
	q->authd->http->error(q->request, status, text);
	end(q);
}

/* As the example server writes it, blank and all. */
static void not_authorized(struct asking *q)
{
	static const char text[] = "{\"message\": \"NOT_AUTHORIZED\"}";

	q->authd->http->reply(q->request, 403, "application/json; charset=UTF-8", text, sizeof(text) - 1);
	end(q);
}

static void reply(struct asking *q, const struct pluq_auth_answer *answer)
{
	const struct pluq_http *http = q->authd->http;
	struct text t = {0};

	answer_put(http, &t, answer, q->oauth ? q->question.secret : NULL);
	if (t.failed)
		http->error(q->request, 500, "INTERNAL_ERROR");
	else
		http->reply(q->request, 200, "application/json; charset=UTF-8", t.data, t.length);
	text_free(&t);
	end(q);
}

static size_t permitting(const struct pluq_auth_answer *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->grant_count; i++)
		n += a->grants[i].permissions != 0;
	return n;
}

/* A pluq_auth_answer_fn. Who gives no login at all and gets nothing is told so; a login that may do nothing gets an empty list. */
static void on_answer(void *arg, const struct pluq_auth_answer *answer)
{
	struct asking *q = arg;

	q->plugins = NULL;
	if (answer->verdict == PLUQ_AUTH_ERROR)
		refuse(q, 503, "AUTH_UNAVAILABLE");
	else if (answer->verdict == PLUQ_AUTH_DENY)
		not_authorized(q);
	else if (q->question.secret_length == 0 && (answer->verdict != PLUQ_AUTH_ALLOW || !permitting(answer)))
		not_authorized(q);
	else
		reply(q, answer);
}

static void ask_plugins(struct asking *q)
{
	struct authd *a = q->authd;
	const struct question *from = &q->question;
	struct pluq_auth_query query = {.size = sizeof(query), .secret = (const uint8_t *)from->secret,
	    .secret_length = from->secret_length, .remote_ip = from->remote_ip, .common_name = from->common_name, .tls = from->tls,
	    .verified = a->conf->trust_common_name && from->tls && *from->common_name};

	if (a->auth->ask(a->host, &query, on_answer, q, &q->plugins) < 0)
		refuse(q, 503, "AUTH_UNAVAILABLE");
}

/* Without a login only what is open to anybody can match. Takes it. */
static void use_login(struct asking *q, char *login)
{
	free(q->question.secret);
	q->question.secret = login ? login : calloc(1, 1);
	q->question.secret_length = login ? strlen(login) : 0;
	if (q->question.secret)
		ask_plugins(q);
	else
		refuse(q, 500, "INTERNAL_ERROR");
}

/* A pluq_http_get_fn. What the endpoint says goes to the log, but never the token. */
static void on_lookup(void *arg, int status, const uint8_t *body, size_t n, const struct pluq_why *why)
{
	struct asking *q = arg;
	const struct pluq_host *host = q->authd->host;
	struct pluq_why local = {""};
	char *login = NULL;

	q->lookup = NULL;
	if (status == 200)
		login = oauth_login(q->authd->conf->oauth2_response_path, body, n, &local);
	if (!login && status > 0 && status != 200)
		host->log(host, PLUQ_INFO, "oauth2_echo_endpoint: no login: its status is %d", status);
	else if (!login)
		host->log(host, status < 0 ? PLUQ_WARN : PLUQ_INFO, "oauth2_echo_endpoint: no login: %s",
		    status < 0 && why ? why->text : local.text);
	use_login(q, login);
}

static void ask_endpoint(struct asking *q)
{
	struct authd *a = q->authd;
	struct pluq_why why = {""};

	if (oauth_ask(a, q->question.secret, q->question.secret_length, on_lookup, q, &q->lookup, &why) == 0)
		return;
	a->host->log(a->host, PLUQ_WARN, "oauth2_echo_endpoint: no login: %s", why.text);
	use_login(q, NULL);
}

void ask(struct authd *a, struct pluq_http_request *request, struct question *question)
{
	struct asking *q = calloc(1, sizeof(*q));

	if (!q || a->draining) {
		question_free(question);
		a->http->error(request, q ? 503 : 500, q ? "EXITING" : "INTERNAL_ERROR");
		free(q);
		return;
	}
	*q = (struct asking){.authd = a, .next = a->first, .back = &a->first, .request = request, .question = *question,
	    .oauth = a->endpoint.address != NULL};
	*question = (struct question){0};
	if (q->next)
		q->next->back = &q->next;
	a->first = q;
	if (!q->oauth)
		ask_plugins(q);
	else if (q->question.secret_length)
		ask_endpoint(q);
	else
		use_login(q, NULL);
}

void ask_drain(struct authd *a)
{
	a->draining = true;
	while (a->first) {
		struct asking *q = a->first;

		if (q->lookup)
			a->http->cancel(q->lookup);
		a->auth->ask_drop(&q->plugins);
		refuse(q, 503, "EXITING");
	}
}
