/* The keywords of both drafts, the vocabularies they belong to, and where schemas stand in their values. */
#ifndef SCHEMA_KEYWORDS_H
#define SCHEMA_KEYWORDS_H

#include "json.h"

enum { DRAFT_7 = 1, DRAFT_2020 = 2 };

/* Vocabularies of 2020-12; draft 7 has all of them, in effect. */
enum {
	VOCAB_CORE = 1,
	VOCAB_APPLICATOR = 2,
	VOCAB_UNEVALUATED = 4,
	VOCAB_VALIDATION = 8,
	VOCAB_META_DATA = 16,
	VOCAB_FORMAT_ANNOTATION = 32,
	VOCAB_CONTENT = 64,
	VOCAB_FORMAT_ASSERTION = 128,
	VOCAB_STANDARD = 127
};

/* What a keyword's value is, as far as schemas are in it. */
enum shape {
	SHAPE_NONE,
	SHAPE_SCHEMA,
	SHAPE_LIST,           /* [schema...] */
	SHAPE_MAP,            /* {name: schema} */
	SHAPE_SCHEMA_OR_LIST, /* items of draft 7 */
	SHAPE_DEPENDENCIES    /* {name: schema or [string...]} */
};

enum keyword_id {
	KW_REF, KW_DYNAMIC_REF, KW_DEFS,
	KW_TYPE, KW_CONST, KW_ENUM,
	KW_MINIMUM, KW_MAXIMUM, KW_EXCLUSIVE_MINIMUM, KW_EXCLUSIVE_MAXIMUM, KW_MULTIPLE_OF,
	KW_MIN_LENGTH, KW_MAX_LENGTH, KW_PATTERN, KW_FORMAT,
	KW_MIN_ITEMS, KW_MAX_ITEMS, KW_UNIQUE_ITEMS, KW_MIN_CONTAINS, KW_MAX_CONTAINS,
	KW_MIN_PROPERTIES, KW_MAX_PROPERTIES, KW_REQUIRED, KW_DEPENDENT_REQUIRED,
	KW_PREFIX_ITEMS, KW_ITEMS, KW_ADDITIONAL_ITEMS, KW_CONTAINS,
	KW_PROPERTIES, KW_PATTERN_PROPERTIES, KW_ADDITIONAL_PROPERTIES, KW_PROPERTY_NAMES,
	KW_DEPENDENT_SCHEMAS, KW_DEPENDENCIES,
	KW_ALL_OF, KW_ANY_OF, KW_ONE_OF, KW_NOT, KW_IF, KW_THEN, KW_ELSE,
	KW_UNEVALUATED_ITEMS, KW_UNEVALUATED_PROPERTIES,
	KW_COMMENT, KW_VOCABULARY, KW_TITLE, KW_DESCRIPTION, KW_EXAMPLES, KW_DEPRECATED, KW_READ_ONLY, KW_WRITE_ONLY,
	KW_CONTENT_ENCODING, KW_CONTENT_MEDIA_TYPE, KW_CONTENT_SCHEMA,
	KW_COUNT
};

struct keyword {
	const char *name;
	uint8_t id;         /* enum keyword_id */
	uint8_t drafts;     /* DRAFT_7 | DRAFT_2020 */
	uint8_t vocabulary; /* VOCAB_...: of 2020-12 */
	uint8_t shape;      /* enum shape */
};

/* How a schema is to be read. */
struct dialect {
	uint8_t draft;        /* DRAFT_7 or DRAFT_2020 */
	uint8_t vocabularies; /* VOCAB_..., or'ed */
	bool assert_format;
};

/* The keyword that the name is in this dialect, or NULL: one to ignore. */
const struct keyword *keyword_find(const struct json_node *name, const struct dialect *);
/* That of the other draft, or of an older one, which people write by mistake; one that would say nothing anyway is none. For a name
 * that keyword_find has not found. */
bool keyword_is_foreign(const struct json_node *name, const struct dialect *);

/* "draft 7" or "2020-12" by the URI of its meta-schema (without a fragment); 0: neither. */
uint8_t draft_by_uri(const char *uri);
/* By the URI of a vocabulary; 0: not one that is known. */
uint8_t vocabulary_by_uri(const struct json_node *uri);

#endif
