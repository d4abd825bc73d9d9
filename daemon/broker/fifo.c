#include "fifo.h"

#include <stdlib.h>

struct pluq__fifo_chunk {
	struct pluq__fifo_chunk *next;
	_Alignas(16) unsigned char bytes[PLUQ__FIFO_CHUNK];
};

void pluq__fifo_init(struct pluq__fifo *f, uint32_t element_size)
{
	*f = (struct pluq__fifo){.size = element_size, .per = PLUQ__FIFO_CHUNK / element_size};
}

static bool grow(struct pluq__fifo *f)
{
	struct pluq__fifo_chunk *c = malloc(sizeof(*c));

	if (!c)
		return false;
	c->next = NULL;
	if (f->last)
		f->last->next = c;
	else
		f->first = c;
	f->last = c;
	f->tail = 0;
	return true;
}

void *pluq__fifo_push(struct pluq__fifo *f)
{
	if ((!f->last || f->tail == f->per) && !grow(f))
		return NULL;
	f->count++;
	return f->last->bytes + (size_t)f->size * f->tail++;
}

void *pluq__fifo_at(struct pluq__fifo *f, uint64_t n)
{
	struct pluq__fifo_chunk *c = f->first;

	for (n += f->head; n >= f->per; n -= f->per)
		c = c->next;
	return c->bytes + (size_t)f->size * n;
}

void pluq__fifo_pop(struct pluq__fifo *f, uint64_t n)
{
	f->count -= n;
	n += f->head;
	while (f->first != f->last && n >= f->per) {
		struct pluq__fifo_chunk *c = f->first;

		f->first = c->next;
		free(c);
		n -= f->per;
	}
	f->head = (uint32_t)n;
	if (!f->count) /* an idle queue holds nothing */
		pluq__fifo_clear(f);
}

void pluq__fifo_clear(struct pluq__fifo *f)
{
	while (f->first) {
		struct pluq__fifo_chunk *c = f->first;

		f->first = c->next;
		free(c);
	}
	f->last = NULL;
	f->count = 0;
	f->head = f->tail = 0;
}
