/* For the tests of the part of a queue that is in storage: one of them, "queue", on one loop and the real pool, over the mock of
 * storage. Each call is a step on the loop. The clocks stand (engine_rig.h). */
#ifndef SPILL_RIG_H
#define SPILL_RIG_H

#include "../../daemon/broker/held.h"
#include "../../daemon/broker/home.h"
#include "../../daemon/broker/spill.h"
#include "engine_rig.h"

extern struct pluq__spill spill; /* the loop's */
extern struct mock_queue *queue;
extern struct pluq__held straggler;

/* What its owner was told; the loop's, read between steps. */
struct told {
	_Atomic int ended, pinned, emptied;
	int empty_status, rewritten_status;
	uint64_t pinned_position, rewritten_position;
	struct pluq__held *rewritten;
};

extern struct told told;

/* Whoever is told what became of an append. */
struct promise {
	struct pluq__ticket ticket; /* first */
	_Atomic int settled;
	int status;
	bool was_empty; /* the queue, when it was told */
	struct pluq_why why;
};

#define SPILL_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_spill, teardown_spill)

int setup_spill(void **state);
int teardown_spill(void **state);

/* Initialised and asked to open, not yet named. */
void begin_unnamed(void);
/* Open and named. */
void begin(void);
/* The same with syncs: after so many operations, after so long; 0: not by that. */
void begin_synced(int64_t every, int64_t timeout_ns);
/* The metadata name it, or could not be saved. */
void named(int status);
/* As at the stop, or its removal; does not wait. */
void end(bool removal);
void await_end(void);
/* Ends it, unless that has begun, and waits. */
void finish_test(void);

/* Bodies are the numbers from `body` on. The broker's own; a publisher's; moved on from the topic. */
void append(int body, int count);
struct promise *append_published(int body, int count);
struct promise *append_moved(int body, int count);
/* In the place of the record at the position; `rewrite`: of one that is in flight and pins. */
void append_in_place_of(int body, uint64_t position, bool rewrite);
void assert_told(struct promise *, int status);

void ask_to_fetch(void);
/* Asks, and waits until so many are there. */
void want(uintptr_t at_least);
bool has_fetched(void *at_least);
/* Takes records, which must be these; the position of the first. */
uint64_t take(int first, int count, bool release);

/* Does not wait; told.emptied. */
void empty(void);

void wait_idle(void);
/* Nothing waits to be written, nothing is in progress; for until_after_pauses. */
bool all_written(void *);

void assert_counts(uint64_t stored, uint64_t fetched, uint64_t backlog);
/* What is in storage, in order. */
void assert_stored(const int *bodies, size_t n);
void assert_stored_range(int first, size_t n);
uint64_t lost(void);

#endif
