/* The parser. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "json_text.h"

#define FEW_MEMBERS 16 /* up to here each new name is compared with all before it */

static bool value(struct json_parser *p, uint32_t depth);

bool json_trouble(struct json_parser *p, const uint8_t *at, const char *what)
{
	if (!p->failed) {
		p->failed = true;
		p->error->what = what;
		p->error->at = (size_t)(at - p->begin);
	}
	return false;
}

/* Index of the new node, or UINT32_MAX. */
static uint32_t push(struct json_parser *p, enum json_type type)
{
	struct json_doc *d = p->doc;

	if (d->count == d->room) {
		uint32_t room = d->room ? d->room * 2 : 64;
		struct json_node *nodes = realloc(d->nodes, room * sizeof(*nodes));

		if (!nodes) {
			json_trouble(p, p->at, NULL);
			return UINT32_MAX;
		}
		d->nodes = nodes;
		d->room = room;
	}
	d->nodes[d->count] = (struct json_node){.type = (uint8_t)type, .span = 1};
	return d->count++;
}

static void space(struct json_parser *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
		p->at++;
}

static bool word(struct json_parser *p, const char *w, enum json_type type)
{
	size_t n = strlen(w);

	if ((size_t)(p->end - p->at) < n || memcmp(p->at, w, n) != 0)
		return json_trouble(p, p->at, "a value is wanted");
	if (push(p, type) == UINT32_MAX)
		return false;
	p->at += n;
	return true;
}

static bool string(struct json_parser *p, bool name)
{
	const uint8_t *text;
	size_t length;
	uint32_t i = push(p, JSON_STRING);

	if (i == UINT32_MAX || !json_text_string(p, &text, &length))
		return false;
	p->doc->nodes[i].u.text = text;
	p->doc->nodes[i].length = (uint32_t)length;
	if (name)
		p->doc->nodes[i].hash = json_hash(text, length);
	return true;
}

static bool number(struct json_parser *p)
{
	struct json_node n = {.type = JSON_NUMBER, .span = 1};
	uint32_t i = push(p, JSON_NUMBER);

	if (i == UINT32_MAX || !json_text_number(p, &n))
		return false;
	p->doc->nodes[i] = n;
	return true;
}

static bool array(struct json_parser *p, uint32_t depth)
{
	uint32_t self = push(p, JSON_ARRAY), elements = 0;

	if (self == UINT32_MAX)
		return false;
	p->at++;
	space(p);
	if (p->at < p->end && *p->at == ']') {
		p->at++;
		return true;
	}
	for (;;) {
		if (!value(p, depth))
			return false;
		elements++;
		space(p);
		if (p->at == p->end || (*p->at != ',' && *p->at != ']'))
			return json_trouble(p, p->at, "',' or ']' is wanted");
		if (*p->at++ == ']')
			break;
	}
	p->doc->nodes[self].length = elements;
	p->doc->nodes[self].span = p->doc->count - self;
	return true;
}

static bool same_name(const struct json_node *a, const struct json_node *b)
{
	return a->hash == b->hash && a->length == b->length && memcmp(a->u.text, b->u.text, a->length) == 0;
}

/* json_compare_fn */
static int by_name(const void *arg, uint32_t a, uint32_t b)
{
	const struct json_node *x = (const struct json_node *)arg + a, *y = (const struct json_node *)arg + b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return memcmp(x->u.text, y->u.text, x->length);
}

static bool names_differ(struct json_parser *p, uint32_t self)
{
	struct json_doc *d = p->doc;
	uint32_t members = d->nodes[self].length, at = self + 1;

	if (d->order_room < members) {
		uint32_t *order = realloc(d->order, members * sizeof(*order));

		if (!order)
			return json_trouble(p, p->at, NULL);
		d->order = order;
		d->order_room = members;
	}
	for (uint32_t i = 0; i < members; i++) {
		d->order[i] = at;
		at += 1 + d->nodes[at + 1].span;
	}
	json_sort(d->order, members, by_name, d->nodes);
	for (uint32_t i = 1; i < members; i++) {
		if (same_name(&d->nodes[d->order[i - 1]], &d->nodes[d->order[i]]))
			return json_trouble(p, p->at, "a member occurs twice in the object that ends here");
	}
	return true;
}

static bool member(struct json_parser *p, uint32_t depth, uint32_t *names, uint32_t before)
{
	uint32_t name = p->doc->count;
	const uint8_t *begin;

	space(p);
	begin = p->at;
	if (p->at == p->end || *p->at != '"')
		return json_trouble(p, p->at, "a member's name is wanted");
	if (!string(p, true))
		return false;
	if (before < FEW_MEMBERS) {
		for (uint32_t i = 0; i < before; i++) {
			if (same_name(&p->doc->nodes[names[i]], &p->doc->nodes[name]))
				return json_trouble(p, begin, "a member occurs twice");
		}
		names[before] = name;
	}
	space(p);
	if (p->at == p->end || *p->at != ':')
		return json_trouble(p, p->at, "':' is wanted");
	p->at++;
	return value(p, depth);
}

static bool object(struct json_parser *p, uint32_t depth)
{
	uint32_t self = push(p, JSON_OBJECT), members = 0, names[FEW_MEMBERS];

	if (self == UINT32_MAX)
		return false;
	p->at++;
	space(p);
	if (p->at < p->end && *p->at == '}') {
		p->at++;
		return true;
	}
	for (;;) {
		if (!member(p, depth, names, members))
			return false;
		members++;
		space(p);
		if (p->at == p->end || (*p->at != ',' && *p->at != '}'))
			return json_trouble(p, p->at, "',' or '}' is wanted");
		if (*p->at == '}')
			break;
		p->at++;
	}
	p->doc->nodes[self].length = members;
	p->doc->nodes[self].span = p->doc->count - self;
	if (members > FEW_MEMBERS && !names_differ(p, self))
		return false;
	p->at++;
	return true;
}

static bool value(struct json_parser *p, uint32_t depth)
{
	space(p);
	if (p->at == p->end)
		return json_trouble(p, p->at, "it ends where a value is wanted");
	switch (*p->at) {
	case '"':
		return string(p, false);
	case '[':
	case '{':
		if (depth == 0)
			return json_trouble(p, p->at, "nested too deeply");
		return *p->at == '[' ? array(p, depth - 1) : object(p, depth - 1);
	case 't':
		return word(p, "true", JSON_TRUE);
	case 'f':
		return word(p, "false", JSON_FALSE);
	case 'n':
		return word(p, "null", JSON_NULL);
	default:
		return number(p);
	}
}

bool json_parse(struct json_doc *d, const uint8_t *text, size_t length, const struct json_limits *limits, struct json_error *error)
{
	struct json_parser p = {.doc = d, .begin = text, .at = text, .end = text + length, .error = error};

	d->count = 0;
	d->bytes_used = 0;
	if (length >= UINT32_MAX)
		return json_trouble(&p, p.at, "too large");
	if (!value(&p, limits->depth))
		return false;
	space(&p);
	return p.at == p.end || json_trouble(&p, p.at, "something follows the value");
}

void json_doc_trim(struct json_doc *d, size_t keep)
{
	if (d->room * sizeof(*d->nodes) + d->bytes_room + d->order_room * sizeof(*d->order) > keep)
		json_doc_fini(d);
}

void json_doc_fini(struct json_doc *d)
{
	free(d->nodes);
	free(d->bytes);
	free(d->order);
	*d = (struct json_doc){0};
}
