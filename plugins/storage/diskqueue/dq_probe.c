/* Would an append succeed now? Only a write can tell. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "dq_file.h"
#include "dq_store.h"

/* About what a batch of appends needs. */
#define PROBE_BYTES (64 * 1024)
#define PROBE_FILE "pluq.probe.dat"

static int write_probe(int fd, const char *zeros, struct pluq_why *why)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)zeros, .iov_len = PROBE_BYTES };
	size_t written;

	if (!dq_write_at(fd, &iov, 1, 0, &written))
		return dq_fail(why, "write", PROBE_FILE);
	if (fsync(fd) < 0)
		return dq_fail(why, "fsync", PROBE_FILE);
	return 0;
}

int dq_probe(void *self, struct pluq_why *why)
{
	const struct dq_store *store = self;
	char *zeros = calloc(1, PROBE_BYTES);
	int fd, err;

	if (!zeros)
		return dq_no_memory(why);
	fd = openat(store->dir_fd, PROBE_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = dq_fail(why, "open", PROBE_FILE);
	} else {
		err = write_probe(fd, zeros, why);
		close(fd);
		unlinkat(store->dir_fd, PROBE_FILE, 0); /* should it stay, the next probe overwrites it */
	}
	free(zeros);
	return err;
}
