/* The schema documents: files, the resources that $id makes in them, and their anchors. */
#ifndef SCHEMA_STORE_H
#define SCHEMA_STORE_H

#include <pluq/error.h>

#include "keywords.h"

#define STORE_FILE_MAX (16u << 20) /* bytes of a schema file */
#define STORE_DEPTH_MAX 200

struct document {
	char *name; /* the path as configured, for messages */
	char *uri;  /* where it was got from: file:///..., or what the configuration says */
	char *id;   /* what its $id says it is; NULL: nothing */
	uint8_t *text;
	struct json_doc json;
	bool wanted;  /* named by `schema` or `schemas`, not only there to be referred to */
	bool indexed; /* its resources are in the store */
	struct pluq_why trouble; /* why it could not be read or indexed; what is only there to be referred to may be broken */
	uint32_t *resource_of;   /* per node: 1 + index of the resource, for schemas, else 0 */
	uint32_t *schema_of;     /* per node: 1 + index of the compiled schema, or 0 */
};

struct resource {
	char *uri; /* without a fragment */
	struct document *doc;
	const struct json_node *root;
	struct dialect dialect;
};

struct anchor {
	uint32_t resource;
	const struct json_node *name; /* of draft 7: behind '#' is what counts */
	const struct json_node *node;
	bool dynamic;
	uint32_t skip; /* bytes of the name that come before it */
};

struct store {
	struct document **docs;
	size_t doc_count;
	struct resource *resources;
	size_t resource_count;
	struct anchor *anchors;
	size_t anchor_count;
	struct dialect standard; /* of schemas without $schema */
};

/* A place that a reference leads to. */
struct target {
	struct document *doc;
	const struct json_node *node;
	const struct anchor *dynamic; /* it was found by a $dynamicAnchor */
};

/* Each fills why on failure. */

/* The file with this path, once however often it is asked for. uri: NULL: file://... */
int store_read(struct store *, const char *path, const char *uri, struct document **out, struct pluq_why *);
/* FILE, DIRECTORY, URI=FILE or URI=DIRECTORY: there to be referred to. */
int store_read_library(struct store *, const char *item, struct pluq_why *);
int store_index(struct store *, struct document *, struct pluq_why *);
/* What a reference in `from` (the string, a node of doc in that resource) leads to. */
int store_resolve(struct store *, struct document *doc, uint32_t resource, const struct json_node *from, struct target *out,
    struct pluq_why *);
void store_fini(struct store *);

/* "FILE: at POINTER: ..." into why. Returns PLUQ_EINVAL. */
int store_fail(struct pluq_why *, const struct document *, const struct json_node *, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int store_no_memory(struct pluq_why *);
/* Room for one more in an array whose room doubles. */
bool store_grow(void *array, size_t count, size_t item_size);
static inline uint32_t store_node_index(const struct document *d, const struct json_node *n)
{
	return (uint32_t)(n - d->json.nodes);
}

#endif
