#include "dq_held.h"

#include <stdlib.h>
#include <string.h>

bool dq_held_reserve(struct dq_held *h, size_t more)
{
	if (more <= h->capacity - h->tail)
		return true;
	size_t count = dq_held_count(h);
	if (more > SIZE_MAX / 64 - count)
		return false;
	if (h->head >= count + more && count + more <= h->capacity) { /* moves seldom: at least half of it is free */
		memmove(h->record, h->record + h->head, count * sizeof(*h->record));
	} else {
		size_t capacity = 2 * (count + more) + 16;
		struct dq_held_record *r = malloc(capacity * sizeof(*r));
		if (!r)
			return false;
		if (count > 0)
			memcpy(r, h->record + h->head, count * sizeof(*r));
		free(h->record);
		h->record = r;
		h->capacity = capacity;
	}
	h->head = 0;
	h->tail = count;
	return true;
}

void dq_held_push(struct dq_held *h, uint64_t name, uint32_t size)
{
	h->record[h->tail++] = (struct dq_held_record){ .name = name, .size = size };
}

void dq_held_pop(struct dq_held *h)
{
	if (++h->head == h->tail)
		h->head = h->tail = 0;
}

bool dq_held_release(struct dq_held *h, uint64_t name)
{
	if (h->head == h->tail)
		return false;
	uint64_t base = h->record[h->head].name, key = dq_name_after(base, name);
	size_t low = h->head, high = h->tail;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (dq_name_after(base, h->record[mid].name) < key)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == h->tail || h->record[low].name != name)
		return false;
	h->record[low].name &= ~DQ_LIVE;
	return true;
}

void dq_held_clear(struct dq_held *h)
{
	free(h->record);
	*h = (struct dq_held){ .record = NULL };
}
