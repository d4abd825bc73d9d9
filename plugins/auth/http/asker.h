/* The plugin's own: which servers are asked, and the questions that are on their way. */
#ifndef AUTH_ASKER_H
#define AUTH_ASKER_H

#include <pluq/auth.h>
#include <pluq/http.h>
#include <pluq/net.h>
#include <pthread.h>
#include <stdatomic.h>

#include "url.h"

struct conf {
	struct pluq_strings address;
	int64_t request_method; /* METHOD_* */
	int64_t connect_timeout, request_timeout;
	const char *tls_root_ca_file, *tls_cert, *tls_key;
	int64_t tls_min_version; /* 0: TLS 1.0 */
};

enum { METHOD_GET, METHOD_POST };

struct server {
	char *name; /* as it was configured, without its query: for the log */
	struct url url;
	atomic_uint failures, refusals; /* since it last answered properly */
};

/* How questions are asked: constant but for the counts of failures. Held by the plugin until a reload, and by every question. */
struct servers {
	atomic_uint refs;
	bool post;
	int64_t connect_timeout_ns, request_timeout_ns;
	size_t count;
	struct server items[];
};

/* Longest secret that is asked about, bytes: whoever connects chooses it, and escaped it takes several times the room. Servers do not
 * take such requests anyhow. */
#define SECRET_MAX 65536

/* Questions are found by their call, for `cancel`. */
#define BUCKETS 1024

struct question;

struct asker {
	const struct pluq_host *host;
	const struct pluq_http *http;
	struct pluq_tls *tls;
	pthread_mutex_t lock; /* of what follows */
	struct servers *servers;
	struct question *open[BUCKETS];
};

/* servers.c */
int servers_new(const struct conf *, struct servers **out, struct pluq_why *); /* PLUQ_EINVAL, PLUQ_ENOMEM */
struct servers *servers_ref(struct servers *);
void servers_unref(struct servers *);
/* For the log: told once, then at growing gaps, and when it is over. A failure of the only server is told by the daemon, as that of the
 * question. */
void servers_failed(struct servers *, struct server *, const struct pluq_host *, const char *cause);
void servers_refused(struct server *, const struct pluq_host *); /* a client */
void servers_answered(struct servers *, struct server *, const struct pluq_host *);

/* question.c: pluq_auth_ops */
int question_ask(void *self, const struct pluq_auth_query *, struct pluq_auth_call *, struct pluq_why *);
void question_cancel(void *self, struct pluq_auth_call *);
/* Main, at the end: those that are still open. */
void question_drop_all(struct asker *);

#endif
