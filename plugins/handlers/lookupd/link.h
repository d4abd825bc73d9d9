/* Circular lists with a head; a link that is in no list points to itself. */
#ifndef LOOKUPD_LINK_H
#define LOOKUPD_LINK_H

#include <stdbool.h>
#include <stddef.h>

struct link {
	struct link *next, *prev;
};

#define LINK_OWNER(l, type, member) ((type *)((char *)(l) - offsetof(type, member)))

static inline void link_init(struct link *l) { l->next = l->prev = l; }
static inline bool link_alone(const struct link *l) { return l->next == l; }
static inline void link_remove(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}
static inline void link_append(struct link *head, struct link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

#endif
