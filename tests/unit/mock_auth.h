/* What the daemon is to an auth plugin, without it: the auth table, which writes down what it is told, and an HTTP client whose requests a
 * test answers. One loop, which is the test's own thread. */
#ifndef MOCK_AUTH_H
#define MOCK_AUTH_H

#include <pluq/auth.h>
#include <pluq/http.h>
#include <pluq/net.h>

#include "mock_host.h"

/* One question. Set to 0 before it is asked. */
struct pluq_auth_call {
	char told[8192]; /* "identity I U\n", "live NS\n", "grant PERMISSIONS TOPIC [CHANNEL,...]\n" */
	size_t used;
	int verdict;     /* what `answer` said; 0: nothing yet */
	int answers;     /* how often */
	char why[512];
};

/* A request that is on its way. */
struct pluq_http_call {
	struct pluq_http_get get; /* texts are copies */
	struct pluq_http_call *next;
	const char *location; /* header of the answer; NULL: absent */
};

struct mock_auth {
	struct mock_host host; /* first */
	struct pluq_http_call *calls; /* oldest first */
	int asked, cancelled;  /* requests, all together */
	int refuse;            /* PLUQ_E*: what `get` answers at once; 0: it asks */
	int loop;              /* what loop_self says */
	struct {
		pluq_post_fn fn;
		void *arg;
	} posts[64];
	size_t post_count;
	int post_status;       /* what `post` says; 0: it takes it */
	struct pluq_tls_params tls; /* of the last tls_new or tls_change */
	int tls_made, tls_changed, tls_status;
	int64_t now_ns;        /* stands still */
};

/* Fills the host's tables; the mock is the one that runs from now on. */
void mock_auth_init(struct mock_auth *);
void mock_auth_fini(struct mock_auth *); /* nothing may be on its way */

/* The oldest request is answered: a status or PLUQ_E*, with its body or why. */
void mock_auth_reply(struct mock_auth *, int status, const char *text, const char *location);
void mock_auth_run_posts(struct mock_auth *);

#endif
