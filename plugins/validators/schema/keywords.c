#include "keywords.h"

#include <string.h>

#define BOTH (DRAFT_7 | DRAFT_2020)

static const struct keyword keywords[] = {
	{"$ref", KW_REF, BOTH, VOCAB_CORE, SHAPE_NONE},
	{"$dynamicRef", KW_DYNAMIC_REF, DRAFT_2020, VOCAB_CORE, SHAPE_NONE},
	{"$defs", KW_DEFS, DRAFT_2020, VOCAB_CORE, SHAPE_MAP},
	{"definitions", KW_DEFS, BOTH, VOCAB_CORE, SHAPE_MAP}, /* 2020-12 keeps its place for old schemas */
	{"type", KW_TYPE, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"const", KW_CONST, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"enum", KW_ENUM, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"minimum", KW_MINIMUM, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"maximum", KW_MAXIMUM, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"exclusiveMinimum", KW_EXCLUSIVE_MINIMUM, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"exclusiveMaximum", KW_EXCLUSIVE_MAXIMUM, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"multipleOf", KW_MULTIPLE_OF, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"minLength", KW_MIN_LENGTH, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"maxLength", KW_MAX_LENGTH, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"pattern", KW_PATTERN, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"format", KW_FORMAT, BOTH, VOCAB_FORMAT_ANNOTATION | VOCAB_FORMAT_ASSERTION, SHAPE_NONE},
	{"minItems", KW_MIN_ITEMS, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"maxItems", KW_MAX_ITEMS, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"uniqueItems", KW_UNIQUE_ITEMS, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"minContains", KW_MIN_CONTAINS, DRAFT_2020, VOCAB_VALIDATION, SHAPE_NONE},
	{"maxContains", KW_MAX_CONTAINS, DRAFT_2020, VOCAB_VALIDATION, SHAPE_NONE},
	{"minProperties", KW_MIN_PROPERTIES, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"maxProperties", KW_MAX_PROPERTIES, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"required", KW_REQUIRED, BOTH, VOCAB_VALIDATION, SHAPE_NONE},
	{"dependentRequired", KW_DEPENDENT_REQUIRED, DRAFT_2020, VOCAB_VALIDATION, SHAPE_NONE},
	{"prefixItems", KW_PREFIX_ITEMS, DRAFT_2020, VOCAB_APPLICATOR, SHAPE_LIST},
	{"items", KW_ITEMS, DRAFT_2020, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"items", KW_ITEMS, DRAFT_7, VOCAB_APPLICATOR, SHAPE_SCHEMA_OR_LIST},
	{"additionalItems", KW_ADDITIONAL_ITEMS, DRAFT_7, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"contains", KW_CONTAINS, BOTH, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"properties", KW_PROPERTIES, BOTH, VOCAB_APPLICATOR, SHAPE_MAP},
	{"patternProperties", KW_PATTERN_PROPERTIES, BOTH, VOCAB_APPLICATOR, SHAPE_MAP},
	{"additionalProperties", KW_ADDITIONAL_PROPERTIES, BOTH, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"propertyNames", KW_PROPERTY_NAMES, BOTH, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"dependentSchemas", KW_DEPENDENT_SCHEMAS, DRAFT_2020, VOCAB_APPLICATOR, SHAPE_MAP},
	{"dependencies", KW_DEPENDENCIES, BOTH, VOCAB_APPLICATOR, SHAPE_DEPENDENCIES}, /* 2020-12: for old schemas */
	{"allOf", KW_ALL_OF, BOTH, VOCAB_APPLICATOR, SHAPE_LIST},
	{"anyOf", KW_ANY_OF, BOTH, VOCAB_APPLICATOR, SHAPE_LIST},
	{"oneOf", KW_ONE_OF, BOTH, VOCAB_APPLICATOR, SHAPE_LIST},
	{"not", KW_NOT, BOTH, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"if", KW_IF, BOTH, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"then", KW_THEN, BOTH, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"else", KW_ELSE, BOTH, VOCAB_APPLICATOR, SHAPE_SCHEMA},
	{"unevaluatedItems", KW_UNEVALUATED_ITEMS, DRAFT_2020, VOCAB_UNEVALUATED, SHAPE_SCHEMA},
	{"unevaluatedProperties", KW_UNEVALUATED_PROPERTIES, DRAFT_2020, VOCAB_UNEVALUATED, SHAPE_SCHEMA},
	{"$comment", KW_COMMENT, BOTH, VOCAB_CORE, SHAPE_NONE},
	{"$vocabulary", KW_VOCABULARY, DRAFT_2020, VOCAB_CORE, SHAPE_NONE},
	{"title", KW_TITLE, BOTH, VOCAB_META_DATA, SHAPE_NONE},
	{"description", KW_DESCRIPTION, BOTH, VOCAB_META_DATA, SHAPE_NONE},
	{"examples", KW_EXAMPLES, BOTH, VOCAB_META_DATA, SHAPE_NONE},
	{"deprecated", KW_DEPRECATED, DRAFT_2020, VOCAB_META_DATA, SHAPE_NONE},
	{"readOnly", KW_READ_ONLY, BOTH, VOCAB_META_DATA, SHAPE_NONE},
	{"writeOnly", KW_WRITE_ONLY, BOTH, VOCAB_META_DATA, SHAPE_NONE},
	{"contentEncoding", KW_CONTENT_ENCODING, BOTH, VOCAB_CONTENT, SHAPE_NONE},
	{"contentMediaType", KW_CONTENT_MEDIA_TYPE, BOTH, VOCAB_CONTENT, SHAPE_NONE},
	{"contentSchema", KW_CONTENT_SCHEMA, DRAFT_2020, VOCAB_CONTENT, SHAPE_SCHEMA},
};

static const struct {
	const char *name;
	uint8_t bit;
} vocabularies[] = {
	{"core", VOCAB_CORE}, {"applicator", VOCAB_APPLICATOR}, {"unevaluated", VOCAB_UNEVALUATED}, {"validation", VOCAB_VALIDATION},
	{"meta-data", VOCAB_META_DATA}, {"format-annotation", VOCAB_FORMAT_ANNOTATION}, {"content", VOCAB_CONTENT},
	{"format-assertion", VOCAB_FORMAT_ASSERTION},
};

const struct keyword *keyword_find(const struct json_node *name, const struct dialect *d)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		const struct keyword *k = &keywords[i];

		if ((k->drafts & d->draft) && (k->vocabulary & d->vocabularies) && json_string_is(name, k->name))
			return k;
	}
	return NULL;
}

bool keyword_is_foreign(const struct json_node *name, const struct dialect *d)
{
	static const char *const older[] = {"$recursiveRef", "$recursiveAnchor", "extends", "disallow", "divisibleBy", "id"};

	if (json_string_is(name, "$anchor") || json_string_is(name, "$dynamicAnchor"))
		return d->draft == DRAFT_7;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		if (!(keywords[i].vocabulary & (VOCAB_META_DATA | VOCAB_CONTENT)) && json_string_is(name, keywords[i].name))
			return true;
	}
	for (size_t i = 0; i < sizeof(older) / sizeof(*older); i++) {
		if (json_string_is(name, older[i]))
			return true;
	}
	return false;
}

uint8_t draft_by_uri(const char *uri)
{
	if (strcmp(uri, "https://json-schema.org/draft/2020-12/schema") == 0)
		return DRAFT_2020;
	if (strcmp(uri, "http://json-schema.org/draft-07/schema") == 0 || strcmp(uri, "https://json-schema.org/draft-07/schema") == 0)
		return DRAFT_7;
	return 0;
}

uint8_t vocabulary_by_uri(const struct json_node *uri)
{
	static const char prefix[] = "https://json-schema.org/draft/2020-12/vocab/";
	size_t skip = sizeof(prefix) - 1;

	if (uri->length < skip || memcmp(uri->u.text, prefix, skip) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(*vocabularies); i++) {
		if (uri->length - skip == strlen(vocabularies[i].name) &&
		    memcmp(uri->u.text + skip, vocabularies[i].name, uri->length - skip) == 0)
			return vocabularies[i].bit;
	}
	return 0;
}
