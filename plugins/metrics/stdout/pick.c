#include "pick.h"

#include <fnmatch.h>
#include <string.h>

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

static bool in_names(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* at: behind the [. Returns the ], or NULL if there is none. */
static const char *set_end(const char *at)
{
	at += *at == '!' || *at == '^';
	return *at ? strchr(at + 1, ']') : NULL; /* a ] that stands first is meant */
}

static bool set_ok(const char *at, const char *end)
{
	for (at += *at == '!' || *at == '^'; at < end; at++)
		if ((!in_names(*at) && *at != '-') || (at + 2 < end && at[1] == '-' && at[0] > at[2]))
			return false;
	return true;
}

const char *pick_wrong(const char *glob)
{
	if (!*glob)
		return "is empty";
	for (; *glob; glob++) {
		if (*glob == '[') {
			const char *end = set_end(glob + 1);
			if (!end)
				return "has a [ without its ]";
			if (!set_ok(glob + 1, end))
				return "has a set of something else than a-z, 0-9 and _, or a range that runs backwards";
			glob = end;
		} else if (*glob != '*' && *glob != '?' && !in_names(*glob)) {
			return "matches no metric: their names are of a-z, 0-9 and _";
		}
	}
	return NULL;
}
