#include "pub_counts.h"

#include <stdlib.h>
#include <string.h>

static int compare(const struct pub_count *item, const char *name, size_t length)
{
	size_t common = item->length < length ? item->length : length;
	int order = memcmp(item->name, name, common);

	return order ? order : (item->length > length) - (item->length < length);
}

/* Where the name is, or belongs. */
static uint32_t place(const struct pub_counts *p, const char *name, size_t length, int *order)
{
	uint32_t low = 0, high = p->count;

	*order = 1;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		*order = compare(p->items[middle], name, length);
		if (*order == 0)
			return middle;
		if (*order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int grow(struct pub_counts *p)
{
	uint32_t capacity = p->capacity ? p->capacity * 2 : 2;
	struct pub_count **items = realloc(p->items, capacity * sizeof(*items));

	if (!items)
		return -1;
	p->items = items;
	p->capacity = capacity;
	return 0;
}

struct pub_count *pub_counts_get(struct pub_counts *p, const char *name, size_t length)
{
	int order;
	uint32_t at = place(p, name, length, &order);

	if (order == 0)
		return p->items[at];
	if (p->count == p->capacity && grow(p) < 0)
		return NULL;
	struct pub_count *item = malloc(sizeof(*item) + length + 1);
	if (!item)
		return NULL;
	item->count = 0;
	item->length = (uint32_t)length;
	memcpy(item->name, name, length);
	item->name[length] = 0;
	memmove(p->items + at + 1, p->items + at, (p->count - at) * sizeof(*p->items));
	p->items[at] = item;
	p->count++;
	return item;
}

void pub_counts_free(struct pub_counts *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		free(p->items[i]);
	free(p->items);
	*p = (struct pub_counts){0};
}
