/* Takes the place of the daemon's clocks in a test. While they stand, only the test moves them: what it sees become due it has made
 * due, however slow the machine is. */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <stdint.h>

struct pluq__loops;

/* Nothing is leapt or set back. While no loop runs. */
void clock_reset(void);
/* Both clocks stand at this moment; while no loop runs. */
void clock_stop(void);
/* Time passes by itself from now on; what has passed meanwhile passes at once. */
void clock_let_go(void);
/* Both clocks go ahead; every loop looks at once. */
void clock_leap(struct pluq__loops *, int64_t ns);
/* As much time passes within a step of a loop, which does not notice. */
void clock_pass(int64_t ns);
/* Only the calendar is set, forth or back. */
void clock_set_back(int64_t ns);

#endif
