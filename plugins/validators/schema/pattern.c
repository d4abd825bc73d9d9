#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "pattern_ecma.h"

/* A callout before each item of the pattern: there its cost is counted and it can be ended. PCRE2's own limits bound neither the characters
 * that one item runs over nor, for a pattern that is not anchored, the places where it is tried. */
#define OPTIONS                                                                                                        \
	(PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS |     \
	    PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT)
#define HEAP_MOST_KIB 4096
#define BYTES_A_STEP 16   /* that an item may run over */
#define CALLOUTS_A_STEP 2
#define COMPARED_A_BYTE 8 /* bytes that a back reference compares for one of those */

struct pattern {
	pcre2_code *code;
	int64_t callout; /* cost of one, in bytes */
	bool refers;     /* has back references */
};

struct pattern_space {
	pcre2_match_context *context;
	pcre2_match_data *data;
};

struct counting {
	const struct pattern *pattern;
	int64_t left; /* bytes that may still be run over */
	size_t at;
};

/* What a back reference may compare before it fails: nothing else tells of that. */
static size_t longest(const pcre2_callout_block *block)
{
	size_t most = 0;

	for (uint32_t i = 1; i < block->capture_top; i++) {
		size_t begin = block->offset_vector[2 * i], end = block->offset_vector[2 * i + 1];

		if (begin != PCRE2_UNSET && end > begin && end - begin > most)
			most = end - begin;
	}
	return most;
}

static int on_callout(pcre2_callout_block *block, void *arg)
{
	struct counting *c = arg;
	size_t at = block->current_position;

	c->left -= c->pattern->callout + (int64_t)(at > c->at ? at - c->at : c->at - at);
	if (c->pattern->refers)
		c->left -= block->capture_top + (int64_t)(longest(block) / COMPARED_A_BYTE);
	c->at = at;
	return c->left < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

static pcre2_code *compile(const uint8_t *text, size_t length, char *why, size_t room)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR problem[120] = "";
	pcre2_code *code = NULL;
	PCRE2_SIZE at = 0;
	int error = 0;

	if (!context) {
		snprintf(why, room, "out of memory");
		return NULL;
	}
	pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
	pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
	code = pcre2_compile(text, length, OPTIONS, &error, &at, context);
	pcre2_compile_context_free(context);
	if (!code) {
		pcre2_get_error_message(error, problem, sizeof(problem));
		snprintf(why, room, "%s", (const char *)problem);
	}
	return code;
}

struct pattern *pattern_new(const uint8_t *text, size_t length, char *why, size_t room)
{
	struct pattern *p = calloc(1, sizeof(*p));
	uint32_t repeats = 0, references = 0;
	size_t translated_length;
	uint8_t *translated;

	if (!p) {
		snprintf(why, room, "out of memory");
		return NULL;
	}
	if (length > PATTERN_MAX) {
		snprintf(why, room, "longer than %d bytes", PATTERN_MAX);
	} else if ((translated = pattern_translate(text, length, &translated_length, &repeats, why, room))) {
		p->code = compile(translated, translated_length, why, room);
		free(translated);
	}
	if (!p->code) {
		pattern_free(&p);
		return NULL;
	}
	/* \d{1000} may run over 999 digits and fail, and the next callout does not tell of it. */
	p->callout = BYTES_A_STEP / CALLOUTS_A_STEP + repeats;
	pcre2_pattern_info(p->code, PCRE2_INFO_BACKREFMAX, &references);
	p->refers = references > 0;
	return p;
}

void pattern_free(struct pattern **p)
{
	if (!*p)
		return;
	pcre2_code_free((*p)->code);
	free(*p);
	*p = NULL;
}

struct pattern_space *pattern_space_new(void)
{
	struct pattern_space *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->context = pcre2_match_context_create(NULL);
	s->data = pcre2_match_data_create(1, NULL);
	if (!s->context || !s->data) {
		pattern_space_free(&s);
		return NULL;
	}
	pcre2_set_heap_limit(s->context, HEAP_MOST_KIB);
	return s;
}

void pattern_space_free(struct pattern_space **s)
{
	if (!*s)
		return;
	pcre2_match_context_free((*s)->context);
	pcre2_match_data_free((*s)->data);
	free(*s);
	*s = NULL;
}

int pattern_match(const struct pattern *p, struct pattern_space *s, const uint8_t *text, size_t length, struct value_cost *cost)
{
	struct counting counting = {.pattern = p, .left = cost->left * BYTES_A_STEP, .at = 0};
	int rc;

	if (cost->left < 0)
		return PATTERN_COST;
	pcre2_set_callout(s->context, on_callout, &counting);
	rc = pcre2_match(p->code, text, length, 0, PCRE2_NO_UTF_CHECK, s->data, s->context);
	/* Where it may match at all is found without callouts, once over the text. */
	cost->left = counting.left / BYTES_A_STEP - 1 - (int64_t)(length / 64);
	if (rc >= 0)
		return PATTERN_YES;
	if (rc == PCRE2_ERROR_NOMATCH)
		return PATTERN_NO;
	return rc == PCRE2_ERROR_NOMEMORY ? PATTERN_MEMORY : PATTERN_COST;
}
