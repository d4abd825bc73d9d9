#include "dq_index.h"

#include <stdlib.h>
#include <string.h>

#include "dq_names.h"

/* At least six digits, more only if needed: the one way in which the number is written. */
static bool digits(const char *p, size_t n, int64_t *number)
{
	if (n < 6 || n > 18 || (n > 6 && *p == '0'))
		return false;
	*number = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*number = *number * 10 + (p[i] - '0');
	}
	return true;
}

/* The last one: the queue's own name may contain the infix. */
static const char *infix(const char *name)
{
	const char *last = NULL;
	for (const char *p = name; (p = strstr(p, DQ_INFIX)); p++)
		last = p;
	return last;
}

bool dq_index_split(const char *name, size_t *queue_length, int64_t *number)
{
	const char *p = infix(name);
	if (!p || p == name)
		return false;
	const char *n = p + strlen(DQ_INFIX), *dot = strchr(n, '.');
	*queue_length = (size_t)(p - name);
	return dot && strcmp(dot, ".dat") == 0 && digits(n, (size_t)(dot - n), number);
}

int dq_index_add(struct dq_index *x, const char *name)
{
	size_t length;
	int64_t number;
	if (!dq_index_split(name, &length, &number))
		return 0;
	if (x->count == x->capacity) {
		size_t capacity = x->capacity ? 2 * x->capacity : 64;
		struct dq_index_file *f = realloc(x->file, capacity * sizeof(*f));
		if (!f)
			return PLUQ_ENOMEM;
		x->file = f;
		x->capacity = capacity;
	}
	char *queue = strndup(name, length);
	if (!queue)
		return PLUQ_ENOMEM;
	x->file[x->count++] = (struct dq_index_file){ .queue = queue, .number = number };
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct dq_index_file *x = a, *y = b;
	int c = strcmp(x->queue, y->queue);
	return c ? c : (x->number > y->number) - (x->number < y->number);
}

void dq_index_sort(struct dq_index *x)
{
	if (x->count > 0)
		qsort(x->file, x->count, sizeof(*x->file), compare);
}

const struct dq_index_file *dq_index_find(const struct dq_index *x, const char *queue, size_t *count)
{
	size_t low = 0, high = x->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(x->file[mid].queue, queue) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*count = 0; low + *count < x->count && strcmp(x->file[low + *count].queue, queue) == 0;)
		++*count;
	return *count ? x->file + low : NULL;
}

void dq_index_fini(struct dq_index *x)
{
	for (size_t i = 0; i < x->count; i++)
		free(x->file[i].queue);
	free(x->file);
	*x = (struct dq_index){ .file = NULL };
}
