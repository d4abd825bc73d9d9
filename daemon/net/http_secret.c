#include "http_secret.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pluq/error.h>

/* What stands behind the name of the scheme, in any case, and blanks. NULL: it is another scheme. */
static const char *behind(const char *value, const char *scheme)
{
	size_t n = strlen(scheme);
	if (strncasecmp(value, scheme, n) != 0 || value[n] != ' ')
		return NULL;
	return value + n + strspn(value + n, " ");
}

static int bearer(const char *token, char **out, size_t *length)
{
	size_t n = strlen(token);
	if (n == 0 || strcspn(token, " \t") != n)
		return PLUQ_EINVAL;
	*out = malloc(n + 1);
	if (!*out)
		return PLUQ_ENOMEM;
	memcpy(*out, token, n + 1);
	*length = n;
	return 0;
}

/* ---- base64 ---- */

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, of which the last `padding` are '='; writes 3 - padding bytes. */
static bool decode_group(const char *from, size_t padding, char *to)
{
	unsigned bits = 0;
	for (size_t i = 0; i < 4; i++) {
		int d = i < 4 - padding ? digit(from[i]) : 0;
		if (d < 0)
			return false;
		bits = bits << 6 | (unsigned)d;
	}
	if (padding && (bits & ((1u << (8 * padding)) - 1)))
		return false; /* the same bytes would have several forms */
	for (size_t i = 0; i < 3 - padding; i++)
		to[i] = (char)(bits >> (16 - 8 * i));
	return true;
}

/* RFC 4648 with its padding, and nothing else. to: room for 3 bytes for each 4. false: it is not that. */
static bool decode(const char *from, char *to, size_t *length)
{
	size_t n = strlen(from), padding = n >= 4 && from[n - 1] == '=' ? 1 + (from[n - 2] == '=') : 0, at = 0;
	if (n == 0 || n % 4 != 0)
		return false;
	for (size_t i = 0; i < n; i += 4) {
		size_t missing = i + 4 == n ? padding : 0;
		if (!decode_group(from + i, missing, to + at))
			return false;
		at += 3 - missing;
	}
	*length = at;
	return true;
}

/* ---- */

static int basic(const char *text, char **out, size_t *length)
{
	size_t room = strlen(text) / 4 * 3 + 1, n = 0;
	char *pair = malloc(room);
	if (!pair)
		return PLUQ_ENOMEM;
	const char *colon = decode(text, pair, &n) ? memchr(pair, ':', n) : NULL;
	size_t password = colon ? n - (size_t)(colon - pair) - 1 : 0;
	if (password == 0) {
		pluq__http_secret_free(&pair, room);
		return PLUQ_EINVAL;
	}
	memmove(pair, colon + 1, password);
	explicit_bzero(pair + password, room - password);
	*out = pair;
	*length = password;
	return 0;
}

int pluq__http_secret(const struct pluq__http_fields *f, char **out, size_t *length)
{
	const char *value = pluq__http_fields_find(f, "Authorization", NULL), *rest;
	if (!value)
		return PLUQ_EUNKNOWN;
	if (pluq__http_fields_find(f, "Authorization", value))
		return PLUQ_EINVAL;
	if ((rest = behind(value, "Bearer")))
		return bearer(rest, out, length);
	if ((rest = behind(value, "Basic")))
		return basic(rest, out, length);
	return PLUQ_EINVAL;
}

void pluq__http_secret_free(char **secret, size_t length)
{
	if (*secret)
		explicit_bzero(*secret, length);
	free(*secret);
	*secret = NULL;
}
