#define _GNU_SOURCE /* memmem */
#include "pattern.h"

#include <pluq/error.h>
#include <stdio.h>
#include <string.h>

/* Steps of one match. Honest patterns need hundreds for a name of 64 bytes, and some ten thousand if they list as many names; a
 * hundred thousand take a millisecond or two, for which a loop may stand. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB 2048

#define OPTIONS (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C)

int pluq__matcher_init(struct pluq__matcher *m)
{
	m->limits = pcre2_match_context_create(NULL);
	m->data = pcre2_match_data_create(1, NULL);
	if (!m->limits || !m->data)
		return PLUQ_ENOMEM;
	pcre2_set_match_limit(m->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(m->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(m->limits, HEAP_LIMIT_KIB);
	return 0;
}

void pluq__matcher_fini(struct pluq__matcher *m)
{
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->limits);
}

/* --- compiling ---------------------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A character that means itself; *text moves behind it. 0: the text goes on with something else. */
static char take_literal(const char **text)
{
	const char *t = *text;

	if (is_word(*t) || (*t && strchr("_-#:/,=@%&~!<>;'\" ", *t))) {
		*text = t + 1;
		return *t;
	}
	if (*t == '\\' && t[1] > ' ' && t[1] < 0x7f && !is_word(t[1])) {
		*text = t + 2;
		return t[1];
	}
	return 0;
}

static bool is_literal(const char *text)
{
	text += *text == '^';
	while (take_literal(&text))
		;
	text += *text == '$';
	return !*text;
}

/* A literal, perhaps anchored, or ".*", which matches everything as nothing is anchored. */
static bool read_literal(struct pluq__pattern *p, char *text)
{
	const char *at = text;
	size_t n = 0;
	char c;

	*p = (struct pluq__pattern){ .text = text };
	if (strcmp(text, ".*") == 0)
		return true;
	if (!is_literal(text))
		return false;
	if (*at == '^') {
		p->at_start = true;
		at++;
	}
	while ((c = take_literal(&at)))
		text[n++] = c;
	p->at_end = *at == '$';
	p->length = (uint32_t)n;
	return true;
}

bool pluq__pattern_init(struct pluq__pattern *p, char *text, char *why, size_t size)
{
	PCRE2_SIZE at;
	int code;

	if (read_literal(p, text))
		return true;
	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, OPTIONS, &code, &at, NULL);
	if (!p->code) {
		PCRE2_UCHAR message[128];

		pcre2_get_error_message(code, message, sizeof(message));
		snprintf(why, size, "%s (at offset %zu)", (const char *)message, (size_t)at);
	}
	return p->code;
}

void pluq__pattern_fini(struct pluq__pattern *p)
{
	pcre2_code_free(p->code);
	p->code = NULL;
}

size_t pluq__pattern_bytes(const struct pluq__pattern *p)
{
	size_t n = 0;

	if (p->code)
		pcre2_pattern_info(p->code, PCRE2_INFO_SIZE, &n);
	return n;
}

/* --- matching ----------------------------------------------------------------------------------------------------- */

static bool match_literal(const struct pluq__pattern *p, const char *name, size_t length)
{
	if (p->length > length)
		return false;
	if (p->at_start)
		return (!p->at_end || p->length == length) && memcmp(name, p->text, p->length) == 0;
	if (p->at_end)
		return memcmp(name + length - p->length, p->text, p->length) == 0;
	return memmem(name, length, p->text, p->length) != NULL;
}

int pluq__pattern_match(const struct pluq__pattern *p, struct pluq__matcher *m, const char *name, size_t length)
{
	int rc;

	if (!p->code)
		return match_literal(p, name, length) ? PLUQ__MATCH : PLUQ__NO_MATCH;
	rc = pcre2_match(p->code, (PCRE2_SPTR)name, length, 0, 0, m->data, m->limits);
	if (rc >= 0)
		return PLUQ__MATCH;
	return rc == PCRE2_ERROR_NOMATCH ? PLUQ__NO_MATCH : PLUQ__MATCH_LIMIT;
}
