#include "snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <pluq/name.h>

/* Longest file that is read, bytes: far more than names there can sensibly be. */
#define SIZE_MOST (INT64_C(1) << 30)

static int trouble(struct pluq_why *why, int status, const char *path, const char *what)
{
	snprintf(why->text, sizeof(why->text), "%.120s: %.120s", path, what);
	return status;
}

static int trouble_errno(struct pluq_why *why, const char *path, const char *what)
{
	char text[120];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	return trouble(why, PLUQ_EIO, path, text);
}

/* Of the directory that the file is in; no memory: NULL, to be freed. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* --- reading */

static bool name_of(const json_t *value, struct span *out)
{
	if (!json_is_string(value))
		return false;
	*out = (struct span){json_string_value(value), json_string_length(value)};
	return pluq_name_is_valid(out->at, out->length);
}

static int add_topic(struct db *db, const json_t *item)
{
	const json_t *channels = json_object_get(item, "channels"), *channel;
	struct span name;
	size_t i;

	if (!name_of(json_object_get(item, "name"), &name) || !json_is_array(channels))
		return PLUQ_ECORRUPT;
	struct topic *t = db_topic(db, name);
	if (!t)
		return PLUQ_ENOMEM;
	json_array_foreach(channels, i, channel) {
		if (!name_of(channel, &name))
			return PLUQ_ECORRUPT;
		if (!db_channel(db, t, name))
			return PLUQ_ENOMEM;
	}
	return 0;
}

static int add_all(struct db *db, const json_t *root)
{
	const json_t *topics = json_object_get(root, "topics"), *item;
	int status = 0;
	size_t i;

	if (json_integer_value(json_object_get(root, "pluq_lookupd_snapshot")) != 1 || !json_is_array(topics))
		return PLUQ_ECORRUPT;
	json_array_foreach(topics, i, item)
		if (status == 0)
			status = add_topic(db, item);
	return status;
}

static int damaged(struct pluq_why *why, const char *path, const char *how)
{
	char text[120];

	snprintf(text, sizeof(text), "is damaged: %.60s; move it away to start without it", how);
	return trouble(why, PLUQ_ECORRUPT, path, text);
}

static int parse(struct db *db, const char *path, const char *bytes, size_t length, struct pluq_why *why)
{
	json_error_t error;
	json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
	char how[100];

	if (!root) {
		snprintf(how, sizeof(how), "line %d: %.80s", error.line, error.text);
		return damaged(why, path, how);
	}
	int status = add_all(db, root);
	json_decref(root);
	if (status == PLUQ_ECORRUPT)
		return damaged(why, path, "it is not a snapshot of topics and channels");
	return status < 0 ? trouble(why, status, path, "out of memory") : 0;
}

static int read_all(int fd, char *to, size_t length)
{
	while (length > 0) {
		ssize_t n = read(fd, to, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : EIO; /* shorter than it was a moment ago */
			return -1;
		}
		to += n;
		length -= (size_t)n;
	}
	return 0;
}

static int read_open(struct db *db, const char *path, int fd, struct pluq_why *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return trouble_errno(why, path, "cannot be read");
	if (!S_ISREG(st.st_mode))
		return trouble(why, PLUQ_EIO, path, "is not a file");
	if (st.st_size > SIZE_MOST)
		return damaged(why, path, "it is far too large");
	char *bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return trouble(why, PLUQ_ENOMEM, path, "out of memory");
	int status = read_all(fd, bytes, (size_t)st.st_size) < 0 ?
	    trouble_errno(why, path, "cannot be read") : parse(db, path, bytes, (size_t)st.st_size, why);
	free(bytes);
	return status;
}

/* There is no file: will there ever be one? */
static int check_folder(const char *path, struct pluq_why *why)
{
	char *folder = folder_of(path);
	struct stat st;
	int status = 0;

	if (!folder)
		return trouble(why, PLUQ_ENOMEM, path, "out of memory");
	if (stat(folder, &st) < 0)
		status = trouble_errno(why, folder, "the snapshot's directory cannot be used");
	free(folder);
	return status;
}

int snapshot_read(struct db *db, const char *path, struct pluq_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? check_folder(path, why) : trouble_errno(why, path, "cannot be read");
	int status = read_open(db, path, fd, why);
	close(fd);
	return status;
}

/* --- writing */

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

static int write_temporary(const char *path, const struct text *t, struct pluq_why *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644), status = 0;

	if (fd < 0)
		return trouble_errno(why, path, "cannot be made");
	if (write_all(fd, t->data, t->length) < 0 || fsync(fd) < 0)
		status = trouble_errno(why, path, "cannot be written");
	if (close(fd) < 0 && status == 0)
		status = trouble_errno(why, path, "cannot be written");
	return status;
}

/* So that the new name survives a crash too. */
static int sync_folder(const char *path, struct pluq_why *why)
{
	char *folder = folder_of(path);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int status = fd < 0 || fsync(fd) < 0 ? trouble_errno(why, path, "its directory cannot be synced") : 0;

	if (fd >= 0)
		close(fd);
	free(folder);
	return status;
}

int snapshot_write(const char *path, const struct text *t, struct pluq_why *why)
{
	char temporary[PATH_MAX];
	int n = snprintf(temporary, sizeof(temporary), "%s.pluq.tmp", path);

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return trouble(why, PLUQ_EIO, path, "the path is too long");
	int status = write_temporary(temporary, t, why);
	if (status == 0 && rename(temporary, path) < 0)
		status = trouble_errno(why, path, "cannot be replaced");
	if (status < 0) {
		unlink(temporary);
		return status;
	}
	return sync_folder(path, why);
}
