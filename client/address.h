/* client/address.h: from "host:port" to socket addresses. */
#ifndef PLUQC_ADDRESS_H
#define PLUQC_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQC_ADDRESSES_MAX 8 /* of one name; more are ignored */

struct pluqc_address {
	struct sockaddr_storage name;
	socklen_t length;
};

struct pluqc_addresses {
	struct pluqc_address list[PLUQC_ADDRESSES_MAX]; /* in the order to be tried */
	size_t count;                                   /* at least 1 after success */
};

/* "host:port", "[v6]:port", or a path that begins with '/' (unix socket). Blocks while a name is looked up.
 * PLUQC_EADDRESS, PLUQC_ERESOLVE. */
int pluqc_resolve(const char *text, struct pluqc_addresses *out);

#ifdef __cplusplus
}
#endif
#endif
