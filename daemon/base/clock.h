/* Private to the daemon. The two clocks, in nanoseconds. Any thread. Loop code uses the loop's own copies. */
#ifndef PLUQ__CLOCK_H
#define PLUQ__CLOCK_H

#include <stdint.h>

int64_t pluq__clock_mono_ns(void);
int64_t pluq__clock_real_ns(void); /* UNIX time */

#define PLUQ__MS INT64_C(1000000)
#define PLUQ__SEC INT64_C(1000000000)

#endif
