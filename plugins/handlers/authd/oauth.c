#define _GNU_SOURCE /* asprintf, memrchr */
#include "oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Longest answer of the endpoint, bytes. */
#define ANSWER_MOST 65536

static int bad_url(struct pluq_why *why)
{
	snprintf(why->text, sizeof(why->text), "oauth2_echo_endpoint is not a URL: http://HOST[:PORT]/PATH or https://...");
	return PLUQ_EINVAL;
}

/* Whether a host has a port behind it: not so the colons within the brackets of an IPv6 address. */
static bool has_port(const char *host, size_t n)
{
	const char *colon = memrchr(host, ':', n);

	return colon && !memchr(colon, ']', n - (size_t)(colon - host));
}

static char *make_address(const char *host, size_t n, bool https)
{
	char *out = NULL;

	if (asprintf(&out, "%.*s%s", (int)n, host, has_port(host, n) ? "" : https ? ":443" : ":80") < 0)
		return NULL;
	return out;
}

static char *make_target(const char *path, size_t n)
{
	char *out = NULL;

	if (asprintf(&out, "%s%.*s%caccess_token=", n > 0 && *path == '/' ? "" : "/", (int)n, path, memchr(path, '?', n) ? '&' : '?') < 0)
		return NULL;
	return out;
}

static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

int endpoint_parse(struct endpoint *e, const char *url, struct pluq_why *why)
{
	*e = (struct endpoint){.https = strncmp(url, "https://", 8) == 0};
	if ((!e->https && strncmp(url, "http://", 7) != 0) || !printable(url) || strlen(url) > 4096)
		return bad_url(why);
	const char *host = url + (e->https ? 8 : 7);
	size_t n = strcspn(host, "/?#");
	if (n == 0 || *host == ':' || memchr(host, '@', n))
		return bad_url(why);
	e->address = make_address(host, n, e->https);
	e->target = make_target(host + n, strcspn(host + n, "#"));
	if (e->address && e->target)
		return 0;
	endpoint_free(e);
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

void endpoint_free(struct endpoint *e)
{
	free(e->address);
	free(e->target);
	*e = (struct endpoint){0};
}

/* Member after member. */
static const json_t *walk(const json_t *value, const char *path)
{
	char key[256];

	while (value && *path) {
		size_t n = strcspn(path, ".");

		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = 0;
		value = json_object_get(value, key);
		path += n + (path[n] != 0);
	}
	return value;
}

char *oauth_login(const char *path, const uint8_t *body, size_t n, struct pluq_why *why)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)body, n, 0, &error);
	const json_t *value = walk(root, path);
	char *login = json_is_string(value) ? strdup(json_string_value(value)) : NULL;

	if (!root)
		snprintf(why->text, sizeof(why->text), "its answer is not JSON: line %d: %.80s", error.line, error.text);
	else if (!login)
		snprintf(why->text, sizeof(why->text), "its answer has no text at %.100s", path);
	json_decref(root);
	return login;
}

int oauth_ask(struct authd *a, const char *token, size_t n, pluq_http_get_fn fn, void *arg, struct pluq_http_call **out,
    struct pluq_why *why)
{
	int64_t timeout_ns = a->conf->oauth2_timeout;
	struct text target = {0};
	int status = PLUQ_ENOMEM;

	text_str(&target, a->endpoint.target);
	text_escaped(&target, token, n);
	text_byte(&target, 0);
	struct pluq_http_get get = {.size = sizeof(get), .address = a->endpoint.address, .target = target.data,
	    .headers = "Accept: application/json\r\n", .connect_timeout_ns = timeout_ns,
	    .timeout_ns = timeout_ns, .max_body = ANSWER_MOST, .fn = fn, .arg = arg, .tls = a->client};
	if (!target.failed)
		status = a->http->get(a->host, &get, out, why);
	text_free(&target);
	return status;
}
