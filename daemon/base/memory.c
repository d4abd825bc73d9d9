#include "memory.h"

#include <stdatomic.h>

static _Atomic int64_t total;
static int64_t limit; /* set before any thread starts */
static _Thread_local int64_t here;

void pluq__memory_set_limit(int64_t bytes)
{
	limit = bytes;
}

int64_t pluq__memory_limit(void)
{
	return limit;
}

void pluq__memory_add(int64_t n)
{
	here += n;
	if (here >= PLUQ__MEMORY_STEP || here <= -PLUQ__MEMORY_STEP) {
		atomic_fetch_add_explicit(&total, here, memory_order_relaxed);
		here = 0;
	}
}

int64_t pluq__memory_used(void)
{
	return atomic_load_explicit(&total, memory_order_relaxed) + here;
}

bool pluq__memory_over(void)
{
	return limit > 0 && pluq__memory_used() >= limit;
}
