#include "clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * PLUQ__SEC + ts.tv_nsec;
}

int64_t pluq__clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t pluq__clock_real_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}
