/* For the tests of daemon/auth: loops, a pool, the core, and plugins that do what a test tells them. The clocks stand. */
#ifndef AUTH_RIG_H
#define AUTH_RIG_H

#include <semaphore.h>
#include <stdatomic.h>

#include "../../daemon/auth/auth.h"
#include "../../daemon/base/clock.h"
#include "fake_clock.h"
#include "loop_rig.h"

enum { PLUGS = 3, LOOPS = 3 };

/* How a plugin answers. */
enum manner {
	AT_ONCE,
	HELD,      /* later, when plug_answer is called */
	BY_THREAD, /* later, by a thread of its own, at once */
	NEVER,     /* later, and then not; cancel answers if `obliging` */
};

/* A plugin. What is not atomic is set while nobody asks. */
struct plug {
	enum manner manner;
	int verdict;
	uint32_t permissions;
	const char *topic, *channel; /* topic NULL: no grant */
	int64_t ttl_ns;              /* 0: not told */
	int grants;                  /* so many of the same; 0: one */
	bool obliging;
	bool blocks;                 /* before rig_up: it is called on the pool, */
	sem_t gate;                  /* and waits there for this */
	_Atomic int asked, entered, cancelled;
	pthread_mutex_t mutex;
	struct pluq_auth_call *held[64];
	int held_count;
	char secret[64]; /* of the last question */
};

struct rig {
	struct pluq__loops loops;
	struct pluq__pool *pool;
	struct pluq__host host;
	struct pluq__auth *auth;
	struct plug plug[PLUGS];
	void *self[PLUGS];
	struct pluq_auth_ops ops[PLUGS];
	struct pluq__auth_config config;
};

extern struct rig rig;

/* Makes everything afresh: plugs that say nothing, refusals are not kept, 10 s of time. `plugs` of them are in the chain. The test may
 * change the settings between the two. */
void rig_clear(void);
void rig_up(int plugs);
void rig_down(void); /* whatever is still owed is answered */

/* Of the plug: allows these. */
void plug_allows(struct plug *, uint32_t permissions, const char *topic, const char *channel, int64_t ttl_ns);
/* Answers the call that it was asked first and still holds; on the thread of the test. false: it holds none. */
bool plug_answer(struct plug *, int verdict);
bool plug_waits_for(struct plug *, int held); /* until it holds so many */

/* A client of a handler, on one loop. Static or from the heap: callbacks may come after the test. */
struct client {
	int loop;
	struct pluq_auth_session *session;
	struct pluq_auth_asking *asking;
	_Atomic int answered, opened, checked, watched; /* callbacks so far */
	int verdict, open_status, check_status, watch_status;
	char identity[64];
	int64_t ttl_ns;
	size_t grant_count;
	bool closes; /* in its callbacks */
};

struct client *client_new(int loop);
void client_free(struct client **); /* closes it */

/* Each runs on the client's loop and returns what the call returned. */
int client_ask(struct client *, const char *secret);
void client_drop(struct client *);
int client_open(struct client *, const char *secret);
int client_open_shared(struct client *, const char *secret);
/* Opens and waits for the status. */
int client_opens(struct client *, const char *secret);
int client_opens_shared(struct client *, const char *secret);
int client_check(struct client *, uint32_t permissions, const char *topic, const char *channel);
/* Checks, and waits if it must. */
int client_checks(struct client *, uint32_t permissions, const char *topic, const char *channel);
bool client_may(struct client *, uint32_t permissions, const char *topic, const char *channel);
int client_watch(struct client *, const char *topic, const char *channel);
void client_close(struct client *);
void client_move(struct client *, int loop);

void leap(int64_t ns);

#endif
