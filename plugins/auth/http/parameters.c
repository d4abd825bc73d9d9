#include "parameters.h"

#include <stdlib.h>
#include <string.h>

/* In the order of their names. */
enum { COUNT = 4 };

struct parameter {
	const char *name, *value;
	size_t length;
};

static void list(const struct pluq_auth_query *q, struct parameter p[COUNT])
{
	p[0] = (struct parameter){ "common_name", q->common_name, strlen(q->common_name) };
	p[1] = (struct parameter){ "remote_ip", q->remote_ip, strlen(q->remote_ip) };
	p[2] = (struct parameter){ "secret", (const char *)q->secret, q->secret_length };
	p[3] = (struct parameter){ "tls", q->tls ? "true" : "false", q->tls ? 4 : 5 };
}

/* A byte becomes six at most, as \uNNNN; a name, its quotes and what parts it from its neighbours take less than 32. */
static char *room_for(const struct parameter p[COUNT])
{
	size_t room = 0;

	for (size_t i = 0; i < COUNT; i++) {
		if (p[i].length > SIZE_MAX / 8 - room / 6 - 32)
			return NULL;
		room += 6 * p[i].length + 32;
	}
	return malloc(room + 3);
}

static char *put(char *to, const char *text)
{
	size_t n = strlen(text);

	memcpy(to, text, n);
	return to + n;
}

static char *put_escaped(char *to, const char *bytes, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c && strchr(plain, c)) {
			*to++ = (char)c;
		} else if (c == ' ') {
			*to++ = '+';
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	return to;
}

char *parameters_query(const struct pluq_auth_query *q)
{
	struct parameter p[COUNT];
	char *text, *at;

	list(q, p);
	if (!(at = text = room_for(p)))
		return NULL;
	for (size_t i = 0; i < COUNT; i++) {
		if (i)
			*at++ = '&';
		at = put(at, p[i].name);
		*at++ = '=';
		at = put_escaped(at, p[i].value, p[i].length);
	}
	*at = 0;
	return text;
}

char *parameters_json(const struct pluq_http *http, const struct pluq_auth_query *q)
{
	struct parameter p[COUNT];
	char *text, *at;

	list(q, p);
	if (!(at = text = room_for(p)))
		return NULL;
	for (size_t i = 0; i < COUNT; i++) {
		at = put(at, i ? ",\"" : "{\"");
		at = put(at, p[i].name);
		at = put(at, "\":[");
		at += http->json_quote(at, 6 * p[i].length + 2, p[i].value, p[i].length);
		*at++ = ']';
	}
	at = put(at, "}");
	*at = 0;
	return text;
}
