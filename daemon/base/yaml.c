#include "yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; owned when have_event */
	bool have_event;
	struct pluq__arena *arena;
	const char *name;
	struct pluq__problem *problem;
	int depth;
};

static int read_node(struct reader *r, struct pluq__node **out);

static int fail_at(struct reader *r, const yaml_mark_t *mark, const char *text)
{
	return pluq__problem(r->problem, PLUQ_EINVAL, "%s:%zu:%zu: %s", r->name ? r->name : "default", mark->line + 1,
	    mark->column + 1, text);
}

static int no_memory(struct reader *r)
{
	return pluq__problem(r->problem, PLUQ_ENOMEM, "%s: out of memory", r->name ? r->name : "default");
}

static int syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	char text[256];

	if (p->error == YAML_MEMORY_ERROR)
		return no_memory(r);
	/* The reader, which checks the encoding, knows no line. */
	if (p->error == YAML_READER_ERROR)
		return pluq__problem(r->problem, PLUQ_EINVAL, "%s: byte %zu: %s: the file must be UTF-8 text",
		    r->name ? r->name : "default", p->problem_offset, p->problem);
	snprintf(text, sizeof(text), "%s%s%s", p->context ? p->context : "", p->context ? ": " : "", p->problem);
	return fail_at(r, &p->problem_mark, text);
}

static int next_event(struct reader *r)
{
	if (r->have_event)
		yaml_event_delete(&r->event);
	r->have_event = false;
	if (!yaml_parser_parse(&r->parser, &r->event))
		return syntax_error(r);
	r->have_event = true;
	return 0;
}

static struct pluq__origin origin_here(const struct reader *r)
{
	return (struct pluq__origin){ .file = r->name, .line = (int)r->event.start_mark.line + 1,
		.column = (int)r->event.start_mark.column + 1 };
}

/* A tag is refused, as nothing in a configuration is typed by its file; the quotes' implicit one is none. */
static int check_decoration(struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return fail_at(r, &r->event.start_mark, "anchors (&name) are not supported: write the value out");
	if (tag)
		return fail_at(r, &r->event.start_mark, "tags (!name) are not supported: remove it");
	return 0;
}

static int read_scalar(struct reader *r, struct pluq__node **out)
{
	const struct pluq__origin origin = origin_here(r);
	const char *bytes = (const char *)r->event.data.scalar.value;
	size_t length = r->event.data.scalar.length;
	struct pluq__node *n;
	int rc;

	if ((rc = check_decoration(r, r->event.data.scalar.anchor, r->event.data.scalar.tag)))
		return rc;
	if (memchr(bytes, 0, length))
		return fail_at(r, &r->event.start_mark, "a value must not contain a zero byte");
	n = pluq__node_new(r->arena, PLUQ__NODE_SCALAR, &origin);
	if (!n || !(n->text = pluq__arena_copy(r->arena, bytes, length)))
		return no_memory(r);
	n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	*out = n;
	return 0;
}

static int read_items(struct reader *r, struct pluq__node *list)
{
	struct pluq__node *item;
	int rc;

	for (;;) {
		if ((rc = next_event(r)))
			return rc;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if ((rc = read_node(r, &item)))
			return rc;
		if (pluq__node_add(r->arena, list, item))
			return no_memory(r);
	}
}

static int read_member(struct reader *r, struct pluq__node *map)
{
	const yaml_mark_t mark = r->event.start_mark;
	struct pluq__node *key, *value, *twin;
	char text[160];
	int rc;

	if (r->event.type == YAML_SEQUENCE_START_EVENT || r->event.type == YAML_MAPPING_START_EVENT)
		return fail_at(r, &mark, "a key must be a single word");
	if ((rc = read_node(r, &key)))
		return rc;
	if ((twin = pluq__node_get(map, key->text))) {
		snprintf(text, sizeof(text), "'%.64s' is given twice (first in line %d)", key->text, twin->origin.line);
		return fail_at(r, &mark, text);
	}
	if ((rc = next_event(r)) || (rc = read_node(r, &value)))
		return rc;
	/* A value is looked for where its key stands: a long list begins a line later. */
	value->origin.line = key->origin.line;
	value->origin.column = key->origin.column;
	return pluq__node_put(r->arena, map, key->text, value) ? no_memory(r) : 0;
}

static int read_members(struct reader *r, struct pluq__node *map)
{
	int rc;

	for (;;) {
		if ((rc = next_event(r)))
			return rc;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		if ((rc = read_member(r, map)))
			return rc;
	}
}

static int read_collection(struct reader *r, struct pluq__node **out)
{
	const struct pluq__origin origin = origin_here(r);
	bool is_map = r->event.type == YAML_MAPPING_START_EVENT;
	int rc;

	/* The two event structures begin alike, but nothing promises it. */
	rc = is_map ? check_decoration(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag)
	            : check_decoration(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag);
	if (rc)
		return rc;
	if (r->depth == PLUQ__YAML_MAX_DEPTH)
		return fail_at(r, &r->event.start_mark, "nested too deeply");
	if (!(*out = pluq__node_new(r->arena, is_map ? PLUQ__NODE_MAP : PLUQ__NODE_LIST, &origin)))
		return no_memory(r);
	r->depth++;
	rc = is_map ? read_members(r, *out) : read_items(r, *out);
	r->depth--;
	return rc;
}

static int read_node(struct reader *r, struct pluq__node **out)
{
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, out);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return read_collection(r, out);
	default:
		return fail_at(r, &r->event.start_mark, "aliases (*name) are not supported: write the value out");
	}
}

/* stream start, [document start, node, document end], stream end */
static int read_document(struct reader *r, struct pluq__node **out)
{
	int rc;

	if ((rc = next_event(r)) || (rc = next_event(r)))
		return rc;
	if (r->event.type == YAML_STREAM_END_EVENT) {
		const struct pluq__origin origin = { .file = r->name, .line = 1, .column = 1 };

		*out = pluq__node_new(r->arena, PLUQ__NODE_MAP, &origin);
		return *out ? 0 : no_memory(r);
	}
	if ((rc = next_event(r)) || (rc = read_node(r, out)) || (rc = next_event(r)) || (rc = next_event(r)))
		return rc;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fail_at(r, &r->event.start_mark, "a second document (---) is not supported: one file, one document");
	return 0;
}

int pluq__yaml_text(struct pluq__arena *arena, const char *name, const char *text, size_t length, struct pluq__node **out,
    struct pluq__problem *problem)
{
	struct reader r = { .arena = arena, .name = name, .problem = problem };
	int rc;

	if (!yaml_parser_initialize(&r.parser))
		return no_memory(&r);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	rc = read_document(&r, out);
	if (r.have_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return rc;
}

static int read_whole(FILE *file, const char *path, char *buffer, size_t *length, struct pluq__problem *problem)
{
	errno = 0;
	*length = fread(buffer, 1, PLUQ__YAML_MAX_BYTES + 1, file);
	if (ferror(file))
		return pluq__problem(problem, PLUQ_EINVAL, "%s: cannot be read: %s", path, strerror(errno));
	if (*length > PLUQ__YAML_MAX_BYTES)
		return pluq__problem(problem, PLUQ_EINVAL, "%s: larger than 1 MiB: not a configuration file", path);
	return 0;
}

int pluq__yaml_file(struct pluq__arena *arena, const char *path, struct pluq__node **out, struct pluq__problem *problem)
{
	const char *name = pluq__arena_copy(arena, path, strlen(path));
	char *buffer = malloc(PLUQ__YAML_MAX_BYTES + 1);
	FILE *file = NULL;
	size_t length = 0;
	int rc;

	if (!name || !buffer)
		rc = pluq__problem(problem, PLUQ_ENOMEM, "%s: out of memory", path);
	else if (!(file = fopen(path, "re")))
		rc = pluq__problem(problem, PLUQ_EINVAL, "%s: cannot be opened: %s", path, strerror(errno));
	else if (!(rc = read_whole(file, path, buffer, &length, problem)))
		rc = pluq__yaml_text(arena, name, buffer, length, out, problem);
	if (file)
		fclose(file);
	free(buffer);
	return rc;
}
