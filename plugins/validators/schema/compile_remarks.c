/* Keywords that judge nothing. Their values must be what the meta-schemas say: a schema that is not good by its meta-schema is refused. */
#include "compile.h"

#define BOOLEAN (APPLIES(JSON_FALSE) | APPLIES(JSON_TRUE))

static const struct {
	uint8_t keyword, types;
	const char *wanted;
} remarks[] = {
	{KW_COMMENT, APPLIES(JSON_STRING), "a string"}, {KW_VOCABULARY, APPLIES(JSON_OBJECT), "an object"},
	{KW_TITLE, APPLIES(JSON_STRING), "a string"}, {KW_DESCRIPTION, APPLIES(JSON_STRING), "a string"},
	{KW_EXAMPLES, APPLIES(JSON_ARRAY), "an array"}, {KW_DEPRECATED, BOOLEAN, "true or false"},
	{KW_READ_ONLY, BOOLEAN, "true or false"}, {KW_WRITE_ONLY, BOOLEAN, "true or false"},
	{KW_CONTENT_ENCODING, APPLIES(JSON_STRING), "a string"}, {KW_CONTENT_MEDIA_TYPE, APPLIES(JSON_STRING), "a string"},
};

int compile_remarks(struct compiler *c, struct source *s)
{
	uint32_t unused;

	for (size_t i = 0; i < sizeof(remarks) / sizeof(*remarks); i++) {
		const struct json_node *value = s->values[remarks[i].keyword];

		if (value && !(remarks[i].types & APPLIES(value->type)))
			return compile_fail(c, s, value, "%s is wanted", remarks[i].wanted);
	}
	return compile_want_value(c, s, KW_CONTENT_SCHEMA, &unused);
}
