#include <malloc.h>
#include <pthread.h>
#include <time.h>

#include "stats.h"

/* The allocator goes through everything that is free, with its locks held, which loops may wait for. So it is asked again only when
 * so many times of what that took have passed. */
#define PAUSE 1000

static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Several requests may be rendered at once. */
static struct mallinfo2 heap(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what was found out last, about the process */
	static struct mallinfo2 last;
	static int64_t again_ns;
	struct mallinfo2 found;

	pthread_mutex_lock(&lock);
	int64_t began = clock_ns();
	if (began >= again_ns) {
		last = mallinfo2();
		int64_t ended = clock_ns();
		again_ns = ended + (ended - began) * PAUSE;
	}
	found = last;
	pthread_mutex_unlock(&lock);
	return found;
}

/* Go's collector has no counterpart here; what the allocator has from the system and what it has given out does. */
void stats_memory(struct stats_memory out[STATS_MEMORY])
{
	struct mallinfo2 m = heap();
	const struct stats_memory all[STATS_MEMORY] = {
		{"heap_objects", 0},
		{"heap_idle_bytes", m.fordblks},
		{"heap_in_use_bytes", m.uordblks + m.hblkhd},
		{"heap_released_bytes", 0},
		{"gc_pause_usec_100", 0},
		{"gc_pause_usec_99", 0},
		{"gc_pause_usec_95", 0},
		{"next_gc_bytes", 0},
		{"gc_total_runs", 0},
	};

	for (int i = 0; i < STATS_MEMORY; i++)
		out[i] = all[i];
}
