#include "glob.h"

/* Behind '['. The place behind ']', or NULL. */
static const char *set(const char *at, unsigned char c, bool *in)
{
	bool negative = *at == '!' || *at == '^', found = false, first = true;

	for (at += negative; *at && (*at != ']' || first); first = false) {
		unsigned char low = (unsigned char)*at++, high = low;

		if (at[0] == '-' && at[1] && at[1] != ']') {
			high = (unsigned char)at[1];
			at += 2;
		}
		found = found || (c >= low && c <= high);
	}
	*in = found != negative;
	return *at == ']' ? at + 1 : NULL;
}

/* One character of the text against one item of the glob, which is not '*' and not the end. The next item, or NULL. */
static const char *one(const char *glob, unsigned char c)
{
	bool in;

	if (*glob == '?')
		return glob + 1;
	if (*glob == '[') {
		const char *next = set(glob + 1, c, &in);

		return next && in ? next : NULL;
	}
	if (*glob == '\\' && glob[1])
		glob++;
	return (unsigned char)*glob == c ? glob + 1 : NULL;
}

/* Goes back to the last star only: never more than length * length of the glob. */
bool glob_matches(const char *glob, const char *text, size_t length)
{
	const char *end = text + length, *star = NULL, *from = NULL;

	while (text < end) {
		const char *next;

		if (*glob == '*') {
			star = ++glob;
			from = text;
		} else if (*glob && (next = one(glob, (unsigned char)*text))) {
			glob = next;
			text++;
		} else if (star) {
			glob = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == 0;
}

bool glob_is_good(const char *glob)
{
	while (*glob) {
		bool in;

		if (*glob == '[') {
			if (!(glob = set(glob + 1, 0, &in)))
				return false;
		} else if (*glob == '\\' && *++glob == 0) {
			return false;
		} else {
			glob++;
		}
	}
	return true;
}
