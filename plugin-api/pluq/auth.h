/* <pluq/auth.h>: the auth kind: who a peer is and what it may do.
 *
 * Plugins are asked in the configured order. No opinion passes on to the next one, and silence to the end is a refusal; any other
 * answer ends the chain. What was allowed is kept by the daemon for its time to live, per connection, and then asked for again; what
 * was refused is kept for a short while for all connections with the same facts. So a plugin keeps nothing, and is never asked per
 * message.
 *
 *	static int ask(void *self, const struct pluq_auth_query *query, struct pluq_auth_call *call, struct pluq_why *why)
 *	{
 *		static const char *const every_channel[] = {".*"};
 *		if (!is_known(self, query->secret, query->secret_length))
 *			return PLUQ_AUTH_SILENT;
 *		auth->identify(call, "somebody", "");
 *		auth->live(call, 600 * INT64_C(1000000000));
 *		auth->grant(call, PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH, "^orders$", every_channel, 1);
 *		return PLUQ_AUTH_ALLOW;
 *	}
 */
#ifndef PLUQ_AUTH_H
#define PLUQ_AUTH_H

#include <pluq/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a grant permits; a set. */
enum {
	PLUQ_MAY_SUBSCRIBE = 1u << 0,
	PLUQ_MAY_PUBLISH = 1u << 1,
	PLUQ_MAY_ADMIN = 1u << 2 /* create, delete, empty, pause, configure, over HTTP */
};

enum pluq_verdict {
	PLUQ_AUTH_ALLOW = 1,  /* with the grants that were told; none: known, but may do nothing */
	PLUQ_AUTH_DENY = 2,   /* it must not in, whatever the plugins behind would say */
	PLUQ_AUTH_SILENT = 3, /* no opinion */
	PLUQ_AUTH_ERROR = 4,  /* it cannot be told now: a backend is down, or answers rubbish. `why` goes to the log */
	PLUQ_AUTH_LATER = 5   /* `answer` will be called, or has been, exactly once: twice ends the process, and so does `answer` with
	                       * another verdict than LATER returned. Until `fini` has returned; what is owed then is owed no more */
};

/* Who asks to be let in. Texts are never NULL. */
struct pluq_auth_query {
	uint32_t size;
	const uint8_t *secret;  /* as the client sent it, any bytes, followed by a NUL that is not counted. An HTTP client's: its bearer
	                         * token, or its basic password */
	size_t secret_length;
	const char *remote_ip;  /* without port; "" on a unix socket */
	const char *common_name; /* of the subject of the client's certificate; "": it has shown none, or one without */
	struct pluq_strings alt_names; /* subject alternative names of it: "DNS:a.example", "IP:10.0.0.1", "URI:...", "email:..." */
	bool tls;               /* the connection is under TLS */
	bool verified;          /* the certificate was verified; without it the names are the peer's own claim */
};

/* One question to one plugin, on its way to an answer. */
struct pluq_auth_call;

enum {
	PLUQ_AUTH_BLOCKS = 1u << 0 /* `ask` may block: it is called on the pool, in the plugin's lane, two at once; one that has blocked for
	                            * a second no longer counts, up to 16 in all. Otherwise on the loop of the connection, several loops
	                            * at once, and must return within microseconds */
};

struct pluq_auth_ops {
	uint32_t size;
	uint32_t flags; /* PLUQ_AUTH_BLOCKS */

	/* Returns an enum pluq_verdict. The query is borrowed until the answer: until `ask` returns, or if that was LATER, until `answer`
	 * is called. */
	int (*ask)(void *self, const struct pluq_auth_query *, struct pluq_auth_call *, struct pluq_why *why);

	/* After LATER: nobody waits any more, because the client has left or the deadline has passed. `answer` is owed all the same. Any
	 * thread, possibly while `answer` is running on another; not after `answer` has returned, which waits for it: no lock that
	 * cancel takes may be held around `answer`. It may call `answer` itself. May be NULL. */
	void (*cancel)(void *self, struct pluq_auth_call *);
};

/* What was decided; borrowed. */
struct pluq_grant {
	uint32_t permissions;  /* PLUQ_MAY_* */
	const char *topic;     /* pattern */
	struct pluq_strings channels; /* patterns */
};

struct pluq_auth_answer {
	uint32_t size;
	int verdict;          /* ALLOW, DENY, SILENT (nobody had an opinion), ERROR (deadline included) */
	const char *identity, *identity_url; /* never NULL */
	int64_t ttl_ns;       /* ALLOW: above 0 */
	const struct pluq_grant *grants; /* ALLOW */
	size_t grant_count;
};

/* Who a connection is, and what it may do until when. Belongs to one loop at a time. */
struct pluq_auth_session;
/* A bare question. */
struct pluq_auth_asking;

/* Once, in a later step of the loop that has asked, never inside the call. */
typedef void (*pluq_auth_answer_fn)(void *arg, const struct pluq_auth_answer *);
/* status: 0: allowed. PLUQ_EDENIED: known, but not permitted to do this. PLUQ_EREFUSED: a plugin has denied it altogether.
 * PLUQ_ENOGRANT: a good answer, but it permits nothing at all. PLUQ_EAUTH: it could not be found out. PLUQ_ENOMEM. */
typedef void (*pluq_auth_fn)(void *arg, int status);

struct pluq_auth {
	uint32_t size;

	/* For auth plugins: what belongs to an ALLOW. Within `ask`, or after LATER before `answer`; one thread at a time. Everything is
	 * copied; what cannot be (no memory, beyond the daemon's limits) makes the answer an ERROR. */
	void (*identify)(struct pluq_auth_call *, const char *identity, const char *url); /* shown in the client's answer and in /stats */
	void (*live)(struct pluq_auth_call *, int64_t ns); /* time to live, above 0; without it: one hour */
	/* Patterns are regular expressions (PCRE2), not anchored; `$` matches at the very end only. Publishing is matched against the
	 * empty channel, as in the original. A pattern that does not compile makes the answer an ERROR where it is used. */
	void (*grant)(struct pluq_auth_call *, uint32_t permissions, const char *topic, const char *const *channels, size_t n);
	/* Any thread. ALLOW, DENY, SILENT or ERROR; why may be NULL. The call is dead. */
	void (*answer)(struct pluq_auth_call *, int verdict, const char *why);

	/* For handlers. */

	/* Any thread. Whether the process has an auth plugin. A handler that asks calls it once in `init` or `start`: if none does, the
	 * operator is warned of plugins that guard nothing. */
	bool (*required)(const struct pluq_host *);

	/* Loop. The chain's answer as it is: nothing is kept, patterns are not compiled. The query is copied. PLUQ_ENOMEM. */
	int (*ask)(const struct pluq_host *, const struct pluq_auth_query *, pluq_auth_answer_fn, void *arg,
	    struct pluq_auth_asking **out);
	void (*ask_drop)(struct pluq_auth_asking **); /* before the answer: it will not come. Accepts NULL inside */

	/* Loop. Asks the chain about a connection; fn tells what came of it. After 0 the session is good for the calls below, after
	 * anything else for close only. The query is copied. PLUQ_ENOMEM. */
	int (*open)(const struct pluq_host *, const struct pluq_auth_query *, pluq_auth_fn, void *arg, struct pluq_auth_session **out);
	/* Accepts NULL inside. Callbacks still to come do not. */
	void (*close)(struct pluq_auth_session **);

	/* Whether it may do one of `permissions` on the topic, judged with the channel's name; "" for none, for publishing above all. At
	 * most one check is open at a time. 0, PLUQ_EDENIED: known at once (tens of nanoseconds if asked again). PLUQ_ELATER: the time to
	 * live was over, the chain is asked again, fn tells. PLUQ_ENOMEM. */
	int (*check)(struct pluq_auth_session *, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
	    size_t channel_length, pluq_auth_fn fn, void *arg);

	/* From now on the session asks again by itself before its time to live is over, and fn comes, once, when it may no longer
	 * subscribe to that channel (status as above). The names are copied. PLUQ_ENOMEM. */
	int (*watch)(struct pluq_auth_session *, const char *topic, size_t topic_length, const char *channel, size_t channel_length,
	    pluq_auth_fn fn, void *arg);

	/* Around conn_move: the session leaves its loop, and goes on on the calling one. Not while a check is open. */
	void (*leave)(struct pluq_auth_session *);
	int (*arrive)(struct pluq_auth_session *); /* PLUQ_ENOMEM: close it, and the connection */

	/* What the answer in force says; borrowed until the next call for this session, or step of the loop. */
	const char *(*identity)(const struct pluq_auth_session *);
	const char *(*identity_url)(const struct pluq_auth_session *);
	uint32_t (*grant_count)(const struct pluq_auth_session *);
};

#ifdef __cplusplus
}
#endif
#endif
