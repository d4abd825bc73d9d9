#include "identify.h"

#include <strings.h>

#include <pluq/error.h>

static const struct field {
	const char *key;
	json_type type;
	size_t offset;
} fields[] = {
#define FIELD(name, type) {#name, type, offsetof(struct identify, name)}
	FIELD(broadcast_address, JSON_STRING),
	FIELD(hostname, JSON_STRING),
	FIELD(version, JSON_STRING),
	FIELD(topology_zone, JSON_STRING),
	FIELD(topology_region, JSON_STRING),
	FIELD(tcp_port, JSON_INTEGER),
	FIELD(http_port, JSON_INTEGER),
#undef FIELD
};

static const struct field *find(const char *key)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcasecmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

static int take(struct identify *out, const struct field *f, const json_t *value)
{
	void *to = (char *)out + f->offset;

	if (json_is_null(value))
		return 0;
	if (json_typeof(value) != f->type)
		return PLUQ_EINVAL;
	if (f->type == JSON_STRING)
		*(struct span *)to = (struct span){json_string_value(value), json_string_length(value)};
	else
		*(int64_t *)to = json_integer_value(value);
	return 0;
}

static int take_all(struct identify *out)
{
	const char *key;
	json_t *value;
	int status = 0;

	if (json_is_null(out->root))
		return 0;
	if (!json_is_object(out->root))
		return PLUQ_EINVAL;
	json_object_foreach(out->root, key, value) {
		const struct field *f = find(key);
		/* the original also takes the peer's own address from here, and then overwrites it */
		if (!f && strcasecmp(key, "remote_address") == 0 && !json_is_string(value) && !json_is_null(value))
			status = PLUQ_EINVAL;
		if (status == 0 && f)
			status = take(out, f, value);
	}
	return status;
}

int identify_parse(const uint8_t *body, size_t length, struct identify *out)
{
	const struct span none = {"", 0};
	int status;

	*out = (struct identify){none, none, none, none, none, 0, 0, NULL};
	out->root = json_loadb((const char *)body, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!out->root)
		return PLUQ_EINVAL;
	status = take_all(out);
	if (status < 0)
		identify_free(out);
	return status;
}

bool identify_complete(const struct identify *i)
{
	return i->broadcast_address.length && i->tcp_port && i->http_port && i->version.length;
}

void identify_free(struct identify *i)
{
	json_decref(i->root);
	i->root = NULL;
}
