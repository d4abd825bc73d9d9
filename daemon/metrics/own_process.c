/* The process: memory, descriptors, time; the pool's lanes; the log. On the pool, as some of it is read from /proc. */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/memory.h"
#include "own.h"

PLUQ__METRIC(build, PLUQ_GAUGE, "build_information", "", "version", "1, for the version of this build");
PLUQ__METRIC(start_time, PLUQ_GAUGE, "process_start_time", "seconds", NULL, "When the daemon started, UNIX time");
PLUQ__METRIC(cpu, PLUQ_COUNTER, "process_cpu", "seconds", NULL, "Processor time of the daemon, its own and the system's for it");
PLUQ__METRIC(resident, PLUQ_GAUGE, "process_resident_memory", "bytes", NULL, "Memory of the daemon that is in RAM");
PLUQ__METRIC(virtual, PLUQ_GAUGE, "process_virtual_memory", "bytes", NULL, "Address space of the daemon");
PLUQ__METRIC(open_fds, PLUQ_GAUGE, "process_open_fds", "", NULL, "Open file descriptors");
PLUQ__METRIC(max_fds, PLUQ_GAUGE, "process_max_fds", "", NULL, "File descriptors that may be open");
PLUQ__METRIC(heap_used, PLUQ_GAUGE, "heap_in_use", "bytes", NULL, "Memory that the allocator has given out, with a large heap some time ago");
PLUQ__METRIC(heap_idle, PLUQ_GAUGE, "heap_idle", "bytes", NULL, "Memory that the allocator keeps for reuse, with a large heap some time ago");
PLUQ__METRIC(memory_used, PLUQ_GAUGE, "memory_used", "bytes", NULL, "Messages, records and buffers, as memory_limit counts them");
PLUQ__METRIC(memory_limit, PLUQ_GAUGE, "memory_limit", "bytes", NULL, "What memory_limit is; absent without a limit");
PLUQ__METRIC(log_dropped, PLUQ_COUNTER, "log_dropped_lines", "", NULL, "Lines of the log that came faster than they could be written");

PLUQ__METRIC(pool_time, PLUQ_COUNTER, "plugin_pool_time", "seconds", NULL, "Time of pool threads spent in the plugin's operations");
PLUQ__METRIC(pool_operations, PLUQ_COUNTER, "plugin_pool_operations", "", NULL, "Operations of the plugin that the pool has completed");
PLUQ__METRIC(pool_slow, PLUQ_COUNTER, "plugin_slow_operations", "", NULL, "Of those, the ones that took longer than slow_operation");
PLUQ__METRIC(pool_jobs, PLUQ_GAUGE, "plugin_pool_jobs", "", "state", "Operations of the plugin that run, of those that hang, that wait");

/* The allocator goes through everything that is free, with its locks held, which loops may wait for. So it is asked again only when
 * so many times of what that took have passed: no more than one allocation in so many meets it, however large the heap is. */
#define HEAP_PAUSE 1000

static void tell_heap(struct pluq__metrics *m, struct pluq_gather *g)
{
	int64_t began = pluq__clock_mono_ns();

	if (began >= m->heap_again_ns) {
		struct mallinfo2 heap = mallinfo2();
		int64_t ended = pluq__clock_mono_ns();

		m->heap_used = (double)(heap.uordblks + heap.hblkhd);
		m->heap_idle = (double)heap.fordblks;
		m->heap_again_ns = ended + (ended - began) * HEAP_PAUSE;
	}
	pluq__tell(g, &heap_used, NULL, NULL, m->heap_used);
	pluq__tell(g, &heap_idle, NULL, NULL, m->heap_idle);
}

/* Fields of /proc/self/statm, in pages. */
static void tell_memory(struct pluq_gather *g)
{
	unsigned long long all = 0, ram = 0;
	double page = (double)sysconf(_SC_PAGESIZE);
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%llu %llu", &all, &ram) == 2) {
		pluq__tell(g, &resident, NULL, NULL, (double)ram * page);
		pluq__tell(g, &virtual, NULL, NULL, (double)all * page);
	}
	if (f)
		fclose(f);
	pluq__tell(g, &memory_used, NULL, NULL, (double)pluq__memory_used());
	if (pluq__memory_limit() > 0)
		pluq__tell(g, &memory_limit, NULL, NULL, (double)pluq__memory_limit());
}

static void tell_descriptors(struct pluq_gather *g)
{
	struct rlimit limit;
	DIR *d = opendir("/proc/self/fd");
	double count = -3; /* itself, . and .. */

	if (d) {
		while (readdir(d))
			count++;
		closedir(d);
		pluq__tell(g, &open_fds, NULL, NULL, count);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		pluq__tell(g, &max_fds, NULL, NULL, (double)limit.rlim_cur);
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void tell_time(const struct pluq__metrics *m, struct pluq_gather *g)
{
	struct rusage usage;

	pluq__tell(g, &start_time, NULL, NULL, (double)m->of.start_real_ns / 1e9);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		pluq__tell(g, &cpu, NULL, NULL, seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
}

/* Under the pool's lock: only what has worked or is at work. */
static void tell_lane(void *arg, const struct pluq__lane_figures *f)
{
	struct pluq_gather *g = arg;

	if (f->loop_ns)
		pluq__tell(g, &pluq__plugin_loop_time, f->name, NULL, (double)f->loop_ns / 1e9);
	if (!f->jobs && !f->running && !f->waiting)
		return;
	pluq__tell(g, &pool_time, f->name, NULL, (double)f->busy_ns / 1e9);
	pluq__tell(g, &pool_operations, f->name, NULL, (double)f->jobs);
	pluq__tell(g, &pool_slow, f->name, NULL, (double)f->slow);
	pluq__tell(g, &pool_jobs, f->name, "hanging", f->hung);
	pluq__tell(g, &pool_jobs, f->name, "running", f->running - f->hung);
	pluq__tell(g, &pool_jobs, f->name, "waiting", f->waiting);
}

void pluq__own_tell(struct pluq__metrics *m, struct pluq_gather *g)
{
	pluq__tell(g, &build, NULL, PLUQ_VERSION, 1);
	tell_time(m, g);
	tell_memory(g);
	tell_heap(m, g);
	tell_descriptors(g);
	pluq__tell(g, &log_dropped, NULL, NULL, (double)pluq__log_dropped());
	pluq__pool_each(m->of.pool, tell_lane, g);
}
