/* Private to the daemon. Mailboxes: many producers, one consumer, no lock, one wake-up per batch.
 *
 * The letter is intrusive: whoever sends it owns its memory until fn runs at the receiver, who owns it then.
 */
#ifndef PLUQ__MAIL_H
#define PLUQ__MAIL_H

#include <stdatomic.h>
#include <stdbool.h>

struct pluq__mail {
	struct pluq__mail *next;
	void (*fn)(struct pluq__mail *);
};

struct pluq__mailbox {
	_Atomic(struct pluq__mail *) head; /* newest first */
};

/* Any thread. true: the box was empty, so the receiver must be woken. */
bool pluq__mailbox_put(struct pluq__mailbox *, struct pluq__mail *);
/* Receiver. Takes everything, oldest first, as a list. */
struct pluq__mail *pluq__mailbox_take(struct pluq__mailbox *);

#endif
