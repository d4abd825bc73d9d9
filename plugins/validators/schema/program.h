/* Schemas as the loops run them: compiled once, then only read. */
#ifndef SCHEMA_PROGRAM_H
#define SCHEMA_PROGRAM_H

#include "pattern.h"
#include "store.h"

#define NO_SCHEMA UINT32_MAX

/* In the order in which they run: cheap ones first, what needs the results of others last. */
enum op_code {
	OP_CONST, OP_ENUM, OP_MINIMUM, OP_MAXIMUM, OP_EXCLUSIVE_MINIMUM, OP_EXCLUSIVE_MAXIMUM, OP_MULTIPLE_OF,
	OP_MIN_LENGTH, OP_MAX_LENGTH, OP_FORMAT, OP_PATTERN,
	OP_MIN_ITEMS, OP_MAX_ITEMS, OP_MIN_MEMBERS, OP_MAX_MEMBERS, OP_REQUIRED, OP_DEPENDENT_REQUIRED,
	OP_MEMBERS, OP_NAMES, OP_ITEMS, OP_CONTAINS, OP_UNIQUE,
	OP_REF, OP_DYNAMIC_REF, OP_ALL, OP_ANY, OP_ONE, OP_NOT, OP_IF, OP_DEPENDENT_SCHEMAS,
	OP_UNEVALUATED_ITEMS, OP_UNEVALUATED_MEMBERS,
	OP_COUNT,
	OP_TYPE = OP_COUNT, OP_NEVER /* not in the row of operations; for reasons only */
};

/* Bits by enum json_type, for the types that a keyword is about. */
#define APPLIES(type) (1u << (type))
#define APPLIES_ALWAYS 0x7fu
#define TYPE_INTEGER 0x80u /* of schema.types: numbers, but only whole ones */

/* What the three numbers are: */
struct op {
	uint8_t code;    /* enum op_code */
	uint8_t applies; /* APPLIES(...) */
	bool marks;      /* OP_CONTAINS: its matches count as evaluated */
	uint32_t first;  /* a schema; or the first of `count` in `lists` or `names` */
	uint32_t count;  /* or a limit; OP_FORMAT: steps it takes; OP_CONTAINS: least; OP_IF: then */
	uint32_t third;  /* OP_ITEMS: the schema of the rest; OP_CONTAINS: most; OP_IF: else; OP_DYNAMIC_REF: name */
	union {
		const struct json_node *value;
		const struct pattern *pattern;
		const struct members *members;
		bool (*format)(const uint8_t *text, size_t length);
	} u;
	const char *where; /* pointer of the keyword */
};

struct schema {
	uint32_t first, count; /* in `ops` */
	uint32_t resource;
	uint8_t types;  /* APPLIES(...), TYPE_INTEGER; 0: none; APPLIES_ALWAYS: no matter */
	bool never;     /* `false` */
	bool tracks_items, tracks_members; /* it has unevaluated... */
	const char *where, *where_type;
};

/* Names that are looked for. */
struct name {
	const uint8_t *text;
	uint32_t length, hash;
	uint32_t a, b; /* OP_DEPENDENT_REQUIRED: first and count in `names`; OP_DEPENDENT_SCHEMAS, members: a schema */
};

struct name_pattern {
	struct pattern *pattern;
	uint32_t schema;
};

/* properties, patternProperties and additionalProperties of one schema. */
struct members {
	uint32_t first, count; /* in `names` */
	uint32_t *slots;       /* 1 + index of the name within these, by hash, open addressing */
	uint32_t mask;
	struct name_pattern *patterns;
	uint32_t pattern_count;
	uint32_t additional; /* or NO_SCHEMA */
};

/* A schema with a $dynamicAnchor that some $dynamicRef may mean. */
struct dynamic {
	uint32_t resource, schema, name;
};

struct entry {
	char *glob; /* of topics; NULL: all */
	uint32_t schema;
};

struct program {
	struct store store; /* the values and names are in there */
	struct schema *schemas;
	struct op *ops;
	uint32_t *lists;
	struct name *names;
	struct members **members;
	struct pattern **patterns;
	struct dynamic *dynamics;
	char **texts;
	struct entry *entries;
	size_t schema_count, op_count, list_count, name_count, members_count, pattern_count, dynamic_count, text_count, entry_count;
	uint64_t key; /* of hashes */
};

struct program_source {
	const char *glob; /* copied; NULL: all topics */
	const char *path;
};

struct program_options {
	const struct program_source *sources;
	size_t source_count;
	const char *const *library;
	size_t library_count;
	uint8_t draft; /* of schemas without $schema */
	bool assert_format;
	void (*warn)(void *arg, const char *text); /* what is surely not meant; may be NULL */
	void *warn_arg;
};

/* Reads and compiles everything. On failure why names file and place. Pool or main thread. */
int program_load(struct program *, const struct program_options *, struct pluq_why *why);
void program_fini(struct program *);
/* The schema for the topic, or NO_SCHEMA. */
uint32_t program_schema(const struct program *, const char *topic, size_t length);

#endif
