#include "pick.h"

#include <fnmatch.h>

static bool matches(const char *const *globs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (fnmatch(globs[i], name, 0) == 0)
			return true;
	return false;
}

bool pick_wants(struct pick *p, const struct pluq_metric *m)
{
	size_t at = ((uintptr_t)m >> 3) * 2654435761u % PICK_MEMORY;

	if (p->memory[at].metric == m)
		return p->memory[at].wanted;
	p->memory[at].metric = m;
	p->memory[at].wanted = (!p->only_count || matches(p->only, p->only_count, m->name)) &&
	                       !matches(p->except, p->except_count, m->name);
	return p->memory[at].wanted;
}
