/* The log.
 *
 * Two buffers: callers append lines to the front one under a short lock; the thread swaps the two and writes the back one
 * without the lock. So a burst costs one system call, and a terminal or disk that hangs holds up nobody: when the front
 * buffer is full, lines are counted and dropped.
 */
#define _GNU_SOURCE /* pthread_cond_clockwait */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "thread.h"

#define BUFFER_BYTES (256 * 1024) /* some thousand lines: seconds of a very bad day */
#define LINE_BYTES 2048           /* longer lines are cut */
#define GIVE_UP_NS PLUQ__SEC      /* at stop: how long a reader that takes nothing is waited for */

struct buffer {
	char *bytes;
	size_t used;
};

static struct {
	_Atomic int level;
	_Atomic bool reopen;
	char *path; /* NULL: standard error */
	bool made;  /* the file was not there before */
	int fd;

	pthread_mutex_t mutex;
	pthread_cond_t filled;
	struct buffer front, back; /* back: the thread's own */
	uint64_t dropped;          /* since the last swap */
	uint64_t dropped_ever;
	bool started; /* once: before it lines go to standard error, whatever is open */
	bool running, stopping, ended;
	bool gave_up; /* the thread's own: nothing more is waited for */
	pthread_cond_t end;
	pthread_t thread;
} log_ = { .level = PLUQ_INFO, .fd = STDERR_FILENO, .mutex = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER, .end = PTHREAD_COND_INITIALIZER };

static const char *const level_words[] = { "", "debug", "info", "warn", "error", "fatal" };

/* --- writing ------------------------------------------------------------------------------------------------------ */

static bool stopping(void)
{
	bool yes;

	pthread_mutex_lock(&log_.mutex);
	yes = log_.stopping || !log_.running;
	pthread_mutex_unlock(&log_.mutex);
	return yes;
}

/* Waits until something can be written; false: the log is stopping and the reader has taken nothing for too long. */
static bool writable(int fd)
{
	int64_t waited_from = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		if (poll(&p, 1, log_.gave_up ? 0 : 100) != 0)
			return true;
		if (log_.gave_up)
			return false;
		if (!stopping())
			continue;
		if (!waited_from)
			waited_from = pluq__clock_mono_ns();
		else if (pluq__clock_mono_ns() - waited_from > GIVE_UP_NS)
			log_.gave_up = true;
	}
}

/* Pieces of PIPE_BUF: a pipe that is writable takes that much without blocking. What cannot be written is lost: there is nobody
 * to tell. */
static void write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0 && writable(fd)) {
		ssize_t done = write(fd, bytes, n < 4096 ? n : 4096);

		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
}

/* more: O_EXCL, or 0 */
static int open_file(const char *path, int more)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | more, 0640);
}

static size_t format(char *line, size_t size, enum pluq_level level, const char *instance, const char *fmt, va_list args)
    PLUQ_PRINTF(5, 0);

static size_t format_now(char *line, size_t size, enum pluq_level level, const char *fmt, ...) PLUQ_PRINTF(4, 5);

static size_t format_now(char *line, size_t size, enum pluq_level level, const char *fmt, ...)
{
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = format(line, size, level, "log", fmt, args);
	va_end(args);
	return n;
}

/* By whoever writes: the thread, or main while there is none. */
static void reopen_if_asked(void)
{
	char line[LINE_BYTES];
	int fd;

	if (!atomic_exchange(&log_.reopen, false) || !log_.path)
		return;
	fd = open_file(log_.path, 0);
	if (fd < 0) {
		size_t n = format_now(line, sizeof(line), PLUQ_ERROR, "%s: cannot be opened again, the old file stays: %s",
		    log_.path, strerror(errno));

		write_all(log_.fd, line, n);
		return;
	}
	close(log_.fd);
	log_.fd = fd;
}

static void write_dropped(uint64_t dropped)
{
	char line[LINE_BYTES];
	size_t n;

	if (!dropped)
		return;
	n = format_now(line, sizeof(line), PLUQ_WARN, "%llu lines dropped: they came faster than they could be written",
	    (unsigned long long)dropped);
	write_all(log_.fd, line, n);
}

/* Under the mutex: makes the front buffer the thread's. */
static uint64_t swap_buffers(void)
{
	struct buffer full = log_.front;
	uint64_t dropped = log_.dropped;

	log_.front = log_.back;
	log_.front.used = 0;
	log_.back = full;
	log_.dropped = 0;
	return dropped;
}

uint64_t pluq__log_dropped(void)
{
	uint64_t dropped;

	pthread_mutex_lock(&log_.mutex);
	dropped = log_.dropped_ever;
	pthread_mutex_unlock(&log_.mutex);
	return dropped;
}

static void *write_lines(void *arg)
{
	bool last = false;

	(void)arg;
	while (!last) {
		uint64_t dropped;

		pthread_mutex_lock(&log_.mutex);
		while (!log_.front.used && !log_.stopping)
			pthread_cond_wait(&log_.filled, &log_.mutex);
		last = log_.stopping;
		dropped = swap_buffers();
		pthread_mutex_unlock(&log_.mutex);

		reopen_if_asked();
		write_all(log_.fd, log_.back.bytes, log_.back.used);
		write_dropped(dropped);
	}
	pthread_mutex_lock(&log_.mutex);
	log_.ended = true;
	pthread_cond_signal(&log_.end);
	pthread_mutex_unlock(&log_.mutex);
	return NULL;
}

/* Under the mutex. false: the thread hangs in a write, as it may to a file on a disk that hangs. */
static bool wait_for_end(void)
{
	struct timespec at;
	int64_t until = pluq__clock_mono_ns() + 2 * GIVE_UP_NS;

	at.tv_sec = until / PLUQ__SEC;
	at.tv_nsec = until % PLUQ__SEC;
	while (!log_.ended)
		if (pthread_cond_clockwait(&log_.end, &log_.mutex, CLOCK_MONOTONIC, &at) != 0)
			return log_.ended;
	return true;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static size_t put_time(char *line, size_t size)
{
	struct timespec now;
	struct tm utc;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return n + (size_t)snprintf(line + n, size - n, ".%06ldZ ", now.tv_nsec / 1000);
}

/* Returns the length, line break included. */
static size_t format(char *line, size_t size, enum pluq_level level, const char *instance, const char *fmt, va_list args)
{
	size_t n = put_time(line, size), text;
	int more;

	text = n;
	n += (size_t)snprintf(line + n, size - n, "%s %.64s: ", level_words[level], instance);
	more = vsnprintf(line + n, size - n, fmt, args);
	if (more > 0)
		n = (size_t)more < size - n - 1 ? n + (size_t)more : size - 2;
	for (size_t i = text; i < n; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	line[n++] = '\n';
	return n;
}

/* true: the line is in the buffer or counted as dropped; false: there is no thread. */
static bool put_line(const char *line, size_t n)
{
	bool running;

	pthread_mutex_lock(&log_.mutex);
	running = log_.running;
	if (running && n > BUFFER_BYTES - log_.front.used) {
		log_.dropped++;
		log_.dropped_ever++;
	} else if (running) {
		memcpy(log_.front.bytes + log_.front.used, line, n);
		if (!log_.front.used)
			pthread_cond_signal(&log_.filled);
		log_.front.used += n;
	}
	pthread_mutex_unlock(&log_.mutex);
	return running;
}

void pluq__logv(enum pluq_level level, const char *instance, const char *fmt, va_list args)
{
	int kept = errno;
	char line[LINE_BYTES];
	size_t n;

	if (!pluq__log_on(level))
		return;
	n = format(line, sizeof(line), level, instance, fmt, args);
	if (!put_line(line, n))
		write_all(log_.started ? log_.fd : STDERR_FILENO, line, n);
	errno = kept;
}

void pluq__log(enum pluq_level level, const char *instance, const char *fmt, ...)
{
	va_list args;

	if (!pluq__log_on(level))
		return;
	va_start(args, fmt);
	pluq__logv(level, instance, fmt, args);
	va_end(args);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

void pluq__log_set_level(enum pluq_level level)
{
	atomic_store_explicit(&log_.level, level, memory_order_relaxed);
}

enum pluq_level pluq__log_level(void)
{
	return (enum pluq_level)atomic_load_explicit(&log_.level, memory_order_relaxed);
}

bool pluq__log_on(enum pluq_level level)
{
	return level >= pluq__log_level() && level >= PLUQ_DEBUG && level <= PLUQ_FATAL;
}

void pluq__log_reopen(void)
{
	atomic_store(&log_.reopen, true);
}

static void close_file(void)
{
	if (log_.path)
		close(log_.fd);
	free(log_.path);
	log_.path = NULL;
	log_.fd = STDERR_FILENO;
}

int pluq__log_open(enum pluq_level level, const char *to, struct pluq_why *why)
{
	char *path;
	bool made;
	int fd;

	if (strcmp(to, "stderr") == 0) {
		close_file();
		pluq__log_set_level(level);
		return 0;
	}
	path = strdup(to);
	if (!path)
		return PLUQ_ENOMEM;
	fd = open_file(path, O_EXCL);
	made = fd >= 0;
	if (!made)
		fd = open_file(path, 0);
	if (fd < 0) {
		snprintf(why->text, sizeof(why->text), "%s: cannot be opened for the log: %s", to, strerror(errno));
		free(path);
		return PLUQ_EIO;
	}
	close_file();
	log_.path = path;
	log_.fd = fd;
	log_.made = made;
	pluq__log_set_level(level);
	return 0;
}

int pluq__log_give(uid_t user, gid_t group)
{
	return log_.path && log_.made ? fchown(log_.fd, user, group) : 0;
}

static void free_buffers(void)
{
	free(log_.front.bytes);
	free(log_.back.bytes);
	log_.front = log_.back = (struct buffer){ 0 };
}

int pluq__log_start(void)
{
	log_.front.bytes = malloc(BUFFER_BYTES);
	log_.back.bytes = malloc(BUFFER_BYTES);
	log_.stopping = log_.ended = log_.gave_up = false;
	log_.started = log_.running = true;
	if (!log_.front.bytes || !log_.back.bytes || pluq__thread_start(&log_.thread, "pluq-log", write_lines, NULL)) {
		log_.started = log_.running = false;
		free_buffers();
		return PLUQ_ENOMEM;
	}
	return 0;
}

void pluq__log_stop(void)
{
	uint64_t dropped;

	pthread_mutex_lock(&log_.mutex);
	if (!log_.running) {
		pthread_mutex_unlock(&log_.mutex);
		return;
	}
	log_.stopping = true;
	pthread_cond_signal(&log_.filled);
	if (!wait_for_end()) { /* left as it is: later lines go to the buffer, and are lost with it */
		pthread_mutex_unlock(&log_.mutex);
		return;
	}
	pthread_mutex_unlock(&log_.mutex);
	pthread_join(log_.thread, NULL);

	/* What came after the thread's last look. */
	pthread_mutex_lock(&log_.mutex);
	log_.running = false;
	dropped = swap_buffers();
	pthread_mutex_unlock(&log_.mutex);
	write_all(log_.fd, log_.back.bytes, log_.back.used);
	write_dropped(dropped);
	free_buffers();
}
