#include "request.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

struct value {
	const char *at; /* NULL: missing */
	size_t length;
};

struct values {
	struct value secret, remote_ip, tls, common_name;
};

void question_free(struct question *q)
{
	free(q->secret);
	free(q->remote_ip);
	free(q->common_name);
	*q = (struct question){0};
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static struct value strip(struct value v)
{
	while (v.length > 0 && is_space(v.at[0])) {
		v.at++;
		v.length--;
	}
	while (v.length > 0 && is_space(v.at[v.length - 1]))
		v.length--;
	return v;
}

static char *copy(struct value v)
{
	char *out = malloc(v.length + 1);

	if (out && v.length)
		memcpy(out, v.at, v.length);
	if (out)
		out[v.length] = 0;
	return out;
}

/* A link-local address of IPv6 has its zone behind it, as the broker sees it: fe80::1%eth0. */
static bool is_address(const struct value *v, const char *text)
{
	const char *zone = strchr(text, '%');
	size_t n = zone ? (size_t)(zone - text) : strlen(text);
	char plain[INET6_ADDRSTRLEN] = "";
	unsigned char bytes[16];

	if (strlen(text) != v->length || n >= sizeof(plain) || (zone && !zone[1]))
		return false;
	memcpy(plain, text, n);
	return (!zone && inet_pton(AF_INET, plain, bytes) == 1) || inet_pton(AF_INET6, plain, bytes) == 1;
}

static bool is_word(const struct value *v, const char *word)
{
	return v->length == strlen(word) && strncasecmp(v->at, word, v->length) == 0;
}

static struct refusal judge(struct values *v, struct question *q)
{
	static const struct value empty = {"", 0};

	if (!v->secret.at)
		return (struct refusal){400, "MISSING_ARG_SECRET"};
	if (v->secret.length > SECRET_MOST)
		return (struct refusal){400, "INVALID_ARG_SECRET"};
	if (!v->remote_ip.at)
		return (struct refusal){400, "MISSING_ARG_REMOTE_IP"};
	*q = (struct question){.secret = copy(v->secret), .remote_ip = copy(v->remote_ip),
	    .common_name = copy(v->common_name.at ? v->common_name : empty), .secret_length = v->secret.length};
	if (!q->secret || !q->remote_ip || !q->common_name)
		return (struct refusal){500, "INTERNAL_ERROR"};
	if (!is_address(&v->remote_ip, q->remote_ip))
		return (struct refusal){500, "INVALID_ARG_REMOTE_IP"};
	if (!v->tls.at)
		return (struct refusal){400, "MISSING_ARG_TLS"};
	q->tls = is_word(&v->tls, "true");
	if (!q->tls && !is_word(&v->tls, "false"))
		return (struct refusal){500, "INVALID_ARG_TLS"};
	return (struct refusal){0, NULL};
}

static struct refusal take(struct values *v, struct question *q)
{
	v->secret = strip(v->secret);
	v->remote_ip = strip(v->remote_ip);
	v->tls = strip(v->tls);
	v->common_name = strip(v->common_name);
	*q = (struct question){0};
	struct refusal r = judge(v, q);
	if (r.status)
		question_free(q);
	return r;
}

struct refusal question_from_query(const struct pluq_http *http, const struct pluq_http_request *req, struct question *out)
{
	struct values v = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};

	if (!http->query_ok(req))
		return (struct refusal){400, "INVALID_REQUEST"};
	v.secret.at = http->query(req, "secret", &v.secret.length);
	v.remote_ip.at = http->query(req, "remote_ip", &v.remote_ip.length);
	v.tls.at = http->query(req, "tls", &v.tls.length);
	v.common_name.at = http->query(req, "common_name", &v.common_name.length);
	return take(&v, out);
}

static struct value member(const json_t *root, const char *key)
{
	const json_t *item = json_object_get(root, key);

	if (json_is_array(item))
		item = json_array_get(item, 0);
	return json_is_string(item) ? (struct value){json_string_value(item), json_string_length(item)} : (struct value){NULL, 0};
}

struct refusal question_from_json(const uint8_t *body, size_t n, struct question *out)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)body, n, JSON_ALLOW_NUL, &error);
	struct refusal r = {400, "INVALID_REQUEST"};

	if (json_is_object(root)) {
		struct values v = {member(root, "secret"), member(root, "remote_ip"), member(root, "tls"), member(root, "common_name")};

		r = take(&v, out);
	}
	json_decref(root);
	return r;
}
