/* Private to daemon/auth. One question to one plugin, on its way to an answer. Made and freed on the loop that asks; in between the
 * plugin may have it on any thread. It outlives those who wait for it: it is freed when the plugin has answered, and nobody sooner. */
#ifndef PLUQ__CALL_H
#define PLUQ__CALL_H

#include "answer.h"
#include "core.h"
#include "question.h"

struct pluq__chain;

struct pluq_auth_call {
	unsigned magic;
	struct pluq__auth *auth;
	struct pluq__link *link;
	struct pluq__question *question;
	struct pluq__loop *loop;
	struct pluq__chain *chain; /* loop: who waits; NULL: nobody any more */
	struct pluq_auth_call *next, **at; /* auth->calls */

	struct pluq__job job;   /* PLUQ_AUTH_BLOCKS */
	struct pluq__mail mail; /* brings the answer */
	pthread_mutex_t mutex;  /* recursive: cancel may call answer. Held through both, so that cancel ends before answer returns */
	bool answered;          /* under the mutex: `answer` has been called */
	_Atomic bool dropped;   /* nobody waits: it need not be asked any more */
	bool on_pool, later, mailed; /* loop */
	int64_t asked_ns;       /* real clock */

	int verdict;
	struct pluq_why why;
	struct pluq__answer answer;
};

/* Loop. NULL: no memory, or too many questions open (then *why says so). */
struct pluq_auth_call *pluq__call_new(struct pluq__chain *, struct pluq__auth *, struct pluq__link *, struct pluq__question *,
    struct pluq__loop *, const char **why);
void pluq__call_free(struct pluq_auth_call *);

/* Loop. Asks. true: the verdict is there. Otherwise pluq__chain_told comes in a later step. */
bool pluq__call_ask(struct pluq_auth_call *);
/* Loop. Nobody waits any more. The call is no longer the caller's. */
void pluq__call_drop(struct pluq_auth_call *);

/* For the table: see <pluq/auth.h>. */
void pluq__call_identify(struct pluq_auth_call *, const char *identity, const char *url);
void pluq__call_live(struct pluq_auth_call *, int64_t ns);
void pluq__call_grant(struct pluq_auth_call *, uint32_t permissions, const char *topic, const char *const *channels, size_t n);
void pluq__call_answer(struct pluq_auth_call *, int verdict, const char *why);

#endif
