/* nsqd.dat: the durable topics and channels, in the original's JSON, which ignores keys it does not know. One of ours:
 * "pluq": {"id_ceiling_ns": N}. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dq_names.h"
#include "dq_store.h"

#define FILE_DAT "nsqd.dat"
#define DAT_MOST ((size_t)1 << 30)

/* The version whose format this is. Readers have tested it in the past. */
#define FORMAT_VERSION "1.3.0"

/* As the original names topics and channels: 1..64 of [.a-zA-Z0-9_-], possibly ending in #ephemeral. */
static bool valid_name(const char *name, size_t length)
{
	static const char ephemeral[] = "#ephemeral";
	const size_t tail = sizeof(ephemeral) - 1;
	size_t plain = length;
	if (length == 0 || length > 64)
		return false;
	if (length > tail && memcmp(name + length - tail, ephemeral, tail) == 0)
		plain -= tail;
	for (size_t i = 0; i < plain; i++) {
		char c = name[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

static int broken(struct dq_store *s, const char *what, struct pluq_why *why)
{
	return dq_say(why, PLUQ_ECORRUPT, "failed to parse metadata in %s/" FILE_DAT ": %s", s->conf->data_path, what);
}

/* What a topic and a channel have in common. *name is NULL if the name is invalid: skipped. */
static bool take(struct dq_store *s, const json_t *object, const char *kind, const char **name, bool *paused)
{
	const json_t *n = json_object_get(object, "name"), *p = json_object_get(object, "paused");
	if (!json_is_object(object) || (n && !json_is_string(n)) || (p && !json_is_boolean(p) && !json_is_null(p)))
		return false;
	*paused = json_is_true(p);
	*name = json_string_value(n);
	if (*name && !valid_name(*name, json_string_length(n)))
		*name = NULL;
	if (!*name)
		s->host->log(s->host, PLUQ_WARN, "%s/" FILE_DAT ": skipping a %s with an invalid name", s->conf->data_path, kind);
	return true;
}

static bool is_list(const json_t *list)
{
	return !list || json_is_null(list) || json_is_array(list);
}

static int load_topic(struct dq_store *s, const json_t *object, pluq_meta_fn fn, void *arg, struct pluq_why *why)
{
	struct pluq_meta_topic t = { .channels = NULL };
	const json_t *channels = json_object_get(object, "channels");
	if (!take(s, object, "topic", &t.name, &t.paused) || !is_list(channels))
		return broken(s, "a topic is not of the right form", why);
	if (!t.name)
		return 0;
	t.channels = calloc(json_array_size(channels) + 1, sizeof(*t.channels));
	if (!t.channels)
		return dq_no_memory(why);
	int rc = 0;
	size_t i;
	json_t *c;
	json_array_foreach(channels, i, c) {
		struct pluq_meta_channel *m = &t.channels[t.channel_count];
		if (!take(s, c, "channel", &m->name, &m->paused)) {
			rc = broken(s, "a channel is not of the right form", why);
			break;
		}
		t.channel_count += m->name != NULL;
	}
	if (rc == 0)
		rc = fn(arg, &t);
	free(t.channels);
	return rc;
}

static int load_root(struct dq_store *s, const json_t *root, pluq_meta_fn fn, void *arg, int64_t *id_ceiling_ns,
    struct pluq_why *why)
{
	const json_t *topics = json_object_get(root, "topics");
	if (!json_is_object(root) || !is_list(topics))
		return broken(s, "no list of topics", why);
	*id_ceiling_ns = json_integer_value(json_object_get(json_object_get(root, "pluq"), "id_ceiling_ns"));
	size_t i;
	json_t *t;
	json_array_foreach(topics, i, t) {
		int rc = load_topic(s, t, fn, arg, why);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int dq_dat_load(void *self, pluq_meta_fn fn, void *arg, int64_t *id_ceiling_ns, struct pluq_why *why)
{
	struct dq_store *s = self;
	char *data;
	size_t length;
	*id_ceiling_ns = 0;
	int rc = dq_slurp(s->dir_fd, FILE_DAT, DAT_MOST, &data, &length, why);
	if (rc == PLUQ_EUNKNOWN)
		return 0;
	if (rc != 0)
		return rc;
	json_error_t error;
	json_t *root = json_loadb(data, length, JSON_ALLOW_NUL, &error);
	if (!root)
		rc = broken(s, length ? error.text : "the file is empty", why);
	else
		rc = load_root(s, root, fn, arg, id_ceiling_ns, why);
	json_decref(root);
	free(data);
	return rc;
}

/* NULL: no memory. An empty list is null, as the original writes it. */
static json_t *channels_json(const struct pluq_meta_topic *t)
{
	json_t *list = t->channel_count ? json_array() : json_null();
	for (size_t i = 0; list && i < t->channel_count; i++) {
		const struct pluq_meta_channel *c = &t->channels[i];
		json_t *o = json_pack("{s:s, s:b}", "name", c->name, "paused", (int)c->paused);
		if (json_array_append_new(list, o) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static json_t *topics_json(const struct pluq_meta *m)
{
	json_t *list = m->topic_count ? json_array() : json_null();
	for (size_t i = 0; list && i < m->topic_count; i++) {
		const struct pluq_meta_topic *t = &m->topics[i];
		json_t *o = json_pack("{s:s, s:b, s:o}", "name", t->name, "paused", (int)t->paused, "channels", channels_json(t));
		if (json_array_append_new(list, o) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

int dq_dat_save(void *self, const struct pluq_meta *m, struct pluq_why *why)
{
	struct dq_store *s = self;
	json_t *root = json_pack("{s:o, s:s, s:{s:I}}", "topics", topics_json(m), "version", FORMAT_VERSION, "pluq",
	    "id_ceiling_ns", (json_int_t)m->id_ceiling_ns);
	char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (!text)
		return dq_no_memory(why);
	int rc = dq_replace(s->dir_fd, FILE_DAT, text, strlen(text), why);
	free(text);
	if (rc == 0 && fsync(s->dir_fd) != 0)
		rc = dq_fail(why, "fsync", s->conf->data_path);
	return rc;
}
