/* Preloaded into the daemon by tests: moves its clocks.
 *
 * PLUQ_CLOCKSHIM names a file of two native int64_t, nanoseconds to add to the monotonic and to the real clock. The file is
 * mapped, so that a test moves time by writing to it. Timers are cut to a few milliseconds: a loop that sleeps until a
 * deadline by the clock as it was would not see that time has moved. A timer that fires early is set again.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SEC INT64_C(1000000000)
#define LONGEST_WAIT_NS 5000000

struct offsets {
	_Atomic int64_t mono_ns, real_ns;
};

static struct offsets none;
static struct offsets *_Atomic offsets = &none;
typedef int (*settime_fn)(int, int, const struct itimerspec *, struct itimerspec *);
static settime_fn real_timerfd_settime;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("PLUQ_CLOCKSHIM");
	if (!path)
		return;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror(path);
		_exit(127);
	}
	close(fd);
	atomic_store(&offsets, p);
}

static int64_t offset_of(clockid_t clock)
{
	struct offsets *o = atomic_load(&offsets);
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI:
		return atomic_load(&o->real_ns);
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		return atomic_load(&o->mono_ns);
	default:
		return 0;
	}
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (syscall(SYS_clock_gettime, clock, ts) < 0)
		return -1;
	int64_t ns = (int64_t)ts->tv_sec * SEC + ts->tv_nsec + offset_of(clock);
	ts->tv_sec = ns / SEC;
	ts->tv_nsec = ns % SEC;
	return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

/* The next definition is found late: under a sanitizer it is the sanitizer's, which must keep seeing these calls. */
int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *old)
{
	struct itimerspec at = *wanted;

	if (!real_timerfd_settime)
		real_timerfd_settime = (settime_fn)dlsym(RTLD_NEXT, "timerfd_settime");
	if (!(flags & TFD_TIMER_ABSTIME) && (at.it_value.tv_sec || at.it_value.tv_nsec > LONGEST_WAIT_NS)) {
		at.it_value.tv_sec = 0;
		at.it_value.tv_nsec = LONGEST_WAIT_NS;
	}
	return real_timerfd_settime(fd, flags, &at, old);
}
