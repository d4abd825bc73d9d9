#include "trim.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "memory.h"

#define LOOK_NS (10 * PLUQ__SEC)
/* Nearly idle: this much CPU time between two looks. */
#define IDLE_CPU_NS (LOOK_NS / 20)
/* Worth the walk through malloc's lists. */
#define WORTH_BYTES (INT64_C(128) << 20)

static int64_t resident_bytes(void)
{
	long long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lld %lld", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static bool idle_since_last_look(struct pluq__trim *t)
{
	struct timespec ts;
	int64_t before = t->cpu_ns;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	t->cpu_ns = ts.tv_sec * PLUQ__SEC + ts.tv_nsec;
	return t->cpu_ns - before < IDLE_CPU_NS;
}

static void on_pool(struct pluq__job *job)
{
	struct pluq__trim *t = (struct pluq__trim *)job;
	int64_t before = resident_bytes(), used = pluq__memory_used();

	if (!idle_since_last_look(t))
		return;
	if (before < t->left_bytes)
		t->left_bytes = before;
	/* Half as much again as is in use is what a busy allocator may keep. */
	if (before < used + used / 2 + WORTH_BYTES || before < t->left_bytes + WORTH_BYTES)
		return;
	malloc_trim(0);
	t->left_bytes = resident_bytes();
	pluq__log(PLUQ_DEBUG, "core", "memory given back: %lld of %lld MiB", (long long)((before - t->left_bytes) >> 20),
	    (long long)(before >> 20));
}

static void again(struct pluq__job *job)
{
	struct pluq__trim *t = (struct pluq__trim *)job;

	pluq__loop_set(t->loop, &t->timer, t->loop->now_ns + LOOK_NS);
}

static void on_timer(struct pluq__timer *timer)
{
	struct pluq__trim *t = (struct pluq__trim *)(void *)((char *)timer - offsetof(struct pluq__trim, timer));

	t->job = (struct pluq__job){.back = t->loop, .work = on_pool, .done = again, .what = "trim"};
	pluq__pool_submit(t->lane, &t->job);
}

void pluq__trim_start(struct pluq__trim *t, struct pluq__loop *l, struct pluq__lane *lane)
{
	*t = (struct pluq__trim){.timer.fn = on_timer, .loop = l, .lane = lane};
	pluq__loop_set(l, &t->timer, l->now_ns + LOOK_NS);
}
