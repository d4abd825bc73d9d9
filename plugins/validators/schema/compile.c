/* From documents to a program: the work list, and what all keywords share. */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "pointer.h"

#define SCHEMAS_MOST 1000000

int compile_no_memory(struct compiler *c)
{
	return store_no_memory(c->why);
}

const char *compile_place(struct compiler *c, const struct document *d, const struct json_node *node)
{
	struct program *p = c->p;
	char pointer[160], text[230];
	const char *base = strrchr(d->name, '/');

	pointer_text(d->json.nodes, node, pointer, sizeof(pointer));
	base = base ? base + 1 : d->name;
	snprintf(text, sizeof(text), "%.60s%s%s", d->wanted ? "" : base, d->wanted ? "" : "#", pointer);
	if (!store_grow(&p->texts, p->text_count, sizeof(*p->texts)) || !(p->texts[p->text_count] = strdup(text)))
		return NULL;
	return p->texts[p->text_count++];
}

int compile_want(struct compiler *c, struct document *doc, const struct json_node *node, uint32_t *schema)
{
	uint32_t *known = &doc->schema_of[store_node_index(doc, node)];
	struct program *p = c->p;

	if (!*known) {
		if (p->schema_count == SCHEMAS_MOST)
			return store_fail(c->why, doc, node, "more than %d schemas", SCHEMAS_MOST);
		if (!store_grow(&p->schemas, p->schema_count, sizeof(*p->schemas)) ||
		    !store_grow(&c->wanted, c->wanted_count, sizeof(*c->wanted)))
			return compile_no_memory(c);
		p->schemas[p->schema_count] = (struct schema){.types = APPLIES_ALWAYS};
		c->wanted[c->wanted_count++] = (struct wanted){doc, node, (uint32_t)p->schema_count};
		*known = (uint32_t)++p->schema_count;
	}
	*schema = *known - 1;
	return 0;
}

int compile_want_value(struct compiler *c, struct source *s, enum keyword_id id, uint32_t *schema)
{
	*schema = NO_SCHEMA;
	return s->values[id] ? compile_want(c, s->doc, s->values[id], schema) : 0;
}

int compile_list(struct compiler *c, struct source *s, const struct json_node *array, uint32_t *first, uint32_t *count)
{
	const struct json_node *at = array + 1;
	struct program *p = c->p;
	int rc = 0;

	*first = (uint32_t)p->list_count;
	*count = array->length;
	for (uint32_t i = 0; i < array->length && !rc; i++, at = json_next(at)) {
		if (!store_grow(&p->lists, p->list_count, sizeof(*p->lists)))
			return compile_no_memory(c);
		rc = compile_want(c, s->doc, at, &p->lists[p->list_count++]);
	}
	return rc;
}

struct op *compile_op(struct compiler *c, struct source *s, enum op_code code, unsigned applies, const struct json_node *value)
{
	struct program *p = c->p;
	const char *where = compile_place(c, s->doc, value);

	if (!where || !store_grow(&p->ops, p->op_count, sizeof(*p->ops))) {
		compile_no_memory(c);
		return NULL;
	}
	p->schemas[s->schema].count++;
	p->ops[p->op_count] = (struct op){
	    .code = (uint8_t)code, .applies = (uint8_t)applies, .first = NO_SCHEMA, .third = NO_SCHEMA, .where = where};
	return &p->ops[p->op_count++];
}

struct name *compile_name(struct compiler *c, const struct json_node *name)
{
	struct program *p = c->p;

	if (!store_grow(&p->names, p->name_count, sizeof(*p->names))) {
		compile_no_memory(c);
		return NULL;
	}
	p->names[p->name_count] =
	    (struct name){.text = name->u.text, .length = name->length, .hash = json_hash(name->u.text, name->length)};
	return &p->names[p->name_count++];
}

int compile_pattern(struct compiler *c, struct source *s, const struct json_node *text, struct pattern **out)
{
	struct program *p = c->p;
	char problem[120];

	if (text->type != JSON_STRING)
		return compile_fail(c, s, text, "a pattern is no string");
	if (!store_grow(&p->patterns, p->pattern_count, sizeof(*p->patterns)))
		return compile_no_memory(c);
	if (!(*out = pattern_new(text->u.text, text->length, problem, sizeof(problem))))
		return compile_fail(c, s, text, "this pattern cannot be used: %s", problem);
	p->patterns[p->pattern_count++] = *out;
	return 0;
}

int compile_limit(struct compiler *c, struct source *s, const struct json_node *value, uint32_t *out)
{
	uint64_t m = 0;

	if (value->type != JSON_NUMBER || !number_is_integer(value) ||
	    (json_is_number_long(value) ? *value->u.text == '-' : value->u.mantissa < 0))
		return compile_fail(c, s, value, "no whole number of 0 or more");
	if (json_is_number_long(value)) {
		m = UINT32_MAX; /* more than 18 digits: nothing has as many */
	} else {
		m = (uint64_t)value->u.mantissa;
		for (uint32_t i = 0; i < value->length && m < UINT32_MAX; i++)
			m *= 10;
	}
	*out = m < UINT32_MAX ? (uint32_t)m : UINT32_MAX;
	return 0;
}

static int want_definitions(struct compiler *c, struct source *s, const struct json_node *map)
{
	const struct json_node *name = map + 1;
	uint32_t unused;
	int rc = 0;

	if (map->type != JSON_OBJECT)
		return compile_fail(c, s, map, "no object of schemas");
	/* Those of documents that are only there to be referred to are compiled when they are. */
	for (uint32_t i = 0; i < map->length && s->doc->wanted && !rc; i++, name = json_next(name + 1))
		rc = compile_want(c, s->doc, name + 1, &unused);
	return rc;
}

void compile_warn(struct compiler *c, const struct source *s, const struct json_node *word, const char *what)
{
	struct pluq_why text;
	char shown[40];

	if (!c->options->warn)
		return;
	pointer_show(word->u.text, word->length, shown, sizeof(shown));
	store_fail(&text, s->doc, s->node, "%s %s", shown, what);
	c->options->warn(c->options->warn_arg, text.text);
}

static int gather(struct compiler *c, struct source *s)
{
	bool alone = s->dialect->draft == DRAFT_7 && json_get(s->node, "$ref"); /* what stands beside $ref is nothing */
	const struct json_node *name = s->node + 1;
	int rc = 0;

	for (uint32_t i = 0; i < s->node->length && !rc; i++, name = json_next(name + 1)) {
		const struct keyword *k = keyword_find(name, s->dialect);

		if (k && k->id == KW_DEFS)
			rc = want_definitions(c, s, name + 1);
		else if (k && (!alone || k->id == KW_REF))
			s->values[k->id] = name + 1;
		else if (!k && keyword_is_foreign(name, s->dialect))
			compile_warn(c, s, name, s->dialect->draft == DRAFT_7 ? "means nothing in draft 7 and is ignored" : "means nothing in this dialect of 2020-12 and is ignored");
	}
	return rc;
}

/* Few, and nearly in order. */
static void sort_ops(struct op *ops, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct op moved = ops[i];
		uint32_t at = i;

		for (; at && ops[at - 1].code > moved.code; at--)
			ops[at] = ops[at - 1];
		ops[at] = moved;
	}
}

static int compile_schema(struct compiler *c, const struct wanted *w)
{
	static const compile_fn steps[] = {compile_scalars, compile_objects, compile_arrays, compile_logic, compile_remarks};
	struct source s = {.doc = w->doc, .node = w->node, .schema = w->schema};
	struct schema *schema = &c->p->schemas[w->schema];
	uint32_t known = w->doc->resource_of[store_node_index(w->doc, w->node)];
	int rc;

	if (w->node->type != JSON_OBJECT && w->node->type != JSON_TRUE && w->node->type != JSON_FALSE)
		return compile_fail(c, &s, w->node, "a schema is wanted: an object, true or false");
	s.resource = known - 1; /* whatever is wanted stands where schemas do, or was made one by a reference */
	struct dialect dialect = c->p->store.resources[s.resource].dialect; /* the store may grow meanwhile */
	s.dialect = &dialect;
	schema->first = (uint32_t)c->p->op_count;
	schema->resource = s.resource;
	schema->never = w->node->type == JSON_FALSE;
	if (!(schema->where = compile_place(c, w->doc, w->node)))
		return compile_no_memory(c);
	if (w->node->type != JSON_OBJECT)
		return 0;
	rc = gather(c, &s);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !rc; i++)
		rc = steps[i](c, &s);
	schema = &c->p->schemas[w->schema]; /* it may have moved */
	if (!rc && schema->count)
		sort_ops(c->p->ops + schema->first, schema->count);
	return rc;
}

static int drain(struct compiler *c)
{
	int rc = 0;

	while (c->wanted_done < c->wanted_count && !rc) {
		struct wanted w = c->wanted[c->wanted_done++];

		rc = compile_schema(c, &w);
	}
	return rc;
}

static bool same_name(const struct json_node *a, const struct json_node *b)
{
	return a->length == b->length && memcmp(a->u.text, b->u.text, a->length) == 0;
}

static bool resource_is_used(const struct program *p, uint32_t resource)
{
	for (size_t i = 0; i < p->schema_count; i++) {
		if (p->schemas[i].resource == resource)
			return true;
	}
	return false;
}

/* The places that the $dynamicRefs compiled so far may lead to. *more: a new one was found. */
static int add_dynamics(struct compiler *c, bool *more)
{
	struct program *p = c->p;
	int rc = 0;

	*more = false;
	for (size_t i = 0; i < p->store.anchor_count && !rc; i++) {
		const struct anchor *a = &p->store.anchors[i];
		struct document *doc = p->store.resources[a->resource].doc;
		uint32_t name = 0, schema;
		bool known = false;

		while (name < c->dynamic_name_count && !same_name(c->dynamic_names[name], a->name))
			name++;
		if (!a->dynamic || name == c->dynamic_name_count || !resource_is_used(p, a->resource))
			continue;
		if ((rc = compile_want(c, doc, a->node, &schema)))
			break;
		for (size_t j = 0; j < p->dynamic_count && !known; j++)
			known = p->dynamics[j].schema == schema && p->dynamics[j].name == name;
		if (known)
			continue;
		if (!store_grow(&p->dynamics, p->dynamic_count, sizeof(*p->dynamics)))
			return compile_no_memory(c);
		p->dynamics[p->dynamic_count++] = (struct dynamic){a->resource, schema, name};
		*more = true;
	}
	return rc;
}

static int compile_all(struct compiler *c)
{
	bool more = true;
	int rc = 0;

	while (more && !rc) {
		if (!(rc = drain(c)))
			rc = add_dynamics(c, &more);
	}
	return rc ? rc : compile_find_circle(c->p, c->why);
}

static int add_entry(struct compiler *c, const struct program_source *source)
{
	struct program *p = c->p;
	struct entry *e;
	struct document *doc;
	int rc;

	if (!store_grow(&p->entries, p->entry_count, sizeof(*p->entries)))
		return compile_no_memory(c);
	e = &p->entries[p->entry_count];
	*e = (struct entry){.schema = NO_SCHEMA};
	if (source->glob && !(e->glob = strdup(source->glob)))
		return compile_no_memory(c);
	p->entry_count++;
	if ((rc = store_read(&p->store, source->path, NULL, &doc, c->why)))
		return rc;
	doc->wanted = true;
	return 0;
}

static int start(struct compiler *c, size_t i)
{
	struct program *p = c->p;
	struct document *doc;
	int rc = store_read(&p->store, c->options->sources[i].path, NULL, &doc, c->why);

	if (!rc && !(rc = store_index(&p->store, doc, c->why)))
		rc = compile_want(c, doc, doc->json.nodes, &p->entries[i].schema);
	return rc;
}

int program_load(struct program *p, const struct program_options *options, struct pluq_why *why)
{
	struct compiler c = {.p = p, .options = options, .why = why};
	int rc = 0;

	*p = (struct program){.key = 0};
	p->store.standard =
	    (struct dialect){.draft = options->draft, .vocabularies = VOCAB_STANDARD, .assert_format = options->assert_format};
	for (size_t i = 0; i < options->source_count && !rc; i++)
		rc = add_entry(&c, &options->sources[i]);
	for (size_t i = 0; i < options->library_count && !rc; i++)
		rc = store_read_library(&p->store, options->library[i], why);
	for (size_t i = 0; i < options->source_count && !rc; i++)
		rc = start(&c, i);
	if (!rc)
		rc = compile_all(&c);
	free(c.wanted);
	free(c.dynamic_names);
	if (rc)
		program_fini(p);
	return rc;
}
