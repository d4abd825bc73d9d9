#define _GNU_SOURCE /* asprintf */
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NO_MEMORY "out of memory"

/* Longest URL that is read, bytes. */
#define URL_MAX 8192

/* --- parts ---------------------------------------------------------------------------------------------------------- */

/* What must not stand in a request's line is escaped. The fragment is the client's own. A path is "/" at least. */
static char *make_target(const char *path, size_t length)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t used = 0;
	char *out;

	length = strcspn(path, "#") < length ? strcspn(path, "#") : length;
	if (!(out = malloc(3 * length + 2)))
		return NULL;
	if (!length || *path == '?')
		out[used++] = '/';
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)path[i];

		if (c > ' ' && c < 0x7f) {
			out[used++] = (char)c;
			continue;
		}
		out[used++] = '%';
		out[used++] = hex[c >> 4];
		out[used++] = hex[c & 15];
	}
	out[used] = 0;
	return out;
}

/* Where the host ends and the port begins: the colon, or the end. NULL: it is no host with a port. */
static const char *host_end(const char *text, size_t n)
{
	const char *end = text + n, *at;

	if (n && *text == '[') {
		at = memchr(text, ']', n);
		return at && at > text + 1 && (at + 1 == end || at[1] == ':') ? at + 1 : NULL;
	}
	at = memchr(text, ':', n);
	if (at && memchr(at + 1, ':', (size_t)(end - at - 1)))
		return NULL; /* an IPv6 address wants brackets */
	return at ? at : end;
}

static bool port_is_good(const char *text, size_t n)
{
	unsigned value = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9' || value > 65535)
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	return value > 0 && value <= 65535;
}

static const char *make_address(struct url *u, const char *text, size_t n)
{
	const char *colon;
	int made;

	if (memchr(text, '@', n))
		return "a user name or password in a URL is not supported";
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || text[i] == '\\' || text[i] == '%')
			return "the host has characters in it that no host has";
	if (!(colon = host_end(text, n)) || colon == text)
		return "the host is missing, or is none";
	if (colon == text + n || colon + 1 == text + n) /* no port, or none behind the colon */
		made = asprintf(&u->address, "%.*s:%d", (int)(colon - text), text, u->tls ? 443 : 80);
	else if (port_is_good(colon + 1, (size_t)(text + n - colon - 1)))
		made = asprintf(&u->address, "%.*s", (int)n, text);
	else
		return "the port is none";
	if (made >= 0)
		return NULL;
	u->address = NULL;
	return NO_MEMORY;
}

static const char *make(struct url *u, bool tls, const char *authority, size_t n, const char *path)
{
	const char *wrong;

	*u = (struct url){ .tls = tls };
	if ((wrong = make_address(u, authority, n)))
		return wrong;
	if ((u->target = make_target(path, strlen(path))))
		return NULL;
	url_free(u);
	return NO_MEMORY;
}

/* Behind the scheme: "//host:port/path". */
static const char *make_from_authority(struct url *u, bool tls, const char *text)
{
	const char *authority = text + 2;
	size_t n = strcspn(authority, "/?#");

	return make(u, tls, authority, n, authority + n);
}

/* Bytes of a scheme with its colon, or 0. */
static size_t scheme_length(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return n && text[n] == ':' && strspn(text, "0123456789+-.") == 0 ? n + 1 : 0;
}

static const char *make_from_scheme(struct url *u, const char *text, size_t scheme)
{
	bool tls = scheme == 6 && strncasecmp(text, "https:", 6) == 0;

	if (!tls && !(scheme == 5 && strncasecmp(text, "http:", 5) == 0))
		return "only http and https can be asked";
	if (strncmp(text + scheme, "//", 2) != 0)
		return "the host is missing, or is none";
	return make_from_authority(u, tls, text + scheme);
}

/* --- whole ones ----------------------------------------------------------------------------------------------------- */

const char *url_parse(struct url *u, const char *text)
{
	*u = (struct url){ 0 };
	if (strlen(text) > URL_MAX)
		return "it is too long";
	if (strstr(text, "://")) {
		size_t scheme = scheme_length(text);

		return scheme ? make_from_scheme(u, text, scheme) : "only http and https can be asked";
	}
	if (*text != '/')
		return strpbrk(text, "/?#") ? "a whole URL is wanted, with http:// or https://, or host:port" : make(u, false, text, strlen(text), "/auth");
	u->address = strdup(text);
	u->target = strdup("/auth");
	if (u->address && u->target)
		return NULL;
	url_free(u);
	return NO_MEMORY;
}

/* Takes out "." and "..", in place. */
static void tidy_path(char *path)
{
	char *to = path, *from = path;

	while (*from == '/') {
		size_t n = strcspn(from + 1, "/?") + 1;
		bool last = from[n] != '/', up = n == 3 && from[1] == '.' && from[2] == '.';

		if (up || (n == 2 && from[1] == '.')) {
			while (up && to > path && *--to != '/')
				;
			if (last)
				*to++ = '/';
		} else {
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	memmove(to, from, strlen(from) + 1);
}

static const char *same_place(struct url *u, const struct url *from, char *target)
{
	*u = (struct url){ .tls = from->tls, .address = strdup(from->address), .target = target };
	if (u->address && u->target)
		return NULL;
	url_free(u);
	return NO_MEMORY;
}

const char *url_follow(struct url *u, const struct url *from, const char *location)
{
	size_t scheme = scheme_length(location), path = strcspn(from->target, "?"), kept, n;
	char *whole, *target;

	*u = (struct url){ 0 };
	if (strlen(location) > URL_MAX)
		return "it is too long";
	if (scheme)
		return make_from_scheme(u, location, scheme);
	if (strncmp(location, "//", 2) == 0)
		return *from->address == '/' ? "the host is missing, or is none" : make_from_authority(u, from->tls, location);
	if (*location == '/')
		kept = 0;
	else if (*location == '?')
		kept = path;
	else if (!*location || *location == '#')
		kept = strlen(from->target);
	else
		for (kept = path; kept && from->target[kept - 1] != '/'; kept--)
			;
	n = strcspn(location, "#");
	if (asprintf(&whole, "%.*s%.*s", (int)kept, from->target, (int)n, location) < 0)
		return NO_MEMORY;
	tidy_path(whole);
	target = make_target(whole, strlen(whole));
	free(whole);
	return same_place(u, from, target);
}

const char *url_secure(struct url *u, const struct url *from, int port)
{
	const char *colon = host_end(from->address, strlen(from->address));

	if (*from->address == '/' || !colon) {
		*u = (struct url){ 0 };
		return "a unix socket has no https";
	}
	if (!(u->target = strdup(from->target)) || asprintf(&u->address, "%.*s:%d", (int)(colon - from->address), from->address, port) < 0) {
		free(u->target);
		*u = (struct url){ 0 };
		return NO_MEMORY;
	}
	u->tls = true;
	return NULL;
}

char *url_join(const struct url *u, const char *parameters)
{
	const char *query = strchr(u->target, '?');
	size_t n = strlen(u->target);
	const char *between = !query ? "?" : !query[1] || u->target[n - 1] == '&' ? "" : "&";
	char *joined;

	return asprintf(&joined, "%s%s%s", u->target, between, parameters) < 0 ? NULL : joined;
}

void url_free(struct url *u)
{
	free(u->address);
	free(u->target);
	*u = (struct url){ 0 };
}
