#include "http_ask.h"

#include <stdio.h>
#include <string.h>

static bool graphic(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

/* Whole lines, none of them empty: the head ends where we say so. */
static bool lines_ok(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\r\n");
		if (n == 0 || text[n] != '\r' || text[n + 1] != '\n')
			return false;
		text += n + 2;
	}
	return true;
}

/* CONNECT has another form, and its answer no end. */
static bool method_ok(const char *method)
{
	size_t n = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
	return n > 0 && !method[n] && strcmp(method, "CONNECT") != 0;
}

int pluq__http_ask_judge(const struct pluq_http_get *p, struct pluq_why *why)
{
	const char *wrong = NULL;
	if (p->size < sizeof *p || !p->fn || p->max_body < 0 || p->timeout_ns < 0 || p->connect_timeout_ns < 0 ||
	    (p->content_length && !p->content) || p->content_length > SIZE_MAX / 2)
		wrong = "a table that cannot be used";
	else if (p->method && !method_ok(p->method))
		wrong = "a method that is none";
	else if (*p->target != '/' || !graphic(p->target))
		wrong = "a target that is not an encoded path";
	else if (p->headers && !lines_ok(p->headers))
		wrong = "headers that are not whole lines";
	if (wrong) {
		snprintf(why->text, sizeof why->text, "get was called with %s", wrong);
		return PLUQ_EINVAL;
	}
	if (graphic(p->address))
		return 0;
	snprintf(why->text, sizeof why->text, "the address has blanks or control characters in it");
	return PLUQ_EADDRESS;
}

/* Length of the part of the address that stands behind "Host: ": a port that goes without saying is left out, as every browser does; a
 * server that tells host names apart may not know itself by the long form. */
static int host_length(const struct pluq_http_get *p)
{
	const char *colon = strrchr(p->address, ':');
	bool usual = colon && colon > p->address && strcmp(colon, p->tls ? ":443" : ":80") == 0;
	return (int)(usual ? colon - p->address : (ptrdiff_t)strlen(p->address));
}

/* Methods that ask for nothing to be done with a body say nothing about one. */
static bool tells_length(const struct pluq_http_get *p)
{
	return p->content_length > 0 || (p->method && (strcmp(p->method, "POST") == 0 || strcmp(p->method, "PUT") == 0));
}

size_t pluq__http_ask_head(const struct pluq_http_get *p, char *out, size_t room)
{
	bool named = strchr(p->address, ':') && !strchr(p->address, '/'); /* else the path of a socket */
	bool here = !named || *p->address == ':';
	char length[48] = "";
	if (tells_length(p))
		snprintf(length, sizeof length, "Content-Length: %zu\r\n", p->content_length);
	return (size_t)snprintf(out, room, "%s %s HTTP/1.1\r\nHost: %s%.*s\r\nUser-Agent: pluqd/" PLUQ_VERSION "\r\nConnection: close\r\n%s%s\r\n",
	    p->method ? p->method : "GET", p->target, here ? "localhost" : "", named ? host_length(p) : 0, p->address, length,
	    p->headers ? p->headers : "");
}
