/* Private to the daemon. Which topics there are, and where they live. Loop 0 owns the directory; the loops cache what they ask for.
 */
#ifndef PLUQ__DIRECTORY_H
#define PLUQ__DIRECTORY_H

#include <pluq/broker.h>
#include <pluq/storage.h>

#include "../base/mail.h"
#include "home.h"

/* What loop 0 knows of a channel: enough to write the metadata, where ephemeral ones are left out. */
struct pluq__entry_channel {
	struct pluq__entry_channel *next;
	bool paused;
	char name[PLUQ_NAME_MAX + 1];
};

struct pluq__entry {
	struct pluq_topic *topic; /* one reference */
	struct pluq__entry_channel *channels;
	bool paused;
	bool deleting; /* waits for its home, then for the metadata without it */
	bool gone;     /* its home has ended it: not in the metadata any more */
	struct pluq__get *gets;    /* that wait for the end of the deletion */
	struct pluq__farewell *farewells; /* who asked for the deletion */
};

int pluq__directory_new(struct pluq__broker *);
void pluq__directory_free(struct pluq__broker *);

/* Loop 0, or main at start. NULL: none, or it is being deleted. */
struct pluq__entry *pluq__directory_find(struct pluq__broker *, const char *name, size_t length);
/* Loop 0. Of this very topic, also while it is being deleted. NULL: its home has ended it. */
struct pluq__entry *pluq__directory_entry(struct pluq__broker *, const struct pluq_topic *);
void pluq__directory_each(struct pluq__broker *, void (*fn)(void *arg, struct pluq__entry *), void *arg);
/* Main, at start: makes the topic, its channels and their queues as the metadata tells. */
int pluq__directory_load(struct pluq__broker *, const struct pluq_meta_topic *, struct pluq_why *);
/* UNIX time below which ids may have been given by topics that are gone, or before the start. */
void pluq__directory_raise_floor(struct pluq__broker *, int64_t ns);
int64_t pluq__directory_floor(const struct pluq__broker *);

/* As pluq_broker.topic_get. */
int pluq__topic_get(struct pluq__home *, const char *name, size_t length, bool create, struct pluq_topic **out,
    pluq_topic_fn fn, void *arg);
/* This loop's cache forgets the topic: it is stale. */
void pluq__topic_forget(struct pluq__home *, struct pluq_topic *);

/* Loop 0. done comes on loop 0 once the topic is gone, files and metadata included. 0, PLUQ_ENOTOPIC or PLUQ_ENOMEM (done is not
 * called then). */
int pluq__directory_delete(struct pluq__broker *, const char *name, size_t length, pluq_done_fn done, void *arg);
/* Home. An ephemeral topic has lost its last channel: it goes, unless it gets a new one before. */
void pluq__directory_expire(struct pluq_topic *);

#endif
