/* bench/proc.h: what /proc tells about the server's process. */
#ifndef PLUQ_BENCH_PROC_H
#define PLUQ_BENCH_PROC_H

#include <stddef.h>
#include <sys/types.h>

#define PROC_GROUPS 16
#define PROC_NAME 16

/* CPU by the threads' names, digits at their end dropped: "pool-1" and "pool-2" are one group. */
struct proc_group {
	char name[PROC_NAME];
	double seconds;
};

struct proc_cpu {
	double seconds; /* user and system, all threads, those that have ended included */
	double waited;  /* ready to run, but the core was taken; 0 if the kernel does not count it */
	struct proc_group groups[PROC_GROUPS];
	size_t count;
};

/* All zero for pid 0. The kernel counts in ticks of 10 ms as a rule: measure over seconds. */
void proc_cpu(pid_t, struct proc_cpu *out);
double proc_rss(pid_t); /* bytes; 0 for pid 0 */

/* Waits until the process uses hardly any CPU (at most 30 s), so that the work left over from one round is not counted
 * in the next. */
void proc_wait_idle(pid_t);

#endif
