#include "addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static int bad(struct pluq_why *why, const char *text, const char *what)
{
	snprintf(why->text, sizeof why->text, "address \"%.150s\": %s", text, what);
	return PLUQ_EADDRESS;
}

static int parse_unix(const char *text, struct pluq__addr *out, struct pluq_why *why)
{
	size_t length = strlen(text);
	if (length >= sizeof out->path)
		return bad(why, text, "path of a unix socket is too long (107 bytes at most)");
	memcpy(out->path, text, length + 1);
	out->is_unix = true;
	return 0;
}

static bool port_ok(const char *port)
{
	size_t length = strlen(port);
	unsigned value = 0;
	if (length == 0 || length > 5)
		return false;
	for (const char *p = port; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		value = value * 10 + (unsigned)(*p - '0');
	}
	return value <= 65535;
}

static int parse_inet(const char *text, const char *colon, struct pluq__addr *out, struct pluq_why *why)
{
	const char *host = text;
	size_t length = (size_t)(colon - text);
	if (!port_ok(colon + 1))
		return bad(why, text, "the port must be a number from 0 to 65535");
	if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
		if (length == 0)
			return bad(why, text, "nothing between the brackets");
	} else if (memchr(host, ':', length)) {
		return bad(why, text, "write an IPv6 address in brackets, as in [::1]:4150");
	}
	if (length >= sizeof out->host)
		return bad(why, text, "host name is too long");
	memcpy(out->host, host, length);
	out->host[length] = 0;
	memcpy(out->port, colon + 1, strlen(colon + 1) + 1);
	return 0;
}

int pluq__addr_parse(const char *text, struct pluq__addr *out, struct pluq_why *why)
{
	const char *colon = strrchr(text, ':');
	memset(out, 0, sizeof *out);
	if (!*text)
		return bad(why, text, "is empty");
	if (!colon || strchr(text, '/'))
		return parse_unix(text, out, why);
	return parse_inet(text, colon, out, why);
}

static void text_in6(const struct sockaddr_in6 *in6, char out[PLUQ__ADDR_TEXT])
{
	char host[INET6_ADDRSTRLEN];
	unsigned port = ntohs(in6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof host);
		snprintf(out, PLUQ__ADDR_TEXT, "%s:%u", host, port);
	} else {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
		snprintf(out, PLUQ__ADDR_TEXT, "[%s]:%u", host, port);
	}
}

void pluq__addr_text(const struct sockaddr_storage *ss, char out[PLUQ__ADDR_TEXT])
{
	if (ss->ss_family == AF_INET6) {
		text_in6((const struct sockaddr_in6 *)ss, out);
	} else if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
		char host[INET_ADDRSTRLEN];
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
		snprintf(out, PLUQ__ADDR_TEXT, "%s:%u", host, (unsigned)ntohs(in->sin_port));
	} else {
		memcpy(out, "@", 2);
	}
}

int pluq__addr_port(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)ss)->sin6_port);
	if (ss->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)ss)->sin_port);
	return -1;
}
