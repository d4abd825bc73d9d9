/* validate-schema: a schema and a message, parted by a NUL. Any bytes are loaded or refused with a reason, judged or rejected with one, within
 * the steps allowed, and the same message is judged the same twice. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../plugins/validators/schema/reason.h"

#define STEPS 20000

static char path[64];
static struct pattern_space *space;

static void end(void)
{
	unlink(path);
	pattern_space_free(&space);
}

static void begin(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/pluq-fuzz-schema-XXXXXX");
	fd = mkstemp(path);
	assert(fd >= 0 && close(fd) == 0);
	space = pattern_space_new();
	assert(space);
	atexit(end);
}

/* One line of UTF-8. */
static void is_fit_to_show(const char *text)
{
	const uint8_t *at = (const uint8_t *)text, *last = at + strlen(text);

	assert(at < last && last - at < 256);
	while (at < last) {
		unsigned n = json_utf8(at, last);

		assert(n && *at >= 0x20);
		at += n;
	}
}

static void judge(const struct program *p, const uint8_t *body, size_t length)
{
	static const struct json_limits limits = {.depth = 100};
	struct run run = {.program = p, .space = space};
	struct json_doc doc = {0};
	struct json_error error;

	if (json_parse(&doc, body, length, &limits, &error)) {
		bool good = run_check(&run, 0, doc.nodes, STEPS);
		char reason[256], again[256] = "";

		if (!good) {
			reason_of(&run, doc.nodes, reason, sizeof(reason));
			is_fit_to_show(reason);
		}
		assert(run_check(&run, 0, doc.nodes, STEPS) == good);
		if (!good) {
			reason_of(&run, doc.nodes, again, sizeof(again));
			assert(strcmp(reason, again) == 0);
		}
	} else {
		assert(error.what && error.at <= length);
	}
	run_fini(&run);
	json_doc_fini(&doc);
}

static void load(const uint8_t *schema, size_t schema_length, const uint8_t *body, size_t length, uint8_t draft)
{
	const struct program_source source = {NULL, path};
	const struct program_options options = {.sources = &source, .source_count = 1, .draft = draft, .assert_format = true};
	struct pluq_why why = {""};
	struct program program;
	FILE *f = fopen(path, "wb");

	assert(f);
	assert(fwrite(schema, 1, schema_length, f) == schema_length && fclose(f) == 0);
	if (program_load(&program, &options, &why)) {
		assert(*why.text && !strchr(why.text, '\n'));
		return;
	}
	program.key = 99;
	judge(&program, body, length);
	program_fini(&program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	size_t schema_length = cut ? (size_t)(cut - data) : size, length = cut ? size - schema_length - 1 : 0;
	uint8_t *body = malloc(length ? length : 1); /* a block of its own */

	assert(body);
	if (!*path)
		begin();
	if (length)
		memcpy(body, cut + 1, length);
	load(data, schema_length, body, length, DRAFT_2020);
	load(data, schema_length, body, length, DRAFT_7);
	free(body);
	return 0;
}
