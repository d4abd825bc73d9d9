/* From the text of a rule to its conditions. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

struct parser {
	struct names *names;
	const char *text, *at;
	const char *option;
	size_t item; /* from 1 */
	struct pluq_why *why;
	int status;
};

static bool wrong(struct parser *p, const char *fmt, ...) PLUQ_PRINTF(2, 3);

static bool wrong(struct parser *p, const char *fmt, ...)
{
	char what[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	snprintf(p->why->text, sizeof(p->why->text), "%s: item %zu, column %zu: %s", p->option, p->item,
	    (size_t)(p->at - p->text) + 1, what);
	p->status = PLUQ_EINVAL;
	return false;
}

static bool no_memory(struct parser *p)
{
	snprintf(p->why->text, sizeof(p->why->text), "out of memory");
	p->status = PLUQ_ENOMEM;
	return false;
}

static void skip(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

static bool in_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '$' || c == '@' ||
	    (unsigned char)c >= 0x80;
}

static size_t word_length(const char *at)
{
	size_t n = 0;

	while (in_name(at[n]))
		n++;
	return n;
}

/* Takes the word if it is the next. */
static bool take_word(struct parser *p, const char *word)
{
	skip(p);
	size_t n = strlen(word);
	if (word_length(p->at) != n || memcmp(p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static bool take(struct parser *p, const char *sign)
{
	skip(p);
	size_t n = strlen(sign);
	if (strncmp(p->at, sign, n) != 0)
		return false;
	p->at += n;
	return true;
}

/* A text in quotes, at the first of them. NULL: wrong. The caller's to free. */
static char *quoted(struct parser *p, size_t *length)
{
	const char *start = p->at;
	char quote = *p->at++, *out = malloc(strlen(p->at) + 1);
	size_t n = 0;

	if (!out) {
		no_memory(p);
		return NULL;
	}
	while (*p->at && *p->at != quote) {
		if (*p->at == '\\' && (p->at[1] == '\\' || p->at[1] == '"' || p->at[1] == '\''))
			p->at++;
		out[n++] = *p->at++;
	}
	if (!*p->at) {
		p->at = start;
		wrong(p, "the closing %c is missing", quote);
		free(out);
		return NULL;
	}
	p->at++;
	out[n] = 0;
	*length = n;
	return out;
}

/* --- members */

/* One name of a path. */
static bool name(struct parser *p, int *node)
{
	size_t length = word_length(p->at);
	int child;

	if (*p->at == '"' || *p->at == '\'') {
		char *text = quoted(p, &length);
		if (!text)
			return false;
		child = names_child(p->names, *node, text, length);
		free(text);
	} else if (length) {
		child = names_child(p->names, *node, p->at, length);
		p->at += length;
	} else {
		return wrong(p, *p->at ? "the name of a member is expected before '%.20s'" : "the name of a member is expected%s", p->at);
	}
	*node = child;
	return child >= 0 || (p->names->count == NAMES_MOST ? wrong(p, "these are too many names") : no_memory(p));
}

static bool member(struct parser *p, int16_t *slot)
{
	int node = 0, depth = 0;

	skip(p);
	do {
		if (++depth > NAMES_DEPTH)
			return wrong(p, "more than %d names in a row", NAMES_DEPTH);
		if (!name(p, &node))
			return false;
	} while (*p->at == '.' && p->at++);
	*slot = (int16_t)names_slot(p->names, node);
	return *slot < RULES_SLOTS_MOST || wrong(p, "these are more than %d members", RULES_SLOTS_MOST);
}

/* --- values */

static bool number(struct parser *p, struct operand *out)
{
	char *end;
	bool digit = (*p->at >= '0' && *p->at <= '9') || (*p->at == '-' && p->at[1] >= '0' && p->at[1] <= '9');

	if (!digit || (*p->at == '0' && (p->at[1] | 0x20) == 'x'))
		return wrong(p, "a value is expected: a text in quotes, a number, true, false or null");
	out->type = VALUE_NUMBER;
	out->number = strtod(p->at, &end);
	p->at = end;
	return !in_name(*p->at) || wrong(p, "this is no number");
}

static bool operand(struct parser *p, struct operand *out)
{
	*out = (struct operand){0};
	skip(p);
	if (*p->at == '"' || *p->at == '\'') {
		out->type = VALUE_STRING;
		return (out->text = quoted(p, &out->length)) != NULL;
	}
	if (take_word(p, "true"))
		out->type = VALUE_TRUE;
	else if (take_word(p, "false"))
		out->type = VALUE_FALSE;
	else if (take_word(p, "null"))
		out->type = VALUE_NULL;
	else
		return number(p, out);
	return true;
}

static bool add_operand(struct parser *p, struct condition *c)
{
	struct operand *operands = realloc(c->operands, (c->count + 1) * sizeof(*operands));

	if (!operands)
		return no_memory(p);
	c->operands = operands;
	operands[c->count] = (struct operand){0};
	return operand(p, &operands[c->count++]);
}

static bool list(struct parser *p, struct condition *c)
{
	c->op = OP_IN;
	if (!take(p, "("))
		return wrong(p, "a list of values in parentheses is expected");
	do {
		if (!add_operand(p, c))
			return false;
	} while (take(p, ","));
	return take(p, ")") || wrong(p, "a , or ) is expected");
}

static bool type(struct parser *p, struct condition *c)
{
	static const struct {
		const char *word;
		uint32_t types;
	} words[] = {
		{"null", 1u << VALUE_NULL}, {"boolean", 1u << VALUE_FALSE | 1u << VALUE_TRUE}, {"number", 1u << VALUE_NUMBER},
		{"integer", TYPE_INTEGER}, {"string", 1u << VALUE_STRING}, {"array", 1u << VALUE_ARRAY}, {"object", 1u << VALUE_OBJECT},
	};

	c->op = take_word(p, "not") ? OP_IS_NOT : OP_IS;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (take_word(p, words[i].word)) {
			c->types = words[i].types;
			return true;
		}
	}
	return wrong(p, "a type is expected: null, boolean, number, integer, string, array or object");
}

/* --- conditions */

static bool comparison(struct parser *p, struct condition *c)
{
	static const struct {
		const char *sign;
		uint8_t op;
	} signs[] = {{"==", OP_EQUAL}, {"!=", OP_NOT_EQUAL}, {"<=", OP_AT_MOST}, {">=", OP_AT_LEAST}, {"<", OP_LESS}, {">", OP_MORE}};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!take(p, signs[i].sign))
			continue;
		c->op = signs[i].op;
		if (!add_operand(p, c))
			return false;
		return c->op == OP_EQUAL || c->op == OP_NOT_EQUAL || c->operands[0].type == VALUE_NUMBER ||
		    wrong(p, "only numbers can be compared by %s", signs[i].sign);
	}
	if (*p->at == '=')
		return wrong(p, "a comparison is written ==");
	c->op = OP_SET;
	return true;
}

static bool condition(struct parser *p, struct condition *c)
{
	skip(p);
	c->from = p->at;
	if (take_word(p, "not")) {
		c->op = OP_NOT_SET;
		if (!member(p, &c->slot))
			return false;
	} else {
		if (!member(p, &c->slot))
			return false;
		if (!(take_word(p, "in") ? list(p, c) : take_word(p, "is") ? type(p, c) : comparison(p, c)))
			return false;
	}
	c->length = (size_t)(p->at - c->from);
	while (c->length && (c->from[c->length - 1] == ' ' || c->from[c->length - 1] == '\t'))
		c->length--;
	return true;
}

static bool rule(struct parser *p, struct rule *r)
{
	do {
		struct condition *conditions = realloc(r->conditions, (r->count + 1) * sizeof(*conditions));
		if (!conditions)
			return no_memory(p);
		r->conditions = conditions;
		conditions[r->count] = (struct condition){0};
		if (!condition(p, &conditions[r->count++]))
			return false;
	} while (take_word(p, "and"));
	if (take_word(p, "or"))
		return wrong(p, "there is no 'or': another item of the list is an alternative");
	return !*p->at || wrong(p, "'and' or the end is expected before '%.20s'", p->at);
}

static bool compile(struct parser *p, const struct pluq_strings *from, struct rule **out, size_t *count)
{
	if (from->count && !(*out = calloc(from->count, sizeof(**out))))
		return no_memory(p);
	for (size_t i = 0; i < from->count; i++) {
		struct rule *r = &(*out)[(*count)++];
		if (!(r->text = strdup(from->items[i])))
			return no_memory(p);
		p->text = p->at = r->text;
		p->item = i + 1;
		if (!rule(p, r))
			return false;
	}
	return true;
}

int rules_compile(struct rules *r, const struct pluq_strings *require, const struct pluq_strings *accept_if, struct pluq_why *why)
{
	struct parser p = {.names = &r->names, .why = why, .option = "require"};

	if (!compile(&p, require, &r->required, &r->required_count))
		return p.status;
	for (size_t i = 0; i < r->required_count; i++) {
		if (r->required[i].count == 1 && r->required[i].conditions[0].op == OP_SET)
			continue;
		snprintf(why->text, sizeof(why->text), "require: item %zu: only the names of members stand here; conditions belong to accept_if",
		    i + 1);
		return PLUQ_EINVAL;
	}
	p.option = "accept_if";
	return compile(&p, accept_if, &r->accept, &r->accept_count) ? 0 : p.status;
}

static void free_rules(struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < rules[i].count; k++) {
			for (size_t n = 0; n < rules[i].conditions[k].count; n++)
				free(rules[i].conditions[k].operands[n].text);
			free(rules[i].conditions[k].operands);
		}
		free(rules[i].conditions);
		free(rules[i].text);
	}
	free(rules);
}

void rules_fini(struct rules *r)
{
	free_rules(r->required, r->required_count);
	free_rules(r->accept, r->accept_count);
	names_fini(&r->names);
	*r = (struct rules){0};
}
