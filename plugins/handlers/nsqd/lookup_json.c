#include "lookup_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define HOST_MAX 253

/* It is to be a part of an address and of a header. */
static bool host_ok(const char *host)
{
	size_t n = 0;

	for (; host && host[n]; n++)
		if ((unsigned char)host[n] <= ' ' || host[n] == 0x7f || host[n] == '/')
			return false;
	return n > 0 && n <= HOST_MAX;
}

/* 0: there is none that could be one. */
static int port_of(const json_t *root, const char *key)
{
	json_int_t port = json_integer_value(json_object_get(root, key));

	return port > 0 && port <= UINT16_MAX ? (int)port : 0;
}

static void put_address(char *out, const char *host, int port)
{
	*out = 0;
	if (port && host_ok(host))
		snprintf(out, LOOKUP_HTTP_MAX, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
}

bool lookup_json_identity(const uint8_t *bytes, size_t n, char http[LOOKUP_HTTP_MAX], char https[LOOKUP_HTTP_MAX])
{
	json_t *root = json_loadb((const char *)bytes, n, 0, NULL);
	const char *host = json_string_value(json_object_get(root, "broadcast_address"));
	bool good = json_is_object(root);

	put_address(http, host, port_of(root, "http_port"));
	put_address(https, host, port_of(root, "https_port"));
	json_decref(root);
	return good;
}

int lookup_json_https_port(const uint8_t *bytes, size_t n)
{
	json_t *root = json_loadb((const char *)bytes, n, 0, NULL);
	int port = json_object_get(root, "https_port") ? port_of(root, "https_port") : -1;

	json_decref(root);
	return port;
}

bool lookup_json_list(const uint8_t *bytes, size_t n, const char *member, bool (*fn)(void *, const char *), void *arg)
{
	json_t *root = json_loadb((const char *)bytes, n, JSON_DECODE_ANY, NULL), *item;
	json_t *list = member ? json_object_get(root, member) : root;
	bool good = json_is_array(list) || (!member && json_is_null(root));
	size_t i;

	json_array_foreach(list, i, item)
		good = good && fn(arg, json_string_value(item));
	json_decref(root);
	return good;
}
