/* Private to the daemon. What storage must know of topics and channels: changes come from the homes to loop 0, are gathered, and
 * saved whole on the metadata lane.
 */
#ifndef PLUQ__METADATA_H
#define PLUQ__METADATA_H

#include <pluq/broker.h>

#include "../base/mail.h"

struct pluq__broker;
struct pluq__change;
struct pluq__home;
struct pluq_topic;

enum pluq__change_kind {
	PLUQ__TOPIC_ADDED,
	PLUQ__CHANNEL_ADDED,
	PLUQ__CHANNEL_REMOVED,
	PLUQ__CHANNEL_PAUSED, /* or unpaused */
	PLUQ__TOPIC_PAUSED
};

/* A change that is to be told to loop 0. saved (may be NULL) comes back to the topic's home, in a later step, once a save that
 * includes the change has succeeded or failed; the queue of something added is told that it is named. uid: of the channel added. What
 * is added must not fail to be told, or its queue would wait for its name for ever: so the change is made before the thing is
 * there for others. NULL: no memory. */
struct pluq__change *pluq__change_new(struct pluq_topic *, enum pluq__change_kind, const char *channel, uint64_t uid, bool paused,
    pluq_done_fn saved, void *arg);
void pluq__change_send(struct pluq__change *); /* home; takes it */
void pluq__change_free(struct pluq__change **); /* one that is not sent */
/* home. Both for what is not added. PLUQ_ENOMEM: the change is not told, saved is not called. */
int pluq__metadata_change(struct pluq_topic *, enum pluq__change_kind, const char *channel, bool paused, pluq_done_fn saved,
    void *arg);

/* home. Somebody waits: save now instead of gathering. */
void pluq__metadata_hurry(struct pluq__home *);
/* home. Ids are getting close to the ceiling. */
void pluq__metadata_raise_ceiling(struct pluq__home *, int64_t used_ns);

/* loop 0. Something changed that loop 0 knows already. saved (may be NULL) comes there, in a later step. PLUQ_ENOMEM. */
int pluq__metadata_changed(struct pluq__broker *, pluq_done_fn saved, void *arg);
/* loop 0. The last save, at the stop: every id given lies below used_ns. */
int pluq__metadata_last(struct pluq__broker *, int64_t used_ns, pluq_done_fn saved, void *arg);
/* Main, at start. The first save, with a ceiling above used_ns. */
int pluq__metadata_first(struct pluq__broker *, int64_t used_ns, struct pluq_why *);
int pluq__metadata_new(struct pluq__broker *);
void pluq__metadata_free(struct pluq__broker *);

#endif
