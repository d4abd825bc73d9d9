/* What auth servers send: any bytes are an answer or none, with a reason, and redirects lead somewhere or nowhere. The first byte says
 * which of the two it is. */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/auth/http/answer.h"
#include "../../plugins/auth/http/url.h"

static void identify(struct pluq_auth_call *k, const char *identity, const char *url)
{
	assert(identity && url);
}

static void live(struct pluq_auth_call *k, int64_t ns)
{
	assert(ns >= 1000000000 && ns <= INT64_MAX / 4);
}

static void grant(struct pluq_auth_call *k, uint32_t permissions, const char *topic, const char *const *channels, size_t n)
{
	size_t bytes = strlen(topic);

	assert(permissions <= (PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN));
	for (size_t i = 0; i < n; i++)
		bytes += strlen(channels[i]);
	assert(bytes <= ANSWER_MAX);
}

static const struct pluq_auth auth = { .size = sizeof(auth), .identify = identify, .live = live, .grant = grant };

static void try_answer(const uint8_t *body, size_t length)
{
	struct answer a;
	char why[200] = "";
	int port = answer_https_port(body, length);

	assert(port >= -1 && port <= 65536);
	if (answer_read(&a, body, length, why, sizeof(why))) {
		assert(answer_tell(&a, &auth, NULL));
		answer_free(&a);
	} else {
		assert(*why && !strchr(why, '\n'));
	}
}

static void check(struct url *u, const char *wrong)
{
	if (wrong) {
		assert(!u->address && !u->target);
		return;
	}
	assert(*u->address && *u->target == '/');
	for (const char *c = u->target; *c; c++)
		assert(*c > ' ' && *c < 0x7f && *c != '#');
	url_free(u);
}

static void try_location(const uint8_t *bytes, size_t length)
{
	static const char *const places[] = { "http://h:1/a/b?c", "https://[::1]/", "/run/authd.sock" };
	char *text = malloc(length + 1);
	struct url from, to;

	assert(text);
	memcpy(text, bytes, length);
	text[length] = 0;
	check(&to, url_parse(&to, text));
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		assert(!url_parse(&from, places[i]));
		check(&to, url_follow(&to, &from, text));
		url_free(&from);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && *data == '>')
		try_location(data + 1, size - 1);
	else if (size)
		try_answer(data + 1, size - 1);
	return 0;
}
