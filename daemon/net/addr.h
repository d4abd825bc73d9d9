/* Private to the daemon. Addresses as people write them, and as the log and /stats show them. */
#ifndef PLUQ__ADDR_H
#define PLUQ__ADDR_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <pluq/error.h>

/* Longest text of an address with its port: "[", 45 characters of IPv6, "]:65535" and the end. */
#define PLUQ__ADDR_TEXT 56

struct pluq__addr {
	bool is_unix;
	char host[256]; /* "" for every interface; a name, or an address without brackets */
	char port[6];   /* decimal */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* is_unix */
};

/* "host:port", ":port", "[v6]:port"; what has no colon, or has a slash, is the path of a unix socket.
 * PLUQ_EADDRESS with `why`. */
int pluq__addr_parse(const char *text, struct pluq__addr *out, struct pluq_why *why);

/* "1.2.3.4:5", "[::1]:5", "@" for a unix socket. IPv4 that came in through an IPv6 listener is shown as IPv4. */
void pluq__addr_text(const struct sockaddr_storage *, char out[PLUQ__ADDR_TEXT]);
int pluq__addr_port(const struct sockaddr_storage *); /* -1 for a unix socket */

#endif
