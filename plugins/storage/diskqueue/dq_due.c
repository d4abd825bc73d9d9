#include "dq_due.h"

#include <stdlib.h>
#include <string.h>

bool dq_due_reserve(struct dq_due *d, size_t more)
{
	if (more <= d->capacity - d->tail)
		return true;
	if (more > SIZE_MAX / 256 - d->tail)
		return false;
	size_t capacity = 2 * (d->tail - d->head + more) + 16;
	struct dq_due_entry *e = malloc(capacity * sizeof(*e));
	if (!e)
		return false;
	if (d->tail != d->head)
		memcpy(e, d->entry + d->head, (d->tail - d->head) * sizeof(*e));
	free(d->entry);
	d->entry = e;
	d->capacity = capacity;
	d->tail -= d->head;
	d->next = d->next > d->head ? d->next - d->head : 0;
	d->saved = d->saved > d->head ? d->saved - d->head : 0;
	d->moved += d->head;
	d->head = 0;
	return true;
}

void dq_due_push(struct dq_due *d, struct dq_at at, const uint8_t *id, int64_t due_ns)
{
	struct dq_due_entry *e = &d->entry[d->tail++];
	e->at = at;
	e->due_ns = due_ns;
	memcpy(e->id, id, PLUQ_ID_LENGTH);
	d->live++;
}

/* First entry at or behind a place. */
static size_t find(const struct dq_due *d, struct dq_at at)
{
	size_t low = d->head, high = d->tail;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (dq_at_before(d->entry[mid].at, at))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void drop(struct dq_due *d, size_t n)
{
	if (d->entry[n].due_ns == 0)
		return;
	d->entry[n].due_ns = 0;
	d->live--;
	while (d->head < d->tail && d->entry[d->head].due_ns == 0)
		d->head++;
}

int64_t dq_due_find(struct dq_due *d, struct dq_at at, const uint8_t *id)
{
	if (d->next < d->head)
		d->next = d->head;
	while (d->next < d->tail && dq_at_before(d->entry[d->next].at, at))
		d->next++;
	if (d->next == d->tail || !dq_at_same(d->entry[d->next].at, at))
		return 0;
	if (memcmp(d->entry[d->next].id, id, PLUQ_ID_LENGTH) == 0)
		return d->entry[d->next].due_ns;
	drop(d, d->next); /* another record has taken the place: not ours */
	return 0;
}

void dq_due_release(struct dq_due *d, struct dq_at at)
{
	size_t n = find(d, at);
	if (n < d->tail && dq_at_same(d->entry[n].at, at))
		drop(d, n);
}

void dq_due_forget(struct dq_due *d)
{
	free(d->entry);
	d->entry = NULL;
	d->head = d->tail = d->capacity = d->live = d->next = d->saved = 0;
}

void dq_due_fini(struct dq_due *d)
{
	dq_due_forget(d);
}
