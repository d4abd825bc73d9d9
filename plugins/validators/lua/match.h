/* Lua's patterns, matched at a price.
 *
 * The library's own matcher can take longer than anyone will wait ("(.-)(.-)(.-)x" on some kilobytes) and no hook runs inside of it. This
 * one matches the same patterns in the same way, with the same errors, and charges the budget for each step. */
#ifndef LUA_MATCH_H
#define LUA_MATCH_H

#include <lua.h>
#include <stddef.h>

#include "budget.h"

#define MATCH_CAPTURES_MAX 32

struct match {
	lua_State *L;
	struct budget *budget;
	const char *subject, *subject_end, *pattern_end;
	int depth; /* calls of the matcher that may still be nested */
	int level; /* captures begun */
	struct match_capture {
		const char *at;
		ptrdiff_t length; /* or MATCH_OPEN, MATCH_POSITION */
	} captures[MATCH_CAPTURES_MAX];
};

enum { MATCH_OPEN = -1, MATCH_POSITION = -2 };

/* The texts are borrowed while the match lives, and are Lua's: a NUL byte stands behind each. */
void match_init(struct match *, lua_State *L, const char *subject, size_t subject_length, const char *pattern, size_t pattern_length);

/* Does the pattern match at this place of the subject? The end of what it matches, or NULL. Raises errors of the pattern and of the
 * budget. */
const char *match_at(struct match *, const char *place, const char *pattern);

/* Pushes capture i, of a match from..end; without captures number 0 is all of it. */
void match_push_one(struct match *, int i, const char *from, const char *end);

/* Pushes all, or the whole match if it has none and `from` is not NULL. Returns how many. */
int match_push_all(struct match *, const char *from, const char *end);

#endif
