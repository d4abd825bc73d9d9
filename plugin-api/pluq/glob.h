/* <pluq/glob.h>: globs for names: * any run of bytes, ? one byte, [a-z_] one of a set, [!a-z] or [^a-z] one that is not in it; a ]
 * that is meant stands first in its set, a - first or last. There is no escape: names have no such characters. */
#ifndef PLUQ_GLOB_H
#define PLUQ_GLOB_H

#include <pluq/name.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQ_GLOB_MAX 256 /* bytes */

static inline bool pluq_glob_is_not(char c)
{
	return c == '!' || c == '^';
}

/* at: behind the [. Returns what is behind the ], or NULL if there is none. */
static inline const char *pluq_glob_set_end(const char *at)
{
	at += pluq_glob_is_not(*at);
	if (*at == ']')
		at++;
	at = strchr(at, ']');
	return at ? at + 1 : NULL;
}

/* Whether no range of the set runs backwards. at: behind the [; end: behind the ]. Ranges are those of pluq_glob_in_set. */
static inline bool pluq_glob_set_ok(const char *at, const char *end)
{
	for (at += pluq_glob_is_not(*at); at < end - 1; at++)
		if (at + 2 < end - 1 && at[1] == '-') {
			if ((unsigned char)at[0] > (unsigned char)at[2])
				return false;
			at += 2;
		}
	return true;
}

static inline bool pluq_glob_in_names(char c)
{
	return c == '#' || pluq_name_is_valid(&c, 1);
}

/* What is wrong with it, for people; NULL: nothing. A glob that matches no name a topic can have is wrong too. */
static inline const char *pluq_glob_wrong(const char *glob)
{
	size_t least = 0; /* bytes of the shortest name that it matches */

	if (!*glob)
		return "is empty";
	if (strlen(glob) > PLUQ_GLOB_MAX)
		return "is longer than 256 bytes";
	while (*glob) {
		char c = *glob++;
		least += c != '*';
		if (c == '*' || c == '?' || pluq_glob_in_names(c))
			continue;
		if (c != '[')
			return "matches no topic: it has a character that no name has";
		const char *end = pluq_glob_set_end(glob);
		if (!end)
			return "has a [ without its ]";
		if (!pluq_glob_set_ok(glob, end))
			return "has a range that runs backwards";
		glob = end;
	}
	return least > 64 ? "matches no topic: names have 64 bytes at most" : NULL;
}

/* at: behind the [; end: behind the ]. */
static inline bool pluq_glob_in_set(const char *at, const char *end, unsigned char c)
{
	bool inverse = pluq_glob_is_not(*at), found = false;

	for (at += inverse; at < end - 1; at++) {
		unsigned char low = (unsigned char)*at, high = low;
		if (at + 2 < end - 1 && at[1] == '-') {
			at += 2;
			high = (unsigned char)*at;
		}
		found |= c >= low && c <= high;
	}
	return found != inverse;
}

/* Whether the element at *glob, no *, takes the byte; if so *glob moves behind it. */
static inline bool pluq_glob_takes(const char **glob, char c)
{
	const char *at = *glob;

	if (*at == '[') {
		const char *end = pluq_glob_set_end(at + 1);
		if (!pluq_glob_in_set(at + 1, end, (unsigned char)c))
			return false;
		*glob = end;
		return true;
	}
	if (!*at || (*at != '?' && *at != c))
		return false;
	*glob = at + 1;
	return true;
}

/* The glob is one that nothing is wrong with. Takes at most glob * length steps: only the last * met is ever tried again with one byte more,
 * as what an earlier one could gain by taking more, it gains as well. */
static inline bool pluq_glob_match(const char *glob, const char *name, size_t length)
{
	const char *end = name + length, *star = NULL, *again = NULL;

	while (name < end) {
		if (*glob == '*') {
			star = ++glob;
			again = name;
		} else if (pluq_glob_takes(&glob, *name)) {
			name++;
		} else if (star) {
			glob = star;
			name = ++again;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

#ifdef __cplusplus
}
#endif
#endif
