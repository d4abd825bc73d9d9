#define _GNU_SOURCE /* asprintf */
#include "lookup_json.h"

#include <inttypes.h>
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

bool lookup_json_identity(const uint8_t *bytes, size_t n, char **address)
{
	json_t *root = json_loadb((const char *)bytes, n, 0, NULL);
	const char *host = json_string_value(json_object_get(root, "broadcast_address"));
	int64_t port = json_integer_value(json_object_get(root, "http_port"));
	bool good = json_is_object(root);

	*address = NULL;
	if (host_ok(host) && port > 0 && port <= 65535 &&
	    asprintf(address, strchr(host, ':') ? "[%s]:%" PRId64 : "%s:%" PRId64, host, port) < 0)
		*address = NULL;
	json_decref(root);
	return good;
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
