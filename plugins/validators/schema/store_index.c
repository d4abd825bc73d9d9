/* What is in a document: its schemas, the resources that $id makes of some, their anchors, the dialect of each. */
#include <stdlib.h>
#include <string.h>

#include "pointer.h"
#include "store.h"
#include "uri.h"

#define META_MOST 8 /* meta-schemas of meta-schemas */

static int index_schema(struct store *s, struct document *d, const struct json_node *node, uint32_t resource, struct pluq_why *why);

static int plain_string(const struct document *d, const struct json_node *n, const char *keyword, struct pluq_why *why)
{
	if (n->type != JSON_STRING)
		return store_fail(why, d, n, "%s is no string", keyword);
	if (memchr(n->u.text, 0, n->length))
		return store_fail(why, d, n, "%s has a NUL in it", keyword);
	return 0;
}

static const struct document *meta_schema(const struct store *s, const char *uri)
{
	for (size_t i = 0; i < s->doc_count; i++) {
		const struct document *d = s->docs[i];

		if (!*d->trouble.text && (strcmp(d->uri, uri) == 0 || (d->id && strcmp(d->id, uri) == 0)))
			return d;
	}
	return NULL;
}

/* $vocabulary of a meta-schema of one's own. */
static int vocabulary(const struct document *meta, struct dialect *out, struct pluq_why *why)
{
	const struct json_node *map = json_get(meta->json.nodes, "$vocabulary"), *name;

	if (!map || out->draft != DRAFT_2020)
		return 0;
	if (map->type != JSON_OBJECT)
		return store_fail(why, meta, map, "$vocabulary is no object");
	out->vocabularies = VOCAB_CORE;
	name = map + 1;
	for (uint32_t i = 0; i < map->length; i++, name = json_next(name + 1)) {
		uint8_t bit = vocabulary_by_uri(name);

		if (bit == VOCAB_FORMAT_ASSERTION)
			out->assert_format = true;
		if (!bit && name[1].type == JSON_TRUE)
			return store_fail(why, meta, name, "this vocabulary is required and not supported");
		out->vocabularies |= bit;
	}
	return 0;
}

/* Of a schema that has $schema: the draft, or what the meta-schema that it names is made of. */
static int dialect(const struct store *s, const struct document *d, const struct json_node *schema, struct dialect *out,
    struct pluq_why *why)
{
	const struct document *own = NULL, *meta;
	int rc;

	out->vocabularies = VOCAB_STANDARD;
	for (int hops = 0; schema; hops++) {
		char *uri;

		if ((rc = plain_string(d, schema, "$schema", why)))
			return rc;
		if (!(uri = uri_resolve("", (const char *)schema->u.text, schema->length)))
			return store_no_memory(why);
		uri_cut_fragment(uri);
		out->draft = draft_by_uri(uri);
		meta = meta_schema(s, uri);
		free(uri);
		if (out->draft)
			break;
		if (!meta || hops == META_MOST)
			return store_fail(why, d, schema, "this $schema is neither 2020-12 nor draft 7, nor among the files given");
		own = own ? own : meta;
		schema = json_get(meta->json.nodes, "$schema");
		d = meta;
	}
	if (!schema)
		out->draft = s->standard.draft;
	return own ? vocabulary(own, out, why) : 0;
}

/* In a library the first one counts. */
static int not_taken(const struct store *s, const struct document *d, const struct json_node *node, const char *uri, struct pluq_why *why)
{
	for (size_t i = 0; i < s->resource_count && d->wanted; i++) {
		const struct resource *other = &s->resources[i];

		if (other->doc->wanted && other->root != node && strcmp(other->uri, uri) == 0)
			return store_fail(why, d, node, "another schema has the same $id, in %.60s", other->doc->name);
	}
	return 0;
}

static int add_resource(struct store *s, struct document *d, const struct json_node *node, const struct dialect *inherited, char *uri,
    uint32_t *out, struct pluq_why *why)
{
	const struct json_node *schema = json_get(node, "$schema");
	struct dialect own = *inherited;
	int rc = schema ? dialect(s, d, schema, &own, why) : 0;

	if (!rc)
		rc = not_taken(s, d, node, uri, why);
	if (!rc && !store_grow(&s->resources, s->resource_count, sizeof(*s->resources)))
		rc = store_no_memory(why);
	if (rc) {
		free(uri);
		return rc;
	}
	*out = (uint32_t)s->resource_count;
	s->resources[s->resource_count++] = (struct resource){.uri = uri, .doc = d, .root = node, .dialect = own};
	return 0;
}

static int add_anchor(struct store *s, struct document *d, const struct json_node *node, const struct json_node *name, uint32_t skip,
    bool dynamic, uint32_t resource, struct pluq_why *why)
{
	for (size_t i = 0; i < s->anchor_count; i++) {
		const struct anchor *a = &s->anchors[i];

		if (a->resource == resource && a->node != node && a->name->length - a->skip == name->length - skip &&
		    memcmp(a->name->u.text + a->skip, name->u.text + skip, name->length - skip) == 0)
			return store_fail(why, d, name, "the same anchor stands elsewhere in this schema");
	}
	if (!store_grow(&s->anchors, s->anchor_count, sizeof(*s->anchors)))
		return store_no_memory(why);
	s->anchors[s->anchor_count++] =
	    (struct anchor){.resource = resource, .name = name, .node = node, .dynamic = dynamic, .skip = skip};
	return 0;
}

static bool is_anchor(const struct json_node *name)
{
	for (uint32_t i = 0; i < name->length; i++) {
		uint8_t c = name->u.text[i], low = c | 0x20;

		if (!((low >= 'a' && low <= 'z') || c == '_' || (i && ((c >= '0' && c <= '9') || c == '-' || c == '.'))))
			return false;
	}
	return name->length > 0;
}

static int anchors(struct store *s, struct document *d, const struct json_node *node, uint32_t resource, struct pluq_why *why)
{
	static const char *const names[] = {"$anchor", "$dynamicAnchor"};
	int rc = 0;

	if (s->resources[resource].dialect.draft == DRAFT_7)
		return 0;
	for (int i = 0; i < 2 && !rc; i++) {
		const struct json_node *name = json_get(node, names[i]);

		if (!name || (rc = plain_string(d, name, names[i], why)))
			continue;
		if (!is_anchor(name))
			return store_fail(why, d, name, "this is no name for an anchor");
		rc = add_anchor(s, d, node, name, 0, i == 1, resource, why);
	}
	return rc;
}

/* $id: of the whole document, or of a schema within it. In draft 7 one that begins with '#' is an anchor, and one beside $ref is
 * nothing. */
static int identify(struct store *s, struct document *d, const struct json_node *node, uint32_t *resource, struct pluq_why *why)
{
	const struct json_node *id = json_get(node, "$id");
	struct resource *within = &s->resources[*resource];
	struct dialect inherited = within->dialect;
	bool old = inherited.draft == DRAFT_7, whole = within->root == node;
	const char *hash;
	char *uri;
	int rc;

	if (!id || (old && json_get(node, "$ref")))
		return 0;
	if ((rc = plain_string(d, id, "$id", why)))
		return rc;
	hash = memchr(id->u.text, '#', id->length);
	if (hash && hash + 1 < (const char *)id->u.text + id->length && !old)
		return store_fail(why, d, id, "$id has a fragment");
	if (hash == (const char *)id->u.text)
		return old ? add_anchor(s, d, node, id, 1, false, *resource, why) : 0;
	if (!(uri = uri_resolve(within->uri, (const char *)id->u.text, id->length)))
		return store_no_memory(why);
	uri_cut_fragment(uri);
	if (whole) {
		free(within->uri);
		within->uri = uri;
		if ((rc = not_taken(s, d, node, uri, why)))
			return rc;
	} else if ((rc = add_resource(s, d, node, &inherited, uri, resource, why))) {
		return rc;
	}
	if (hash && old && hash + 1 < (const char *)id->u.text + id->length)
		return add_anchor(s, d, node, id, (uint32_t)(hash + 1 - (const char *)id->u.text), false, *resource, why);
	return 0;
}

/* $schema in a schema that is no resource of its own cannot change how it is read. */
static int no_other_dialect(const struct store *s, const struct document *d, const struct json_node *node, uint32_t resource,
    struct pluq_why *why)
{
	const struct json_node *schema = json_get(node, "$schema");
	const struct resource *r = &s->resources[resource];
	struct dialect own = r->dialect;
	int rc;

	if (!schema || r->root == node || (own.draft == DRAFT_7 && json_get(node, "$ref")))
		return 0;
	if ((rc = dialect(s, d, schema, &own, why)))
		return rc;
	if (own.draft != r->dialect.draft || own.vocabularies != r->dialect.vocabularies || own.assert_format != r->dialect.assert_format)
		return store_fail(why, d, schema, "another $schema than around it needs an $id beside it");
	return 0;
}

static int index_list(struct store *s, struct document *d, const struct json_node *list, uint32_t resource, struct pluq_why *why)
{
	const struct json_node *at = list + 1;
	int rc = 0;

	for (uint32_t i = 0; i < list->length && !rc; i++, at = json_next(at))
		rc = index_schema(s, d, at, resource, why);
	return rc;
}

static int index_map(struct store *s, struct document *d, const struct json_node *map, uint32_t resource, struct pluq_why *why)
{
	const struct json_node *at = map + 1;
	int rc = 0;

	for (uint32_t i = 0; i < map->length && !rc; i++, at = json_next(at + 1)) {
		if (at[1].type != JSON_ARRAY) /* of dependencies */
			rc = index_schema(s, d, at + 1, resource, why);
	}
	return rc;
}

static int index_keyword(struct store *s, struct document *d, const struct keyword *k, const struct json_node *value, uint32_t resource,
    struct pluq_why *why)
{
	switch ((enum shape)k->shape) {
	case SHAPE_SCHEMA:
		return index_schema(s, d, value, resource, why);
	case SHAPE_LIST:
		return value->type == JSON_ARRAY ? index_list(s, d, value, resource, why) : 0;
	case SHAPE_SCHEMA_OR_LIST:
		return value->type == JSON_ARRAY ? index_list(s, d, value, resource, why) : index_schema(s, d, value, resource, why);
	case SHAPE_MAP:
	case SHAPE_DEPENDENCIES:
		return value->type == JSON_OBJECT ? index_map(s, d, value, resource, why) : 0;
	case SHAPE_NONE:
		break;
	}
	return 0;
}

/* Values of the wrong type are found when they are compiled; what nobody refers to in a library never is. */
static int index_schema(struct store *s, struct document *d, const struct json_node *node, uint32_t resource, struct pluq_why *why)
{
	const struct json_node *name = node + 1;
	int rc = 0;

	if (d->resource_of[store_node_index(d, node)])
		return 0;
	if (node->type == JSON_OBJECT && ((rc = identify(s, d, node, &resource, why)) || (rc = anchors(s, d, node, resource, why)) ||
	                                     (rc = no_other_dialect(s, d, node, resource, why))))
		return rc;
	d->resource_of[store_node_index(d, node)] = resource + 1;
	if (node->type != JSON_OBJECT)
		return 0;
	for (uint32_t i = 0; i < node->length && !rc; i++, name = json_next(name + 1)) {
		const struct keyword *k = keyword_find(name, &s->resources[resource].dialect);

		if (k)
			rc = index_keyword(s, d, k, name + 1, resource, why);
	}
	return rc;
}

int store_index(struct store *s, struct document *d, struct pluq_why *why)
{
	uint32_t resource;
	char *uri;
	int rc;

	if (d->indexed || *d->trouble.text) {
		*why = d->trouble;
		return *d->trouble.text ? PLUQ_EINVAL : 0;
	}
	d->indexed = true;
	if (!(uri = strdup(d->uri)))
		return store_no_memory(why);
	if ((rc = add_resource(s, d, d->json.nodes, &s->standard, uri, &resource, why)) ||
	    (rc = index_schema(s, d, d->json.nodes, resource, why)))
		d->trouble = *why;
	return rc;
}

/* --- references */

/* Those of a document with an error in it lead nowhere. */
static bool is_whole(const struct resource *r)
{
	return !*r->doc->trouble.text;
}

static const struct resource *find_resource(const struct store *s, const char *uri)
{
	for (size_t i = 0; i < s->resource_count; i++) {
		if (is_whole(&s->resources[i]) && strcmp(s->resources[i].uri, uri) == 0)
			return &s->resources[i];
	}
	/* By where it came from, though it calls itself something else. */
	for (size_t i = 0; i < s->resource_count; i++) {
		if (is_whole(&s->resources[i]) && s->resources[i].root == s->resources[i].doc->json.nodes &&
		    strcmp(s->resources[i].doc->uri, uri) == 0)
			return &s->resources[i];
	}
	return NULL;
}

/* Documents that are only there to be referred to are looked into when a reference is not found without. */
static int find(struct store *s, const char *uri, const struct resource **out, struct pluq_why *why)
{
	struct pluq_why unused;

	if ((*out = find_resource(s, uri)))
		return 0;
	for (size_t i = 0; i < s->doc_count; i++) {
		struct document *d = s->docs[i];
		bool meant = strcmp(d->uri, uri) == 0 || (d->id && strcmp(d->id, uri) == 0);
		int rc = store_index(s, d, meant ? why : &unused);

		if (rc && (meant || rc == PLUQ_ENOMEM))
			return rc;
	}
	*out = find_resource(s, uri);
	return 0;
}

static const struct anchor *find_anchor(const struct store *s, uint32_t resource, const char *name)
{
	const struct anchor *found = NULL;
	size_t length = strlen(name);

	for (size_t i = 0; i < s->anchor_count; i++) {
		const struct anchor *a = &s->anchors[i];

		if (a->resource == resource && a->name->length - a->skip == length &&
		    memcmp(a->name->u.text + a->skip, name, length) == 0 && (!found || a->dynamic))
			found = a;
	}
	return found;
}

/* `$ref: "#/a/b"` may lead to what is no schema by its place; then it becomes one. */
static int follow(struct store *s, const struct resource *r, const char *pointer, struct target *out, struct pluq_why *why)
{
	const char *at = pointer, *end = pointer + strlen(pointer);
	uint32_t resource = (uint32_t)(r - s->resources), known;
	const struct json_node *node = r->root;
	size_t length;
	char *token = malloc(strlen(pointer) + 1);

	if (!token)
		return store_no_memory(why);
	while (node && at < end) {
		if (!pointer_token(&at, end, token, &length))
			node = NULL;
		else if ((node = pointer_child(node, token, length)) &&
		    (known = r->doc->resource_of[store_node_index(r->doc, node)]))
			resource = known - 1;
	}
	free(token);
	out->doc = r->doc;
	out->node = node;
	return node ? index_schema(s, out->doc, node, resource, why) : 0;
}

static int resolve(struct store *s, struct document *doc, const struct json_node *from, char *uri, struct target *out,
    struct pluq_why *why)
{
	const char *fragment = uri_cut_fragment(uri);
	const struct resource *r;
	int rc;

	if ((rc = find(s, uri, &r, why)))
		return rc;
	if (!r)
		return store_fail(why, doc, from, "refers to %.60s, which is not among the files given", uri);
	if (!uri_decode((char *)(uintptr_t)fragment))
		return store_fail(why, doc, from, "this reference is not well-formed");
	if (!*fragment || *fragment == '/') {
		if ((rc = follow(s, r, fragment, out, why)))
			return rc;
	} else {
		const struct anchor *a = find_anchor(s, (uint32_t)(r - s->resources), fragment);

		*out = (struct target){.doc = r->doc, .node = a ? a->node : NULL, .dynamic = a && a->dynamic ? a : NULL};
	}
	return out->node ? 0 : store_fail(why, doc, from, "there is no %.40s in %.50s", fragment, uri);
}

int store_resolve(struct store *s, struct document *doc, uint32_t resource, const struct json_node *from, struct target *out,
    struct pluq_why *why)
{
	int rc = plain_string(doc, from, "a reference", why);
	char *uri;

	*out = (struct target){0};
	if (rc)
		return rc;
	if (!(uri = uri_resolve(s->resources[resource].uri, (const char *)from->u.text, from->length)))
		return store_no_memory(why);
	rc = resolve(s, doc, from, uri, out, why);
	free(uri);
	return rc;
}
