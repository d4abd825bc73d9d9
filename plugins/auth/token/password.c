/* Passwords: their hash is slow on purpose, so it is made on the pool. A random token, which is not, never waits behind them. */
#include <stdio.h>
#include <stdlib.h>

#include "token.h"

struct check {
	struct token *token;
	struct check *next, **back; /* under the lock */
	struct table *table;
	const struct secret *secret;
	const uint8_t *rest; /* the query's: until it is answered */
	size_t length;
	int64_t ttl;
	struct pluq_auth_call *call;
	atomic_bool cancelled;
};

/* pluq_post_fn. Pool. */
static void work(void *arg)
{
	struct check *c = arg;
	const struct pluq_auth *auth = c->token->host->auth;
	bool same;

	if (atomic_load(&c->cancelled))
		auth->answer(c->call, PLUQ_AUTH_ERROR, "nobody waits for it any more");
	else if (!secret_check(&c->secret->hash, c->rest, c->length, &same))
		auth->answer(c->call, PLUQ_AUTH_ERROR, "the password cannot be hashed");
	else if (!same)
		auth->answer(c->call, PLUQ_AUTH_SILENT, NULL);
	else {
		token_allow(c->token, c->table, c->secret, c->ttl, c->call);
		auth->answer(c->call, PLUQ_AUTH_ALLOW, NULL);
	}
}

static void unlink_check(struct check *c)
{
	*c->back = c->next;
	if (c->next)
		c->next->back = c->back;
	c->token->check_count--;
}

static void drop(struct check *c)
{
	pthread_mutex_lock(&c->token->lock);
	unlink_check(c);
	pthread_mutex_unlock(&c->token->lock);
	table_unref(&c->table);
	free(c);
}

/* pluq_post_fn. Loop. */
static void done(void *arg)
{
	drop(arg);
}

static bool enter(struct check *c)
{
	struct token *t = c->token;

	pthread_mutex_lock(&t->lock);
	bool room = t->check_count < CHECKS_MOST;
	if (room) {
		t->check_count++;
		c->next = t->checks;
		c->back = &t->checks;
		if (c->next)
			c->next->back = &c->next;
		t->checks = c;
	}
	pthread_mutex_unlock(&t->lock);
	return room;
}

int password_ask(struct token *t, struct table **table, const struct secret *s, const uint8_t *rest, size_t n, int64_t ttl,
    struct pluq_auth_call *call, struct pluq_why *why)
{
	struct check *c = calloc(1, sizeof(*c));

	if (!c) {
		rules_no_memory(why);
		return PLUQ_AUTH_ERROR;
	}
	*c = (struct check){.token = t, .table = *table, .secret = s, .rest = rest, .length = n, .ttl = ttl, .call = call};
	if (!enter(c)) {
		free(c);
		snprintf(why->text, sizeof(why->text), "%d passwords are being checked already", CHECKS_MOST);
		return PLUQ_AUTH_ERROR;
	}
	table_ref(c->table);
	int status = t->host->work(t->host, work, done, c);
	if (status < 0) {
		drop(c);
		snprintf(why->text, sizeof(why->text), "the password cannot be checked now (%d)", status);
		return PLUQ_AUTH_ERROR;
	}
	table_unref(table);
	return PLUQ_AUTH_LATER;
}

void password_cancel(void *self, struct pluq_auth_call *call)
{
	struct token *t = self;

	pthread_mutex_lock(&t->lock);
	for (struct check *c = t->checks; c; c = c->next)
		if (c->call == call)
			atomic_store(&c->cancelled, true);
	pthread_mutex_unlock(&t->lock);
}

/* Loops that have ended bring nothing back. */
void password_fini(struct token *t)
{
	while (t->checks)
		drop(t->checks);
}
