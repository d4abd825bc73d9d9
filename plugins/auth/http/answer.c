#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../pattern.h"

/* Longest time to live that is taken as it is, seconds (73 years); longer ones are taken as this. */
#define TTL_MAX INT64_C(2305843009)

struct reading {
	struct answer *answer;
	size_t patterns;
	char *why;
	size_t room;
};

static const struct {
	const char *word;
	uint32_t permission;
} permissions[] = {
	{ "subscribe", PLUQ_MAY_SUBSCRIBE },
	{ "publish", PLUQ_MAY_PUBLISH },
	{ "admin", PLUQ_MAY_ADMIN },
};

static bool bad(struct reading *r, const char *text)
{
	snprintf(r->why, r->room, "%s", text);
	return false;
}

/* Any case, as Go takes it; of several the last one counts. NULL: absent, or null, which is the same. */
static const json_t *member(const json_t *object, const char *name)
{
	const json_t *found = NULL;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		if (strcasecmp(key, name) == 0 && !json_is_null(value))
			found = value;
	return found;
}

/* Absent or null: "". false: it is something else, or has a NUL in it. */
static bool text_of(const json_t *value, const char **out)
{
	*out = "";
	if (!value || json_is_null(value))
		return true;
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return false;
	*out = json_string_value(value);
	return true;
}

/* Absent or null: NULL. */
static bool list_of(const json_t *value, const json_t **out)
{
	*out = value;
	return !value || json_is_array(value);
}

static bool check_pattern(struct reading *r, const json_t *value, const char *what)
{
	const char *text;
	char why[160];

	if (!text_of(value, &text)) {
		snprintf(r->why, r->room, "%s is no string", what);
		return false;
	}
	if (++r->patterns > ANSWER_PATTERNS_MAX)
		return bad(r, "it has too many patterns");
	if (auth_pattern_is_good(text, strlen(text), why, sizeof(why)))
		return true;
	snprintf(r->why, r->room, "%s is not a pattern: %s", what, why);
	return false;
}

static bool permissions_of(const json_t *entry, uint32_t *out)
{
	const json_t *list;
	const char *word;
	size_t i;
	json_t *value;

	*out = 0;
	if (!list_of(member(entry, "permissions"), &list))
		return false;
	json_array_foreach(list, i, value) {
		size_t p = 0;

		if (!text_of(value, &word))
			return false;
		while (p < sizeof(permissions) / sizeof(*permissions) && strcmp(permissions[p].word, word) != 0)
			p++;
		if (p == sizeof(permissions) / sizeof(*permissions))
			return false;
		*out |= permissions[p].permission;
	}
	return true;
}

static bool check_entry(struct reading *r, const json_t *entry)
{
	const json_t *channels;
	uint32_t set;
	size_t i;
	json_t *value;

	if (json_is_null(entry))
		return true;
	if (!json_is_object(entry))
		return bad(r, "an entry of authorizations is no object");
	if (!permissions_of(entry, &set))
		return bad(r, "an entry's permissions are no list of subscribe, publish and admin");
	if (!check_pattern(r, member(entry, "topic"), "an entry's topic"))
		return false;
	if (!list_of(member(entry, "channels"), &channels))
		return bad(r, "an entry's channels are no list");
	json_array_foreach(channels, i, value)
		if (!check_pattern(r, value, "an entry's channel"))
			return false;
	return true;
}

static bool check_ttl(struct reading *r)
{
	const json_t *ttl = member(r->answer->root, "ttl");
	json_int_t seconds;

	if (!ttl)
		return bad(r, "it has no ttl");
	if (!json_is_integer(ttl) || (seconds = json_integer_value(ttl)) <= 0)
		return bad(r, "its ttl is not an integer above 0");
	r->answer->ttl_ns = (seconds < TTL_MAX ? seconds : TTL_MAX) * INT64_C(1000000000);
	return true;
}

static bool check(struct reading *r)
{
	struct answer *a = r->answer;
	size_t i;
	json_t *entry;

	if (!json_is_object(a->root))
		return bad(r, "it is not a JSON object");
	if (!check_ttl(r))
		return false;
	if (!text_of(member(a->root, "identity"), &a->identity) || !text_of(member(a->root, "identity_url"), &a->identity_url))
		return bad(r, "its identity or identity_url is no string");
	if (!list_of(member(a->root, "authorizations"), &a->authorizations))
		return bad(r, "its authorizations are no list");
	if (json_array_size(a->authorizations) > ANSWER_ENTRIES_MAX)
		return bad(r, "it has too many authorizations");
	json_array_foreach(a->authorizations, i, entry)
		if (!check_entry(r, entry))
			return false;
	return true;
}

bool answer_read(struct answer *a, const uint8_t *body, size_t length, char *why, size_t room)
{
	struct reading r = { .answer = a, .why = why, .room = room };
	json_error_t error;

	*a = (struct answer){ .root = json_loadb((const char *)body, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error) };
	if (!a->root)
		snprintf(why, room, "it is not JSON (line %d, column %d)", error.line, error.column);
	else if (check(&r))
		return true;
	answer_free(a);
	return false;
}

bool answer_tell(const struct answer *a, const struct pluq_auth *auth, struct pluq_auth_call *call)
{
	const char **channels = malloc((ANSWER_PATTERNS_MAX + 1) * sizeof(*channels)), *topic;
	size_t i, j;
	json_t *entry, *channel;

	if (!channels)
		return false;
	auth->identify(call, a->identity, a->identity_url);
	auth->live(call, a->ttl_ns);
	json_array_foreach(a->authorizations, i, entry) {
		const json_t *list = member(entry, "channels");
		uint32_t set;

		permissions_of(entry, &set);
		text_of(member(entry, "topic"), &topic);
		json_array_foreach(list, j, channel)
			text_of(channel, &channels[j]);
		auth->grant(call, set, topic, channels, json_array_size(list));
	}
	free(channels);
	return true;
}

void answer_free(struct answer *a)
{
	json_decref(a->root);
	*a = (struct answer){ 0 };
}

int answer_https_port(const uint8_t *body, size_t length)
{
	json_t *root = json_loadb((const char *)body, length, JSON_ALLOW_NUL, NULL);
	const json_t *port = json_is_object(root) ? member(root, "https_port") : NULL;
	json_int_t value = json_is_integer(port) ? json_integer_value(port) : -1;

	json_decref(root);
	return value < 0 ? -1 : value > 65535 ? 65536 : (int)value;
}
