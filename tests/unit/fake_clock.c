#include "fake_clock.h"

#include <stdatomic.h>
#include <time.h>

#include "../../daemon/base/clock.h"
#include "loop_rig.h"

static _Atomic int64_t leapt_ns, back_ns;
static _Atomic int64_t mono_stands_ns, real_stands_ns; /* 0: they go */

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * PLUQ__SEC + ts.tv_nsec;
}

int64_t pluq__clock_mono_ns(void)
{
	int64_t stands = mono_stands_ns;

	return (stands ? stands : read_clock(CLOCK_MONOTONIC)) + leapt_ns;
}

int64_t pluq__clock_real_ns(void)
{
	int64_t stands = real_stands_ns;

	return (stands ? stands : read_clock(CLOCK_REALTIME)) + leapt_ns - back_ns;
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

void clock_pass(int64_t ns)
{
	leapt_ns += ns;
}

void clock_set_back(int64_t ns)
{
	back_ns += ns;
}

void clock_reset(void)
{
	leapt_ns = 3600 * PLUQ__SEC; /* what waits for a moment of the kernel's clock waits, rather than find it in the past */
	back_ns = 0;
	clock_let_go();
}

void clock_stop(void)
{
	mono_stands_ns = read_clock(CLOCK_MONOTONIC);
	real_stands_ns = read_clock(CLOCK_REALTIME);
}

void clock_let_go(void)
{
	mono_stands_ns = real_stands_ns = 0;
}
