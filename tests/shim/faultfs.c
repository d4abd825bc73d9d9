/* Makes file operations fail, wait or stop halfway: preloaded into the daemon by tests, or linked into a unit test.
 *
 * PLUQ_FAULTFS names a file of rules, which is read again when it has changed (replace it by rename). A line:
 *
 *	OPERATION GLOB WORD ...
 *
 * OPERATION: open read write fsync truncate rename unlink. GLOB is matched against the file's name without its directory
 * (rename: either name). The first rule that matches and is not used up applies. Words:
 *
 *	ENOSPC EIO EMFILE EACCES EROFS   the operation fails like this
 *	delay=MS                         it waits first
 *	room=BYTES                       write: so many bytes still fit, over all calls, then the error
 *	after=N                          the first N matching operations are left alone
 *	times=N                          the rule is used up after N
 *	kill                             the process ends as by SIGKILL
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Functions defined here stand before the C library's also where the program hides its symbols. */
#pragma GCC visibility push(default)

#define RULES 32
#define UNLIMITED INT64_MAX

struct rule {
	char operation[16], glob[256];
	int error;
	bool kill;
	int64_t delay_ms, room, after, times;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rule rules[RULES];
static int rule_count;
static struct stat seen;

static void read_word(struct rule *r, const char *w)
{
	static const struct {
		const char *word;
		int error;
	} errors[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO }, { "EMFILE", EMFILE }, { "EACCES", EACCES }, { "EROFS", EROFS } };
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		if (strcmp(w, errors[i].word) == 0)
			r->error = errors[i].error;
	}
	sscanf(w, "delay=%ld", &r->delay_ms);
	sscanf(w, "room=%ld", &r->room);
	sscanf(w, "after=%ld", &r->after);
	sscanf(w, "times=%ld", &r->times);
	r->kill |= strcmp(w, "kill") == 0;
}

static void read_rule(char *line)
{
	struct rule r = { .room = UNLIMITED, .times = UNLIMITED };
	char *at, *w = strtok_r(line, " \t", &at), *glob = strtok_r(NULL, " \t", &at);
	if (!w || !glob || *w == '#' || rule_count == RULES)
		return;
	snprintf(r.operation, sizeof(r.operation), "%s", w);
	snprintf(r.glob, sizeof(r.glob), "%s", glob);
	while ((w = strtok_r(NULL, " \t", &at)))
		read_word(&r, w);
	rules[rule_count++] = r;
}

/* By system calls: the functions below are not to see it. */
static void read_rules(const char *path)
{
	static char text[8192];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	long n = fd < 0 ? 0 : syscall(SYS_read, fd, text, sizeof(text) - 1);
	if (fd >= 0)
		syscall(SYS_close, fd);
	text[n > 0 ? n : 0] = 0;
	rule_count = 0;
	char *at, *line;
	for (line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at))
		read_rule(line);
}

static void refresh(void)
{
	const char *path = getenv("PLUQ_FAULTFS");
	struct stat st;
	if (!path || stat(path, &st) != 0) {
		rule_count = 0;
		seen.st_ino = 0;
		return;
	}
	if (st.st_ino == seen.st_ino && st.st_size == seen.st_size && st.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == seen.st_mtim.tv_nsec)
		return;
	seen = st;
	read_rules(path);
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static struct rule *find(const char *operation, const char *name, const char *other)
{
	for (int i = 0; i < rule_count; i++) {
		struct rule *r = &rules[i];
		if (strcmp(r->operation, operation) != 0 || r->times == 0 ||
		    (fnmatch(r->glob, name, 0) != 0 && (!other || fnmatch(r->glob, other, 0) != 0)))
			continue;
		if (r->after == 0)
			return r;
		r->after--;
		return NULL;
	}
	return NULL;
}

static void wait_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* 0, or the errno to fail with. *room (write only): bytes that may be written. */
static int judge(const char *operation, const char *name, const char *other, size_t *room)
{
	pthread_mutex_lock(&lock);
	int kept = errno, error = 0;
	int64_t delay_ms = 0;
	refresh();
	struct rule *r = find(operation, base(name), other ? base(other) : NULL);
	if (r) {
		r->times -= r->times != UNLIMITED;
		delay_ms = r->delay_ms;
		error = r->error;
		if (r->kill)
			kill(getpid(), SIGKILL);
		if (room && r->room != UNLIMITED && r->room > 0) {
			*room = (int64_t)*room < r->room ? *room : (size_t)r->room;
			r->room -= (int64_t)*room;
			error = 0;
		}
	}
	errno = kept;
	pthread_mutex_unlock(&lock);
	if (delay_ms > 0)
		wait_ms(delay_ms);
	return error;
}

static bool concerned(const char *operation)
{
	bool yes = false;
	pthread_mutex_lock(&lock);
	int kept = errno;
	refresh();
	for (int i = 0; i < rule_count && !yes; i++)
		yes = strcmp(rules[i].operation, operation) == 0;
	errno = kept;
	pthread_mutex_unlock(&lock);
	return yes;
}

static int judge_fd(const char *operation, int fd, size_t *room)
{
	char link[64], path[4096];
	if (!concerned(operation))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	long n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = 0;
	return judge(operation, path, NULL, room);
}

/* Found late: under a sanitizer the next definition is the sanitizer's. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define FAIL_IF(call)                                                                                                  \
	do {                                                                                                           \
		int fail_error = (call);                                                                               \
		if (fail_error) {                                                                                      \
			errno = fail_error;                                                                            \
			return -1;                                                                                     \
		}                                                                                                      \
	} while (0)

static mode_t mode_of(int flags, va_list args)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
	int name(const char *path, int flags, ...)                                                                     \
	{                                                                                                              \
		va_list args;                                                                                          \
		va_start(args, flags);                                                                                 \
		mode_t mode = mode_of(flags, args);                                                                    \
		va_end(args);                                                                                          \
		FAIL_IF(judge("open", path, NULL, NULL));                                                              \
		return NEXT(name)(path, flags, mode);                                                                  \
	}
#define OPENAT(name)                                                                                                   \
	int name(int dir, const char *path, int flags, ...)                                                            \
	{                                                                                                              \
		va_list args;                                                                                          \
		va_start(args, flags);                                                                                 \
		mode_t mode = mode_of(flags, args);                                                                    \
		va_end(args);                                                                                          \
		FAIL_IF(judge("open", path, NULL, NULL));                                                              \
		return NEXT(name)(dir, path, flags, mode);                                                             \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t read(int fd, void *p, size_t n)
{
	FAIL_IF(judge_fd("read", fd, NULL));
	return NEXT(read)(fd, p, n);
}

#define PREAD(name, offset)                                                                                            \
	ssize_t name(int fd, void *p, size_t n, offset at)                                                             \
	{                                                                                                              \
		FAIL_IF(judge_fd("read", fd, NULL));                                                                   \
		return NEXT(name)(fd, p, n, at);                                                                       \
	}
PREAD(pread, off_t)
PREAD(pread64, off64_t)

ssize_t write(int fd, const void *p, size_t n)
{
	FAIL_IF(judge_fd("write", fd, &n));
	return NEXT(write)(fd, p, n);
}

#define PWRITE(name, offset)                                                                                           \
	ssize_t name(int fd, const void *p, size_t n, offset at)                                                       \
	{                                                                                                              \
		FAIL_IF(judge_fd("write", fd, &n));                                                                    \
		return NEXT(name)(fd, p, n, at);                                                                       \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* The first `room` bytes of the vectors; returns how many vectors that are. */
static int cut(struct iovec *out, const struct iovec *v, int count, size_t room)
{
	int i;
	for (i = 0; i < count && room > 0; i++) {
		out[i] = v[i];
		if (out[i].iov_len > room)
			out[i].iov_len = room;
		room -= out[i].iov_len;
	}
	return i;
}

static size_t total(const struct iovec *v, int count)
{
	size_t n = 0;
	for (int i = 0; i < count; i++)
		n += v[i].iov_len;
	return n;
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
	struct iovec part[count > 0 ? count : 1];
	size_t room = total(v, count);
	FAIL_IF(judge_fd("write", fd, &room));
	return NEXT(writev)(fd, part, cut(part, v, count, room));
}

#define PWRITEV(name, offset)                                                                                          \
	ssize_t name(int fd, const struct iovec *v, int count, offset at)                                              \
	{                                                                                                              \
		struct iovec part[count > 0 ? count : 1];                                                              \
		size_t room = total(v, count);                                                                         \
		FAIL_IF(judge_fd("write", fd, &room));                                                                 \
		return NEXT(name)(fd, part, cut(part, v, count, room), at);                                            \
	}
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

#define ON_FD(name, operation)                                                                                         \
	int name(int fd)                                                                                               \
	{                                                                                                              \
		FAIL_IF(judge_fd(operation, fd, NULL));                                                                \
		return NEXT(name)(fd);                                                                                 \
	}
ON_FD(fsync, "fsync")
ON_FD(fdatasync, "fsync")

#define FTRUNCATE(name, offset)                                                                                        \
	int name(int fd, offset length)                                                                                \
	{                                                                                                              \
		FAIL_IF(judge_fd("truncate", fd, NULL));                                                               \
		return NEXT(name)(fd, length);                                                                         \
	}
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

int rename(const char *from, const char *to)
{
	FAIL_IF(judge("rename", from, to, NULL));
	return NEXT(rename)(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	FAIL_IF(judge("rename", from, to, NULL));
	return NEXT(renameat)(from_dir, from, to_dir, to);
}

int unlink(const char *path)
{
	FAIL_IF(judge("unlink", path, NULL, NULL));
	return NEXT(unlink)(path);
}

int unlinkat(int dir, const char *path, int flags)
{
	FAIL_IF(judge("unlink", path, NULL, NULL));
	return NEXT(unlinkat)(dir, path, flags);
}
