/* tools/source.h: one subscription on one broker, kept alive: connects, identifies, subscribes, answers heartbeats,
 * connects again when it was lost, and ends cleanly.
 *
 * Driven by poll: wait for source_events on source_fd until source_deadline, then call source_step, then source_flush.
 * The answers to messages are held until source_flush, so that the caller can first put safe what it received.
 */
#ifndef PLUQ_TOOLS_SOURCE_H
#define PLUQ_TOOLS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "../client/conn.h"

enum source_state {
	SOURCE_DOWN = 0, /* connects again at retry_at_ms */
	SOURCE_IDENTIFYING,
	SOURCE_SUBSCRIBING,
	SOURCE_RUNNING,
	SOURCE_STOPPING, /* CLS was sent */
	SOURCE_DRAINING, /* all is sent; waits for the server to have read it */
	SOURCE_ENDED
};

enum source_answer { SOURCE_FINISH, SOURCE_GIVE_BACK };

struct source;

/* The message is borrowed for the call. GIVE_BACK: requeued at once, for another consumer. */
typedef enum source_answer (*source_message_fn)(void *arg, struct source *, const struct pluqc_message *);

/* All borrowed for the source's life. */
struct source_params {
	const char *address, *topic, *channel, *user_agent;
	uint32_t ready; /* messages in flight */
	source_message_fn on_message;
	void *arg;
};

struct source {
	struct source_params params;
	enum source_state state;
	bool was_running; /* at least once: from then on a lost connection is no reason to give up */
	struct pluqc_conn conn;
	struct pluqc_addresses addresses;
	int64_t retry_at_ms, retry_delay_ms;
	int64_t deadline_ms; /* of the present state */
	char why[256];       /* text of the last failure */
};

int64_t source_now_ms(void); /* monotonic */

void source_init(struct source *, const struct source_params *);
void source_fini(struct source *);

int source_fd(const struct source *);       /* -1: none at present */
short source_events(const struct source *); /* for poll */
int64_t source_deadline(const struct source *); /* ms; source_step is due then at the latest */

/* Does what is due. false: the connection could not be made or was lost; `why` tells, and it is tried again at
 * retry_at_ms unless the caller gives up. */
bool source_step(struct source *, int64_t now_ms, short revents);

/* Sends commands and answers collected by source_step. Result as source_step. */
bool source_flush(struct source *, int64_t now_ms);

/* No more messages: CLS, finish what is in flight, end. Reaches SOURCE_ENDED within `limit_ms`, or at once if not
 * connected. */
void source_stop(struct source *, int64_t now_ms, int64_t limit_ms);

#endif
