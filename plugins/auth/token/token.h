/* auth-token: one instance. */
#ifndef TOKEN_TOKEN_H
#define TOKEN_TOKEN_H

#include <pthread.h>

#include "table.h"

struct conf {
	const char *data_file;
	int64_t ttl; /* ns */
};

/* More checks of passwords than these are not begun: guesses must not pile up in front of those who know theirs. */
#define CHECKS_MOST 64

struct check;

struct token {
	const struct pluq_host *host;
	pthread_mutex_t lock;
	/* under the lock */
	struct table *table;
	int64_t ttl;
	struct check *checks; /* of passwords, in progress */
	unsigned check_count;
};

/* password.c: checks what takes long, on the pool. Takes the reference on success. Loop. */
int password_ask(struct token *, struct table **, const struct secret *, const uint8_t *rest, size_t n, int64_t ttl,
    struct pluq_auth_call *, struct pluq_why *why);
/* pluq_auth_ops.cancel */
void password_cancel(void *self, struct pluq_auth_call *);
void password_fini(struct token *);

/* Says what belongs to an ALLOW. */
void token_allow(struct token *, const struct table *, const struct secret *, int64_t ttl, struct pluq_auth_call *);

#endif
