/* GET and PUT /config/:opt: options by the original's key, whichever plugin owns them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_args.h"
#include "json_out.h"
#include "lookup.h"
#include "lookup_json.h"
#include "tls.h"

/* Of lookup daemons; each is a connection. */
#define ADDRESSES_MAX 1024
#define LOOKUP_KEY "nsqlookupd_tcp_addresses"

static void put_strings(struct json *j, const struct pluq_strings *list)
{
	json_open(j, '[');
	for (size_t i = 0; i < list->count; i++)
		json_string(j, list->items[i], strlen(list->items[i]));
	json_close(j, ']');
}

static void put_floats(struct json *j, const struct pluq_floats *list)
{
	json_open(j, '[');
	for (size_t i = 0; i < list->count; i++)
		json_double(j, list->items[i]);
	json_close(j, ']');
}

static void put_word(struct text *out, const char *words, int64_t index)
{
	for (; index > 0 && words; index--)
		words = strchr(words, '|') ? strchr(words, '|') + 1 : NULL;
	if (words)
		text_add(out, words, strcspn(words, "|"));
}

/* true: JSON, else plain text. */
static bool render(const struct nsqd *n, const struct pluq_option_value *v, struct text *out)
{
	struct json j = {.http = n->http, .out = out};

	switch (v->type) {
	case PLUQ_OPT_STRING:
		text_str(out, *(const char *const *)v->value);
		return false;
	case PLUQ_OPT_ENUM:
		put_word(out, v->words, *(const int64_t *)v->value);
		return false;
	case PLUQ_OPT_BOOL: json_bool(&j, *(const bool *)v->value); break;
	case PLUQ_OPT_STRINGS: put_strings(&j, v->value); break;
	case PLUQ_OPT_FLOATS: put_floats(&j, v->value); break;
	default: json_int(&j, *(const int64_t *)v->value); break;
	}
	return true;
}

static void reply(struct nsqd *n, struct pluq_http_request *req, struct text *out, bool json)
{
	if (out->failed)
		n->http->error(req, 500, "INTERNAL_ERROR");
	else
		n->http->reply(req, 200, json ? "application/json; charset=utf-8" : "text/plain; charset=utf-8",
		    out->length ? out->data : "", out->length);
	text_free(out);
}

/* The level that is in force, which may have been changed since the start: the lowest that is written. */
static int log_level(const struct nsqd *n)
{
	int level = PLUQ_DEBUG;

	while (level < PLUQ_FATAL && !n->host->log_on(n->host, (enum pluq_level)level))
		level++;
	return level;
}

/* Options whose value in force is not the configured one. */
static bool render_special(const struct nsqd *n, const char *key, struct text *out, bool *json)
{
	struct json j = {.http = n->http, .out = out};

	*json = true;
	if (strcmp(key, LOOKUP_KEY) == 0)
		lookup_put(n, &j);
	else if (strcmp(key, "log_level") == 0)
		text_printf(out, "%d", log_level(n));
	else if (strcmp(key, "id") == 0)
		text_printf(out, "%" PRIu32, n->limits.node_id);
	else if (strcmp(key, "tls_required") == 0)
		text_printf(out, "%" PRId64, n->tls_required);
	else if (strcmp(key, "tls_min_version") == 0)
		text_printf(out, "%u", tls_min_version(n->conf));
	else if (strcmp(key, "broadcast_tcp_port") == 0 && n->conf->broadcast_tcp_port == 0)
		text_printf(out, "%" PRId64, nsqd_tcp_port(n));
	else if (strcmp(key, "broadcast_http_port") == 0 && n->conf->broadcast_http_port == 0)
		text_printf(out, "%" PRId64, nsqd_http_port(n));
	else if (strcmp(key, "broadcast_address") == 0) {
		text_str(out, nsqd_broadcast_address(n));
		*json = false;
	} else {
		return false;
	}
	return true;
}

static void answer(struct nsqd *n, struct pluq_http_request *req, const char *key)
{
	struct pluq_option_value value;
	struct text out = {0};
	bool json;

	if (!render_special(n, key, &out, &json)) {
		if (n->host->option_get(n->host, key, &value) < 0 || (value.flags & PLUQ_OPT_SECRET)) {
			n->http->error(req, 400, "INVALID_OPTION");
			return;
		}
		json = render(n, &value, &out);
	}
	reply(n, req, &out, json);
}

void http_config_get(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;

	answer(n, req, n->http->path_param(req));
}

static int put_log_level(struct nsqd *n, const uint8_t *body, size_t length)
{
	char *word = memchr(body, 0, length) ? NULL : strndup((const char *)body, length);
	int status = word ? n->host->set_log_level(n->host, word) : PLUQ_EINVAL;

	free(word);
	return status;
}

struct addresses {
	const struct nsqd *nsqd;
	char **items;
	size_t count;
};

static bool add_address(void *arg, const char *address)
{
	struct addresses *a = arg;
	char **more;

	if (!address || !lookup_entry_ok(a->nsqd, address) || a->count == ADDRESSES_MAX)
		return false;
	more = realloc(a->items, (a->count + 1) * sizeof(*more));
	if (!more)
		return false;
	a->items = more;
	a->items[a->count] = strdup(address);
	return a->items[a->count] && ++a->count;
}

/* A list of addresses, or null. */
static int put_lookup(struct nsqd *n, const uint8_t *body, size_t length)
{
	struct addresses a = {.nsqd = n};
	bool good = lookup_json_list(body, length, NULL, add_address, &a);

	if (good)
		lookup_set(n, (const char *const *)a.items, a.count);
	for (size_t i = 0; i < a.count; i++)
		free(a.items[i]);
	free(a.items);
	return good ? 0 : PLUQ_EINVAL;
}

void http_config_put(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	size_t length;
	const uint8_t *body = n->http->body(req, &length);
	const char *key = n->http->path_param(req);

	if (length == 0) {
		n->http->error(req, 413, "INVALID_VALUE");
		return;
	}
	bool of_log = strcmp(key, "log_level") == 0;
	if (!of_log && strcmp(key, LOOKUP_KEY) != 0) {
		n->http->error(req, 400, "INVALID_OPTION");
		return;
	}
	if ((of_log ? put_log_level(n, body, length) : put_lookup(n, body, length)) < 0)
		n->http->error(req, 400, "INVALID_VALUE");
	else
		answer(n, req, key);
}
