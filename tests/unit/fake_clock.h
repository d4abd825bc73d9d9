/* Takes the place of the daemon's clocks in a test: real time, plus what the test has leapt ahead, less what it has stepped
 * back the calendar. */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <stdint.h>

struct pluq__loops;

/* Both clocks go ahead; every loop looks at once. */
void clock_leap(struct pluq__loops *, int64_t ns);
/* Only the calendar is set, forth or back. */
void clock_set_back(int64_t ns);
void clock_reset(void);

#endif
