#include "message.h"

#include <stdlib.h>

#include "../base/memory.h"

static int64_t footprint(uint32_t length)
{
	/* What malloc really takes: 8 bytes of its own, in steps of 16. */
	return (int64_t)((sizeof(struct pluq_msg) + length + 8 + 15) & ~(size_t)15);
}

struct pluq_msg *pluq__msg_new(uint32_t length)
{
	struct pluq_msg *m;

	if (length > PLUQ_BODY_MAX)
		return NULL;
	m = malloc(sizeof(*m) + length);
	if (!m)
		return NULL;
	atomic_init(&m->refs, 1);
	m->length = length;
	pluq__memory_add(footprint(length));
	return m;
}

void pluq__msg_free(struct pluq_msg *m)
{
	pluq__memory_add(-footprint(m->length));
	free(m);
}
