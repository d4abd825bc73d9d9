#include "glob.h"

#include <pluq/broker.h>
#include <pluq/name.h>
#include <string.h>

static bool is_not(char c)
{
	return c == '!' || c == '^';
}

/* at: behind the [. Returns what is behind the ], or NULL if there is none. */
static const char *set_end(const char *at)
{
	at += is_not(*at);
	if (*at == ']')
		at++;
	at = strchr(at, ']');
	return at ? at + 1 : NULL;
}

/* The first range of the set that runs backwards. */
static bool set_ok(const char *at, const char *end)
{
	for (at += is_not(*at); at + 2 < end - 1; at++)
		if (at[1] == '-' && at[0] > at[2])
			return false;
	return true;
}

static bool in_names(char c)
{
	return c == '#' || pluq_name_is_valid(&c, 1);
}

const char *glob_wrong(const char *glob)
{
	size_t least = 0; /* bytes of the shortest name that it matches */

	if (!*glob)
		return "is empty";
	if (strlen(glob) > GLOB_MAX)
		return "is longer than 256 bytes";
	while (*glob) {
		char c = *glob++;
		least += c != '*';
		if (c == '*' || c == '?' || in_names(c))
			continue;
		if (c != '[')
			return "matches no topic: it has a character that no name has";
		const char *end = set_end(glob);
		if (!end)
			return "has a [ without its ]";
		if (!set_ok(glob, end))
			return "has a range that runs backwards";
		glob = end;
	}
	return least > PLUQ_NAME_MAX ? "matches no topic: names have 64 bytes at most" : NULL;
}

/* at: behind the [; end: behind the ]. */
static bool in_set(const char *at, const char *end, unsigned char c)
{
	bool inverse = is_not(*at), found = false;

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
static bool takes(const char **glob, char c)
{
	const char *at = *glob;

	if (*at == '[') {
		const char *end = set_end(at + 1);
		if (!in_set(at + 1, end, (unsigned char)c))
			return false;
		*glob = end;
		return true;
	}
	if (!*at || (*at != '?' && *at != c))
		return false;
	*glob = at + 1;
	return true;
}

/* Only the last * met is ever tried again with one byte more: what an earlier one could gain by taking more, it gains as well. */
bool glob_matches(const char *glob, const char *name, size_t length)
{
	const char *end = name + length, *star = NULL, *again = NULL;

	while (name < end) {
		if (*glob == '*') {
			star = ++glob;
			again = name;
		} else if (takes(&glob, *name)) {
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
