#include "pick.h"

#include <pluq/glob.h>
#include <string.h>

static bool matches(const char *const *globs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (pluq_glob_match(globs[i], name, strlen(name)))
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

static bool in_names(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* at: behind the [; end: behind the ]. */
static bool set_ok(const char *at, const char *end)
{
	for (const char *c = at + pluq_glob_is_not(*at); c < end - 1; c++)
		if (!in_names(*c) && *c != '-')
			return false;
	return pluq_glob_set_ok(at, end);
}

const char *pick_wrong(const char *glob)
{
	if (!*glob)
		return "is empty";
	while (*glob) {
		char c = *glob++;

		if (c == '[') {
			const char *end = pluq_glob_set_end(glob);
			if (!end)
				return "has a [ without its ]";
			if (!set_ok(glob, end))
				return "has a set of something else than a-z, 0-9 and _, or a range that runs backwards";
			glob = end;
		} else if (c != '*' && c != '?' && !in_names(c)) {
			return "matches no metric: their names are of a-z, 0-9 and _";
		}
	}
	return NULL;
}
