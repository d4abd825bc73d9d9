/* For the tests of daemon/base and daemon/broker: event loops on threads of their own, and steps of a test run on them one by
 * one, so that what a step sees belongs to its loop. Every wait has a deadline; a wait in vain ends the test. */
#ifndef LOOP_RIG_H
#define LOOP_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "../../daemon/base/loop.h"

void loops_up(struct pluq__loops *, int count);
/* Of loops that have been initialised. */
void loops_start(struct pluq__loops *);
/* Stops the loops, joins their threads. */
void loops_down(struct pluq__loops *);

/* Runs fn(arg) on the loop and waits until it has returned. */
void on_loop(struct pluq__loops *, int loop, void (*fn)(void *arg), void *arg);
/* Runs fn(arg) on the loop, without waiting for it. */
void post_to_loop(struct pluq__loops *, int loop, void (*fn)(void *arg), void *arg);
/* Asks fn(arg) on the loop again and again until it says true; false after `wait_ns` (0: 20 s). */
bool until_on_loop(struct pluq__loops *, int loop, bool (*fn)(void *arg), void *arg, int64_t wait_ns);
/* Asks fn(arg) on the thread of the test again and again until it says true; false after 20 s. */
bool until(bool (*fn)(void *arg), void *arg);
/* Waits until *value >= wanted; false after 20 s. */
bool until_at_least(_Atomic int *value, int wanted);
/* A pause between two looks at something; never what a result depends on. */
void look_again_soon(void);

#endif
