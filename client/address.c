#include "address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static int unix_path(const char *path, struct pluqc_addresses *out)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	if (length >= sizeof un.sun_path)
		return PLUQC_EADDRESS;
	memcpy(un.sun_path, path, length + 1);
	memcpy(&out->list[0].name, &un, sizeof un);
	out->list[0].length = sizeof un;
	out->count = 1;
	return 0;
}

/* Splits at the last colon; brackets around an IPv6 address are dropped. */
static int split(const char *text, char *host, size_t room, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t length;

	if (!colon || colon == text || !colon[1])
		return PLUQC_EADDRESS;
	length = (size_t)(colon - text);
	if (text[0] == '[') {
		if (text[length - 1] != ']' || length < 3)
			return PLUQC_EADDRESS;
		text++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		return PLUQC_EADDRESS;
	}
	if (length >= room)
		return PLUQC_EADDRESS;
	memcpy(host, text, length);
	host[length] = 0;
	*port = colon + 1;
	return 0;
}

int pluqc_resolve(const char *text, struct pluqc_addresses *out)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	char host[NI_MAXHOST];
	const char *port;
	int error;

	memset(out, 0, sizeof *out);
	if (text[0] == '/')
		return unix_path(text, out);
	error = split(text, host, sizeof host, &port);
	if (error)
		return error;
	if (getaddrinfo(host, port, &hints, &found))
		return PLUQC_ERESOLVE;
	for (const struct addrinfo *a = found; a && out->count < PLUQC_ADDRESSES_MAX; a = a->ai_next) {
		if (a->ai_addrlen > sizeof out->list[0].name)
			continue;
		memcpy(&out->list[out->count].name, a->ai_addr, a->ai_addrlen);
		out->list[out->count++].length = a->ai_addrlen;
	}
	freeaddrinfo(found);
	return out->count ? 0 : PLUQC_ERESOLVE;
}
