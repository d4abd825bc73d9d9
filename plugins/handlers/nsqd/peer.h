/* Addresses of peers, as conn_remote gives them. */
#ifndef NSQD_PEER_H
#define NSQD_PEER_H

/* Room for an IPv6 address with its zone, terminated. */
#define PEER_IP_MAX 80

/* "1.2.3.4:5" and "[::1]:5" without port and brackets; "" for a unix socket. Returns `to`. */
const char *peer_ip(const char *remote, char to[PEER_IP_MAX]);

#endif
