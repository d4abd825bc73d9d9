/* Private to daemon/net. From method and path to a route. */
#ifndef PLUQ__HTTP_ROUTE_H
#define PLUQ__HTTP_ROUTE_H

#include <pluq/http.h>

struct pluq__http_routes {
	const void *first;
	size_t count, stride; /* stride: the size of an entry as the handler knows it */
};

/* A route that every server of the process has, beside its own. */
struct pluq__http_extra {
	struct pluq_http_route route; /* first: lists of them are walked as the routes of a server are */
	void *arg;
};

/* The route of that method whose path fits exactly, or NULL. *param: what stands for ":name", inside path; or NULL. */
const struct pluq_http_route *pluq__http_route_find(const struct pluq__http_routes *, const char *method,
    const char *path, const char **param);

/* The path of a route of that method from which `path` differs by a trailing slash, "//", "." or "..", or letter case;
 * to be freed. NULL: there is none (or no memory). */
char *pluq__http_route_canonical(const struct pluq__http_routes *, const char *method, const char *path);

/* Writes the value of Allow: the sorted methods of the path, and OPTIONS. false: the path is unknown. */
#define PLUQ__HTTP_ALLOW_MAX 128
bool pluq__http_route_allow(const struct pluq__http_routes *, const char *path, char out[PLUQ__HTTP_ALLOW_MAX]);

#endif
