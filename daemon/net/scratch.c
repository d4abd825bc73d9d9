#include <errno.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "conn.h"
#include "scratch.h"

struct pluq__scratch *pluq__scratch(struct pluq_conn *c)
{
	struct pluq__scratch *k = c->at->scratch;
	if (k)
		return k;
	k = malloc(sizeof *k);
	if (!k) {
		c->why = "out of memory";
		errno = 0;
		return NULL;
	}
	pluq__memory_add(sizeof *k);
	c->at->scratch = k;
	return k;
}

void pluq__scratch_free(struct pluq__scratch **p)
{
	if (*p)
		pluq__memory_add(-(int64_t)sizeof **p);
	free(*p);
	*p = NULL;
}
