#include "peer.h"

#include <string.h>

const char *peer_ip(const char *remote, char to[PEER_IP_MAX])
{
	const char *colon = strrchr(remote, ':'), *end = colon;

	to[0] = 0;
	if (!colon)
		return to;
	if (*remote == '[') {
		remote++;
		end--;
	}
	size_t n = (size_t)(end - remote);
	if (n >= PEER_IP_MAX)
		n = PEER_IP_MAX - 1;
	memcpy(to, remote, n);
	to[n] = 0;
	return to;
}
