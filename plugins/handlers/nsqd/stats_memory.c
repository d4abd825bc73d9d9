#include <malloc.h>

#include "stats.h"

/* Go's collector has no counterpart here; what the allocator has from the system and what it has given out does. */
void stats_memory(struct stats_memory out[STATS_MEMORY])
{
	struct mallinfo2 m = mallinfo2();
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
