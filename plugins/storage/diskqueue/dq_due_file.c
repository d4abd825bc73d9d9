#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dq_codec.h"
#include "dq_due.h"
#include "dq_file.h"

#define MAGIC "pluqdue1"
#define MAGIC_SIZE 8
#define ENTRY_SIZE 44
#define CHECKED 40

/* Stale entries that are let be: rewriting a small file for each release would cost more than it saves. */
#define SLACK 1024

/* No file of ours comes near: 2^24 deferred records. */
#define FILE_MOST ((size_t)ENTRY_SIZE << 24)

/* CRC-32 (polynomial 0xedb88320), four bits at a time. */
static uint32_t crc32(const uint8_t *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = ~UINT32_C(0);
	while (n-- > 0) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static void put_entry(uint8_t *p, const struct dq_due_entry *e)
{
	dq_put64(p, (uint64_t)e->at.file);
	dq_put64(p + 8, (uint64_t)e->at.pos);
	memcpy(p + 16, e->id, PLUQ_ID_LENGTH);
	dq_put64(p + 32, (uint64_t)e->due_ns);
	dq_put32(p + CHECKED, crc32(p, CHECKED));
}

static bool get_entry(struct dq_due_entry *e, const uint8_t *p)
{
	if (dq_get32(p + CHECKED) != crc32(p, CHECKED))
		return false;
	e->at.file = (int64_t)dq_get64(p);
	e->at.pos = (int64_t)dq_get64(p + 8);
	memcpy(e->id, p + 16, PLUQ_ID_LENGTH);
	e->due_ns = (int64_t)dq_get64(p + 32);
	return e->due_ns != 0;
}

static bool encode(const struct dq_due *d, size_t from, struct dq_due_change *c)
{
	c->bytes = malloc(MAGIC_SIZE + (d->tail - from) * ENTRY_SIZE);
	if (!c->bytes)
		return false;
	uint8_t *p = c->bytes;
	if (c->what == DQ_DUE_REPLACE) {
		memcpy(p, MAGIC, MAGIC_SIZE);
		p += MAGIC_SIZE;
	}
	for (size_t n = from; n < d->tail; n++) {
		if (d->entry[n].due_ns == 0)
			continue;
		put_entry(p, &d->entry[n]);
		p += ENTRY_SIZE;
		c->entries++;
	}
	c->length = (size_t)(p - c->bytes);
	return true;
}

bool dq_due_changes(const struct dq_due *d, struct dq_due_change *c)
{
	*c = (struct dq_due_change){ .what = DQ_DUE_NOTHING, .upto = d->moved + d->tail };
	if (d->live == 0) {
		if (d->on_disk)
			c->what = DQ_DUE_DELETE;
		return true;
	}
	size_t from = d->saved > d->head ? d->saved : d->head;
	if (!d->on_disk || d->rewrite || d->file_entries > 2 * d->live + SLACK) {
		c->what = DQ_DUE_REPLACE;
		return encode(d, d->head, c);
	}
	if (from == d->tail)
		return true;
	c->what = DQ_DUE_APPEND;
	c->offset = MAGIC_SIZE + (int64_t)(d->file_entries * ENTRY_SIZE);
	return encode(d, from, c);
}

static int append(const struct dq_due_change *c, int dir_fd, const char *file, struct pluq_why *why)
{
	int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return dq_fail(why, "open", file);
	int rc = 0;
	size_t written;
	struct iovec v = { .iov_base = c->bytes, .iov_len = c->length };
	if (!dq_write_at(fd, &v, 1, c->offset, &written))
		rc = dq_fail(why, "write", file);
	else if (fdatasync(fd) != 0)
		rc = dq_fail(why, "fsync", file);
	close(fd);
	return rc;
}

int dq_due_write(struct dq_due_change *c, int dir_fd, const char *file, struct pluq_why *why)
{
	int rc = 0;
	if (c->what == DQ_DUE_APPEND)
		rc = append(c, dir_fd, file, why);
	else if (c->what == DQ_DUE_REPLACE)
		rc = dq_replace(dir_fd, file, c->bytes, c->length, why);
	else if (c->what == DQ_DUE_DELETE)
		rc = dq_unlink(dir_fd, file, why);
	free(c->bytes);
	c->bytes = NULL;
	return rc;
}

void dq_due_written(struct dq_due *d, const struct dq_due_change *c, bool good)
{
	if (c->what == DQ_DUE_NOTHING)
		return;
	if (!good) {
		d->rewrite = true;
		return;
	}
	d->file_entries = c->what == DQ_DUE_APPEND ? d->file_entries + c->entries : c->entries;
	d->on_disk = c->what != DQ_DUE_DELETE;
	d->rewrite = false;
	d->saved = c->upto > d->moved ? (size_t)(c->upto - d->moved) : 0;
}

static void take_entries(struct dq_due *d, const uint8_t *p, size_t length, struct dq_at from, bool *odd)
{
	struct dq_at last = { .file = -1 };
	for (; length >= ENTRY_SIZE; p += ENTRY_SIZE, length -= ENTRY_SIZE) {
		struct dq_due_entry e;
		*odd = !get_entry(&e, p) || !dq_at_before(last, e.at) || e.at.pos < 0;
		if (*odd)
			return;
		last = e.at;
		d->file_entries++;
		if (!dq_at_before(e.at, from))
			dq_due_push(d, e.at, e.id, e.due_ns);
	}
	*odd = length != 0;
}

int dq_due_load(struct dq_due *d, int dir_fd, const char *file, struct dq_at from, bool *odd, struct pluq_why *why)
{
	char *data;
	size_t length;
	*odd = false;
	int rc = dq_slurp(dir_fd, file, FILE_MOST, &data, &length, why);
	if (rc == PLUQ_EUNKNOWN)
		return 0;
	d->on_disk = rc == 0 || rc == PLUQ_ECORRUPT;
	if (rc == PLUQ_ECORRUPT) {
		*odd = d->rewrite = true;
		return 0;
	}
	if (rc != 0)
		return rc;
	if (!dq_due_reserve(d, length / ENTRY_SIZE))
		rc = dq_no_memory(why);
	else if (length < MAGIC_SIZE || memcmp(data, MAGIC, MAGIC_SIZE) != 0)
		*odd = true;
	else
		take_entries(d, (const uint8_t *)data + MAGIC_SIZE, length - MAGIC_SIZE, from, odd);
	free(data);
	d->rewrite = *odd;
	d->saved = d->tail;
	return rc;
}
