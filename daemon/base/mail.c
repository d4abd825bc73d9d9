#include "mail.h"

#include <stddef.h>

bool pluq__mailbox_put(struct pluq__mailbox *box, struct pluq__mail *mail)
{
	struct pluq__mail *head = atomic_load_explicit(&box->head, memory_order_relaxed);

	do {
		mail->next = head;
	} while (!atomic_compare_exchange_weak_explicit(
	    &box->head, &head, mail, memory_order_release, memory_order_relaxed));
	return head == NULL;
}

struct pluq__mail *pluq__mailbox_take(struct pluq__mailbox *box)
{
	struct pluq__mail *newest = atomic_exchange_explicit(&box->head, NULL, memory_order_acquire);
	struct pluq__mail *oldest = NULL;

	while (newest) {
		struct pluq__mail *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}
