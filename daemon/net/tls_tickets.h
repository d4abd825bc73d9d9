/* Private to daemon/net. The keys of session tickets: what a client keeps of its session, and shows to go on with it. Who has the keys can
 * read what TLS 1.2 sessions have said, so no key lives long. Any thread.
 */
#ifndef PLUQ__TLS_TICKETS_H
#define PLUQ__TLS_TICKETS_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pluq__ticket_key {
	uint8_t name[16], hmac[32], aes[32];
};

struct pluq__tickets {
	pthread_mutex_t lock; /* held for the copying of a key, once per ticket */
	struct pluq__ticket_key now, before;
	int64_t made_ns;      /* when `now` was made, by the monotonic clock */
	bool both;            /* `before` is still good */
};

/* Without keys, until renew. */
void pluq__tickets_init(struct pluq__tickets *);
void pluq__tickets_fini(struct pluq__tickets *);
/* Other keys; no ticket that has been handed out is worth anything any more. false: no randomness; nothing has changed. */
bool pluq__tickets_renew(struct pluq__tickets *, int64_t now_ns);
/* What is due: another key for new tickets, an end for those by the key before. Done for every ticket. */
void pluq__tickets_turn(struct pluq__tickets *, int64_t now_ns);
/* Makes and reads the tickets of a server's context, which the keys must outlive. false: no memory. */
bool pluq__tickets_use(struct pluq__tickets *, SSL_CTX *);

#endif
