#include "layer.h"

size_t pluq__layers_hold(const struct pluq__layer *l)
{
	size_t n = 0;
	for (; l; l = l->below)
		if (l->ops->holds)
			n += l->ops->holds(l);
	return n;
}

bool pluq__layers_end(struct pluq__layer *l, struct pluq_conn *c)
{
	for (; l; l = l->below)
		if (l->ops->end && !l->ops->end(l, c))
			return false;
	return true;
}

void pluq__layers_free(struct pluq__layer **top)
{
	while (*top) {
		struct pluq__layer *l = *top;
		*top = l->below;
		l->ops->free(l);
	}
}
