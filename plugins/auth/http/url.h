/* URLs of auth servers, as far as they are needed: http and https, to a host and port, or to a unix socket. */
#ifndef AUTH_URL_H
#define AUTH_URL_H

#include <stdbool.h>
#include <stddef.h>

struct url {
	bool tls;
	char *address; /* "host:port", or the path of a unix socket; heap */
	char *target;  /* path and query, nothing in it that may not be sent; heap */
};

/* "host:port": http://host:port/auth. With "://" in it: a whole URL. A path: /auth at that unix socket. NULL, or what is wrong with it,
 * for people (constant); nothing is owed then. */
const char *url_parse(struct url *, const char *text);
/* Where a Location header leads, seen from `from`. As url_parse. */
const char *url_follow(struct url *, const struct url *from, const char *location);
/* The same place under https, at another port. As url_parse. */
const char *url_secure(struct url *, const struct url *from, int port);
/* The target with these parameters added to what query it has. Heap; NULL: no memory. */
char *url_join(const struct url *, const char *parameters);
void url_free(struct url *);

#endif
