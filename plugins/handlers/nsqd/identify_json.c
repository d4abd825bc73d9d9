#include "identify_json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pluq/error.h>

#include "json_scan.h"

enum kind { KIND_STRING, KIND_INT, KIND_INT32, KIND_BOOL };

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset;
} fields[] = {
#define FIELD(name, kind) {#name, kind, offsetof(struct identify, name)}
	FIELD(client_id, KIND_STRING),
	FIELD(hostname, KIND_STRING),
	FIELD(user_agent, KIND_STRING),
	FIELD(topology_region, KIND_STRING),
	FIELD(topology_zone, KIND_STRING),
	FIELD(heartbeat_interval, KIND_INT),
	FIELD(output_buffer_timeout, KIND_INT),
	FIELD(output_buffer_size, KIND_INT),
	FIELD(msg_timeout, KIND_INT),
	FIELD(deflate_level, KIND_INT),
	FIELD(sample_rate, KIND_INT32),
	FIELD(feature_negotiation, KIND_BOOL),
	FIELD(tls_v1, KIND_BOOL),
	FIELD(snappy, KIND_BOOL),
	FIELD(deflate, KIND_BOOL),
#undef FIELD
};

/* Longer keys are none of ours. */
#define KEY_MAX 64

static const struct field *find(const struct text *key)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].key) == key->length && strncasecmp(fields[i].key, key->data, key->length) == 0)
			return &fields[i];
	return NULL;
}

static void hide_nul(struct text *t)
{
	struct text shown = {0};

	if (!t->length || !memchr(t->data, 0, t->length))
		return;
	for (size_t i = 0; i < t->length; i++)
		text_add(&shown, t->data[i] ? &t->data[i] : "\xef\xbf\xbd", t->data[i] ? 1 : 3);
	text_free(t);
	*t = shown;
}

static int string_value(struct json_scan *s, char **to)
{
	struct text value = {0};

	if (!json_scan_string(s, &value, SIZE_MAX)) {
		text_free(&value);
		return PLUQ_EINVAL;
	}
	hide_nul(&value);
	text_byte(&value, 0);
	if (value.failed) {
		text_free(&value);
		return PLUQ_ENOMEM;
	}
	free(*to);
	char *fitting = realloc(value.data, value.length);
	*to = fitting ? fitting : value.data;
	return 0;
}

static int int32_value(struct json_scan *s, int32_t *to)
{
	int64_t value;

	if (!json_scan_int(s, &value) || value < INT32_MIN || value > INT32_MAX)
		return PLUQ_EINVAL;
	*to = (int32_t)value;
	return 0;
}

static int value(struct json_scan *s, const struct field *field, struct identify *out)
{
	void *to = (char *)out + field->offset;

	if (json_scan_peek(s) == 'n')
		return json_scan_null(s) ? 0 : PLUQ_EINVAL;
	switch (field->kind) {
	case KIND_STRING: return string_value(s, to);
	case KIND_INT: return json_scan_int(s, to) ? 0 : PLUQ_EINVAL;
	case KIND_INT32: return int32_value(s, to);
	case KIND_BOOL: return json_scan_bool(s, to) ? 0 : PLUQ_EINVAL;
	}
	return PLUQ_EINVAL;
}

static int member(struct json_scan *s, struct identify *out)
{
	struct text key = {0};
	int status = PLUQ_EINVAL;

	if (json_scan_string(s, &key, KEY_MAX) && json_scan_byte(s, ':')) {
		const struct field *field = find(&key);
		if (key.failed)
			status = PLUQ_ENOMEM;
		else if (field)
			status = value(s, field, out);
		else
			status = json_scan_skip(s) ? 0 : PLUQ_EINVAL;
	}
	text_free(&key);
	return status;
}

static int object(struct json_scan *s, struct identify *out)
{
	if (!json_scan_byte(s, '{'))
		return PLUQ_EINVAL;
	if (json_scan_byte(s, '}'))
		return 0;
	do {
		int status = member(s, out);
		if (status < 0)
			return status;
	} while (json_scan_byte(s, ','));
	return json_scan_byte(s, '}') ? 0 : PLUQ_EINVAL;
}

int identify_parse(const uint8_t *body, size_t length, struct identify *out)
{
	struct json_scan s = {body, body + length};
	int status;

	*out = (struct identify){0};
	if (json_scan_peek(&s) == 'n')
		status = json_scan_null(&s) ? 0 : PLUQ_EINVAL;
	else
		status = object(&s, out);
	json_scan_space(&s);
	return status < 0 || s.at == s.end ? status : PLUQ_EINVAL;
}

void identify_free(struct identify *i)
{
	free(i->client_id);
	free(i->hostname);
	free(i->user_agent);
	free(i->topology_region);
	free(i->topology_zone);
	*i = (struct identify){0};
}
