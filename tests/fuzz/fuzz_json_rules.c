/* Rules of validate-json: two lines of rules, the rest is a message. A rule is refused with its place, or judges without a look beyond
 * the message. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/validators/json/check.h"

static char *line(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *stop = memchr(*at, '\n', (size_t)(end - *at)), *after = stop ? stop + 1 : end;
	size_t n = (size_t)((stop ? stop : end) - *at);
	char *text = malloc(n + 1);

	assert(text);
	memcpy(text, *at, n);
	text[n] = 0;
	*at = after;
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data, *end = data + size;
	char *rules[2] = {line(&at, end), line(&at, end)};
	struct conf conf = {.common.divert_to = "", .accept_if = {(const char *const *)rules, 2}, .max_depth = 32};
	struct pluq_why why = {""};
	struct checks *checks;
	struct keys keys;
	char reason[256] = "";
	size_t item, column;

	if (checks_new(&checks, &conf, &why) < 0) {
		assert(sscanf(why.text, "accept_if: item %zu, column %zu: ", &item, &column) == 2);
		assert((item == 1 || item == 2) && column >= 1 && column <= strlen(rules[item - 1]) + 1);
	} else {
		uint8_t *body = malloc((size_t)(end - at) + 1);
		assert(body);
		memcpy(body, at, (size_t)(end - at));
		keys_init(&keys, 1);
		int verdict = checks_judge(checks, &keys, body, (size_t)(end - at), reason, sizeof(reason));
		assert(verdict == PLUQ_ACCEPT || (verdict == PLUQ_REJECT && *reason && strlen(reason) < sizeof(reason)));
		keys_fini(&keys);
		free(body);
		checks_free(&checks);
	}
	free(rules[0]);
	free(rules[1]);
	return 0;
}
