/* Preloaded into the daemon by tests: moves its clocks.
 *
 * PLUQ_CLOCKSHIM names a file of two native int64_t, nanoseconds to add to the monotonic and to the real clock. The file is
 * mapped, so that a test moves time by writing to it. Waits in epoll are cut to a few milliseconds: a loop that sleeps
 * until a deadline by the clock as it was would not see that time has moved.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SEC INT64_C(1000000000)
#define LONGEST_WAIT_MS 5

struct offsets {
	_Atomic int64_t mono_ns, real_ns;
};

static struct offsets none;
static struct offsets *_Atomic offsets = &none;
static int (*real_epoll_wait)(int, struct epoll_event *, int, int);
static int (*real_epoll_pwait)(int, struct epoll_event *, int, int, const sigset_t *);

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

static int shorter(int timeout_ms)
{
	return timeout_ms < 0 || timeout_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : timeout_ms;
}

/* The next definition is found late: under a sanitizer it is the sanitizer's, which must keep seeing these calls. */
int epoll_wait(int fd, struct epoll_event *events, int n, int timeout_ms)
{
	if (!real_epoll_wait)
		real_epoll_wait = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
	return real_epoll_wait(fd, events, n, shorter(timeout_ms));
}

int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout_ms, const sigset_t *mask)
{
	if (!real_epoll_pwait)
		real_epoll_pwait =
		    (int (*)(int, struct epoll_event *, int, int, const sigset_t *))dlsym(RTLD_NEXT, "epoll_pwait");
	return real_epoll_pwait(fd, events, n, shorter(timeout_ms), mask);
}
