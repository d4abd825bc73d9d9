#include "http_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define METHODS_MAX 8

static const struct pluq_http_route *route_at(const struct pluq__http_routes *r, size_t i)
{
	return (const struct pluq_http_route *)((const char *)r->first + i * r->stride);
}

/* Length of the part before ":name", or of all of it. */
static size_t fixed_length(const char *path)
{
	const char *colon = strstr(path, "/:");
	return colon ? (size_t)(colon - path) + 1 : strlen(path);
}

static bool is_segment(const char *s)
{
	return *s && !strchr(s, '/');
}

typedef int (*compare_fn)(const char *, const char *, size_t);

static bool fits(const struct pluq_http_route *route, const char *path, compare_fn compare, const char **param)
{
	size_t fixed = fixed_length(route->path);
	*param = NULL;
	if (strnlen(path, fixed) < fixed || compare(route->path, path, fixed) != 0)
		return false;
	if (!route->path[fixed])
		return !path[fixed];
	if (!is_segment(path + fixed))
		return false;
	*param = path + fixed;
	return true;
}

const struct pluq_http_route *pluq__http_route_find(const struct pluq__http_routes *r, const char *method,
    const char *path, const char **param)
{
	*param = NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct pluq_http_route *route = route_at(r, i);
		if (strcmp(route->method, method) == 0 && fits(route, path, strncmp, param))
			return route;
	}
	return NULL;
}

static bool segment_is(const char *s, size_t n, const char *what)
{
	return strlen(what) == n && memcmp(s, what, n) == 0;
}

/* Resolves "//", "." and ".."; leaves no slash at the end. `out` holds the length of path and 2 more. */
static void clean(const char *path, char *out)
{
	char *end = out;
	while (*path) {
		size_t n = strcspn(path, "/");
		if (segment_is(path, n, "..")) {
			while (end > out && *--end != '/')
				;
		} else if (n > 0 && !segment_is(path, n, ".")) {
			*end++ = '/';
			memcpy(end, path, n);
			end += n;
		}
		path += n;
		path += *path == '/';
	}
	*end = 0;
}

/* The path of the route, with what stands in the cleaned path for ":name". */
static char *spell(const struct pluq_http_route *route, const char *param)
{
	size_t fixed = fixed_length(route->path), n = param ? strlen(param) : 0;
	char *out = malloc(fixed + n + 1);
	if (!out)
		return NULL;
	memcpy(out, route->path, fixed);
	if (n > 0)
		memcpy(out + fixed, param, n);
	out[fixed + n] = 0;
	return out;
}

char *pluq__http_route_canonical(const struct pluq__http_routes *r, const char *method, const char *path)
{
	char *cleaned = malloc(strlen(path) + 2), *out = NULL;
	const char *param;
	if (!cleaned)
		return NULL;
	clean(path, cleaned);
	for (size_t i = 0; i < r->count && *cleaned && !out; i++) {
		const struct pluq_http_route *route = route_at(r, i);
		if (strcmp(route->method, method) == 0 && fits(route, cleaned, strncasecmp, &param))
			out = spell(route, param);
	}
	free(cleaned);
	return out;
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Distinct methods of the path. */
static size_t collect(const struct pluq__http_routes *r, const char *path, const char *methods[METHODS_MAX])
{
	const char *param;
	size_t n = 0;
	for (size_t i = 0; i < r->count && n < METHODS_MAX - 1; i++) {
		const struct pluq_http_route *route = route_at(r, i);
		bool known = false;
		for (size_t k = 0; k < n; k++)
			known |= strcmp(methods[k], route->method) == 0;
		if (!known && fits(route, path, strncmp, &param))
			methods[n++] = route->method;
	}
	return n;
}

bool pluq__http_route_allow(const struct pluq__http_routes *r, const char *path, char out[PLUQ__HTTP_ALLOW_MAX])
{
	const char *methods[METHODS_MAX];
	size_t n = collect(r, path, methods), at = 0;
	if (n == 0)
		return false;
	methods[n++] = "OPTIONS";
	qsort(methods, n, sizeof *methods, compare_words);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, PLUQ__HTTP_ALLOW_MAX - at, "%s%.12s", i ? ", " : "", methods[i]);
	return true;
}
