/* Private to the daemon. One publish on its way into queues: makes a ticket only if something has to wait for storage. */
#ifndef PLUQ__PUT_H
#define PLUQ__PUT_H

#include "ticket.h"

struct pluq__put {
	struct pluq__ticket *ticket;                       /* NULL until needed */
	struct pluq__ticket *(*make)(struct pluq__put *);  /* with one part, the maker's; NULL: no memory */
	int status;                                        /* first failure, or 0 */
	struct pluq_why why;
};

/* The ticket, with one part more; NULL: no memory, noted. */
static inline struct pluq__ticket *pluq__put_ticket(struct pluq__put *p)
{
	if (!p->ticket && !(p->ticket = p->make(p))) {
		if (!p->status)
			p->status = PLUQ_ENOMEM;
		return 0;
	}
	p->ticket->pending++;
	return p->ticket;
}

static inline void pluq__put_failed(struct pluq__put *p, int status)
{
	if (!p->status)
		p->status = status;
}

#endif
