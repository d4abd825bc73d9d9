#include "fake_clock.h"

#include <stdatomic.h>
#include <time.h>

#include "../../daemon/base/clock.h"
#include "loop_rig.h"

static _Atomic int64_t leapt_ns, back_ns;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * PLUQ__SEC + ts.tv_nsec;
}

int64_t pluq__clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC) + leapt_ns;
}

int64_t pluq__clock_real_ns(void)
{
	return read_clock(CLOCK_REALTIME) + leapt_ns - back_ns;
}

static void nothing(void *arg)
{
}

void clock_leap(struct pluq__loops *ls, int64_t ns)
{
	leapt_ns += ns;
	/* Twice: the first letter wakes the loop, the second comes after the timers that are due now. */
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < ls->count; i++)
			on_loop(ls, i, nothing, NULL);
}

void clock_set_back(int64_t ns)
{
	back_ns += ns;
}

void clock_reset(void)
{
	leapt_ns = back_ns = 0;
}
