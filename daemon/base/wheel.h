/* Private to the daemon. A hierarchical timing wheel: setting, clearing and firing a timer cost the same whatever the
 * number of timers waiting.
 *
 * One wheel belongs to one loop and is touched by its thread only. Resolution is one tick (PLUQ__TICK_NS): a timer
 * fires in the first advance whose time is at or after its deadline rounded up to a tick, never before its deadline.
 */
#ifndef PLUQ__WHEEL_H
#define PLUQ__WHEEL_H

#include <stdbool.h>
#include <stdint.h>

/* 2^20 ns, about a millisecond: the finest that waiting in the kernel for milliseconds can make use of. */
#define PLUQ__TICK_SHIFT 20
#define PLUQ__TICK_NS (INT64_C(1) << PLUQ__TICK_SHIFT)
#define PLUQ__WHEEL_BITS 8
#define PLUQ__WHEEL_SLOTS (1 << PLUQ__WHEEL_BITS)
#define PLUQ__WHEEL_LEVELS 5 /* 2^40 ticks: 36 years; later deadlines wait in the last slot */

struct pluq__timer;
typedef void (*pluq__timer_fn)(struct pluq__timer *);

/* Intrusive; zero-initialised (or after pluq__timer_init) it is not set. */
struct pluq__timer {
	struct pluq__timer *next, *prev; /* NULL: not set */
	int64_t at_ns;                   /* monotonic deadline */
	pluq__timer_fn fn;
};

struct pluq__wheel {
	int64_t tick; /* ticks up to this one have been fired */
	uint64_t count;
	uint64_t used[PLUQ__WHEEL_LEVELS][PLUQ__WHEEL_SLOTS / 64]; /* which slots hold timers */
	struct pluq__timer slot[PLUQ__WHEEL_LEVELS][PLUQ__WHEEL_SLOTS]; /* list heads */
};

void pluq__wheel_init(struct pluq__wheel *, int64_t now_ns);
static inline bool pluq__timer_is_set(const struct pluq__timer *t) { return t->next != 0; }
/* Sets or moves. A deadline in the past fires at the next tick. */
void pluq__wheel_set(struct pluq__wheel *, struct pluq__timer *, int64_t at_ns);
void pluq__wheel_clear(struct pluq__wheel *, struct pluq__timer *); /* does nothing if it is not set */
/* Fires what is due at now_ns, in order of ticks. Callbacks may set and clear any timer of the wheel. */
void pluq__wheel_advance(struct pluq__wheel *, int64_t now_ns);
/* Time at or before which the next timer fires (a lower bound: at worst an advance finds nothing), or INT64_MAX. */
int64_t pluq__wheel_next(struct pluq__wheel *);

#endif
