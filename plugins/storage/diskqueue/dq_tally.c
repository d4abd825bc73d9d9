#include "dq_tally.h"

#include <stdlib.h>
#include <string.h>

static uint64_t key_of(uint64_t name)
{
	return name & DQ_NAME_MASK & ~(uint64_t)DQ_POS_MAX;
}

bool dq_tally_reserve(struct dq_tally *t, size_t more)
{
	if (more <= t->capacity - t->tail)
		return true;
	size_t count = t->tail - t->head;
	if (more > SIZE_MAX / 64 - count)
		return false;
	size_t capacity = 2 * (count + more) + 16;
	struct dq_tally_file *f = malloc(capacity * sizeof(*f));
	if (!f)
		return false;
	if (count > 0)
		memcpy(f, t->file + t->head, count * sizeof(*f));
	free(t->file);
	*t = (struct dq_tally){ .file = f, .tail = count, .capacity = capacity };
	return true;
}

void dq_tally_add(struct dq_tally *t, uint64_t name)
{
	if (t->head == t->tail || t->file[t->tail - 1].key != key_of(name))
		t->file[t->tail++] = (struct dq_tally_file){ .key = key_of(name) };
	struct dq_tally_file *f = &t->file[t->tail - 1];
	f->total++;
	f->live += (name & DQ_LIVE) != 0;
}

void dq_tally_release(struct dq_tally *t, uint64_t name)
{
	size_t low = t->head, high = t->tail, n = t->hint;
	if (n < low || n >= high || t->file[n].key != key_of(name)) {
		uint64_t base = t->file[low].key, key = dq_name_after(base, key_of(name));
		while (low < high) {
			size_t mid = low + (high - low) / 2;
			if (dq_name_after(base, t->file[mid].key) < key)
				low = mid + 1;
			else
				high = mid;
		}
		n = low;
	}
	t->file[n].live--;
	t->hint = n;
}

const struct dq_tally_file *dq_tally_first(struct dq_tally *t)
{
	while (t->head != t->tail && t->file[t->head].live == 0) {
		if (t->head + 1 == t->tail)
			return NULL; /* more of this file may come */
		t->head++;
	}
	return t->head != t->tail ? &t->file[t->head] : NULL;
}

void dq_tally_clear(struct dq_tally *t)
{
	free(t->file);
	*t = (struct dq_tally){ .file = NULL };
}
