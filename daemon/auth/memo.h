/* Private to daemon/auth. What a session was told about the names that it used last, so that going through patterns is not paid for
 * each message. */
#ifndef PLUQ__MEMO_H
#define PLUQ__MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUQ__MEMO_SLOTS 16 /* a power of two */

/* Zero-initialised it knows nothing. */
struct pluq__memo {
	struct pluq__memo_entry *slots[PLUQ__MEMO_SLOTS];
};

/* 1, 0: what was put; -1: unknown. */
int pluq__memo_get(const struct pluq__memo *, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length);
/* Long names are not kept; without memory nothing is. */
void pluq__memo_put(struct pluq__memo *, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, bool allowed);
void pluq__memo_clear(struct pluq__memo *);

#endif
