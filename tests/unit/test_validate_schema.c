/* validate-schema as the daemon uses it: verdicts and reasons, what stops a start, limits, reload. */
#include "cmocka_all.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pluq/validator.h>

#include "mock_host.h"

#define LOOPS 4
#define FILES_MOST 16

extern const struct pluq_plugin pluq_plugin_entry;

static struct mock_host host;
static struct pluq_why why;
static struct pluq_finding finding;
static void *self;
static void *conf;
static char folder[64], paths[FILES_MOST][128];
static int files;
static const char *items[2][8];

/* --- the rig */

static void *option(const char *key)
{
	for (const struct pluq_option *o = pluq_plugin_entry.options; o->key; o++) {
		if (strcmp(o->key, key) == 0)
			return (char *)conf + o->offset;
	}
	fail_msg("there is no option %s", key);
	return NULL;
}

static void set_text(const char *key, const char *value)
{
	*(const char **)option(key) = value;
}

static void set_number(const char *key, int64_t value)
{
	*(int64_t *)option(key) = value;
}

static void set_list(const char *key, const char *a, const char *b)
{
	const char **list = items[strcmp(key, "library") == 0];

	list[0] = a;
	list[1] = b;
	*(struct pluq_strings *)option(key) = (struct pluq_strings){list, (a != NULL) + (size_t)(b != NULL)};
}

/* As the option table has it. */
static void standards(void)
{
	memset(conf, 0, pluq_plugin_entry.conf_size);
	set_text("schema", "");
	set_text("divert_to", "");
	set_number("max_depth", 100);
	set_number("max_size", 1 << 20);
	set_number("max_steps", 1000000);
}

static const char *write_as(const char *name, const char *text)
{
	char *path = paths[files++];
	FILE *f;

	assert_true(files <= FILES_MOST);
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	return path;
}

static void end(void)
{
	if (self)
		pluq_plugin_entry.fini(self);
	self = NULL;
}

static int start(void)
{
	end();
	*why.text = 0;
	return pluq_plugin_entry.init(&host.pub, conf, &self, &why);
}

static void starts(void)
{
	if (start())
		fail_msg("%s", why.text);
}

/* With this schema for every topic. */
static void with(const char *schema)
{
	files = 0;
	set_text("schema", write_as("s.json", schema));
	starts();
}

static int judge_on(uint32_t loop, const char *topic, const void *body, size_t length, struct pluq_finding *f)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;
	uint8_t *exact = malloc(length ? length : 1);
	struct pluq_candidate c = {.size = sizeof(c), .loop = loop, .topic = topic, .topic_length = strlen(topic), .body = exact, .length = length};

	memcpy(exact, body, length);
	int verdict = ops->judge(self, &c, f);
	free(exact);
	return verdict;
}

static int judge(const char *body)
{
	*finding.reason = 0;
	return judge_on(0, "t", body, strlen(body), &finding);
}

static void accepts(const char *body)
{
	if (judge(body) != PLUQ_ACCEPT)
		fail_msg("%s: %s", body, finding.reason);
}

static void rejects(const char *body, const char *reason)
{
	if (judge(body) != PLUQ_REJECT || strcmp(finding.reason, reason) != 0)
		fail_msg("%.200s: '%s' instead of '%s'", body, finding.reason, reason);
}

static int set_up(void **state)
{
	mock_host_init(&host);
	host.pub.loops = LOOPS;
	files = 0;
	snprintf(folder, sizeof(folder), "/tmp/pluq-schema-XXXXXX");
	conf = calloc(1, pluq_plugin_entry.conf_size);
	if (!mkdtemp(folder) || !conf)
		return -1;
	standards();
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	end();
	free(conf);
	mock_host_fini(&host);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* --- verdicts */

static void reasons(void **state)
{
	static const struct {
		const char *schema, *body, *reason;
	} cases[] = {
		{"{\"properties\":{\"a\":{\"items\":{\"type\":\"integer\"}}}}", "{\"a\":[\"x\"]}",
		    "at /a/0: not of type integer (schema /properties/a/items/type)"},
		{"{\"type\":[\"string\",\"null\"]}", "1", "at the root: not of type null or string (schema /type)"},
		{"false", "1", "at the root: not allowed (schema at the root)"},
		{"{\"additionalProperties\":false}", "{\"a\\nb\":1}", "at /a\\u000ab: not allowed (schema /additionalProperties)"},
		{"{\"properties\":{\"o\":{\"required\":[\"id\"]}}}", "{\"o\":{}}", "at /o: member \"id\" is missing (schema /properties/o/required)"},
		{"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", "at the root: member \"b\" is missing (schema /dependentRequired)"},
		{"{\"minLength\":3}", "\"\xc3\xa4\xc3\xb6\"", "at the root: shorter than 3 characters (schema /minLength)"},
		{"{\"maxItems\":1}", "[1,2]", "at the root: more than 1 elements (schema /maxItems)"},
		{"{\"minimum\":1.5}", "1.4999999999999999999999999", "at the root: below the minimum (schema /minimum)"},
		{"{\"exclusiveMaximum\":9223372036854775808}", "9223372036854775808", "at the root: not below the maximum (schema /exclusiveMaximum)"},
		{"{\"multipleOf\":0.01}", "0.015", "at the root: not a multiple (schema /multipleOf)"},
		{"{\"pattern\":\"^a\"}", "\"b\"", "at the root: does not match the pattern (schema /pattern)"},
		{"{\"propertyNames\":{\"maxLength\":2}}", "{\"abc\":1}", "at /abc: longer than 2 characters (schema /propertyNames/maxLength)"},
		{"{\"uniqueItems\":true}", "[{\"a\":1,\"b\":2},3,{\"b\":2.0,\"a\":1}]", "at the root: elements are equal (schema /uniqueItems)"},
		{"{\"enum\":[1,2]}", "3", "at the root: none of the values of enum (schema /enum)"},
		{"{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":5}]}", "3", "at the root: none of the alternatives holds (schema /anyOf)"},
		{"{\"oneOf\":[true,true]}", "3", "at the root: not exactly one of the alternatives holds (schema /oneOf)"},
		{"{\"not\":{}}", "3", "at the root: what must not hold does (schema /not)"},
		{"{\"contains\":{\"type\":\"null\"},\"minContains\":2}", "[null]", "at the root: too few or too many elements that match (schema /contains)"},
		{"{\"allOf\":[{\"properties\":{\"a\":true}}],\"unevaluatedProperties\":false}", "{\"a\":1,\"b\":2}",
		    "at /b: not allowed (schema /unevaluatedProperties)"},
		{"{\"if\":{\"type\":\"number\"},\"then\":{\"maximum\":2}}", "3", "at the root: above the maximum (schema /then/maximum)"},
		{"{\"$ref\":\"#/$defs/a~1b\",\"$defs\":{\"a/b\":{\"type\":\"null\"}}}", "3", "at the root: not of type null (schema /$defs/a~1b/type)"},
		{"true", "{\"a\":}", "not JSON at byte 5: a value is wanted"},
		{"true", "", "not JSON at byte 0: it ends where a value is wanted"},
		{"true", "[1,2", "not JSON at byte 4: ',' or ']' is wanted"},
		{"true", "{\"a\":1,\"a\":2}", "not JSON at byte 7: a member occurs twice"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		with(cases[i].schema);
		rejects(cases[i].body, cases[i].reason);
	}
}

/* However long names and pointers are: one line of UTF-8 that is cut between characters. */
static void reasons_are_short(void **state)
{
	char body[4000] = "", name[301];
	size_t used = 0;

	for (int i = 0; i < 300; i += 3)
		memcpy(name + i, "\xe2\x82\xac", 3);
	name[300] = 0;
	with("{\"additionalProperties\":{\"$ref\":\"#\"},\"type\":[\"object\",\"null\",\"boolean\",\"array\",\"integer\",\"string\"]}");
	for (int i = 0; i < 5; i++)
		used += (size_t)snprintf(body + used, sizeof(body) - used, "{\"%s\":", name);
	snprintf(body + used, sizeof(body) - used, "1.5}}}}}");
	assert_int_equal(judge(body), PLUQ_REJECT);
	assert_true(strlen(finding.reason) < sizeof(finding.reason) - 1);
	assert_non_null(strstr(finding.reason, "\xe2\x82\xac..."));
	assert_non_null(strstr(finding.reason, "(schema /type)"));
	assert_null(strchr(finding.reason, '\n'));
}

static void topics_have_schemas(void **state)
{
	char a[160], b[160];

	snprintf(a, sizeof(a), "orders.*=%s", write_as("a.json", "{\"type\":\"object\"}"));
	snprintf(b, sizeof(b), "orders.eu=%s", write_as("b.json", "{\"type\":\"array\"}"));
	set_list("schemas", b, a);
	starts();
	assert_int_equal(judge_on(0, "orders.eu", "[]", 2, &finding), PLUQ_ACCEPT);
	assert_int_equal(judge_on(0, "orders.eu", "{}", 2, &finding), PLUQ_REJECT);
	assert_int_equal(judge_on(1, "orders.us", "{}", 2, &finding), PLUQ_ACCEPT);
	assert_int_equal(judge_on(1, "orders.us", "[]", 2, &finding), PLUQ_REJECT);
	assert_int_equal(judge_on(0, "other", "not JSON", 8, &finding), PLUQ_ACCEPT);
	set_text("schema", write_as("c.json", "{\"type\":\"null\"}"));
	starts();
	assert_int_equal(judge_on(0, "other", "null", 4, &finding), PLUQ_ACCEPT);
	assert_int_equal(judge_on(0, "other", "1", 1, &finding), PLUQ_REJECT);
	assert_int_equal(judge_on(0, "orders.eu", "[]", 2, &finding), PLUQ_ACCEPT);
}

static void two_files_with_one_id(void **state)
{
	char a[160];

	snprintf(a, sizeof(a), "a=%s", write_as("a.json", "{\"$id\":\"http://x/y\"}"));
	set_list("schemas", a, NULL);
	set_text("schema", write_as("b.json", "{\"$id\":\"http://x/y\",\"type\":\"null\"}"));
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "b.json: at the root: another schema has the same $id, in "));
}

static void drafts(void **state)
{
	const char *list = "{\"items\":[{\"type\":\"null\"}],\"additionalItems\":false}";

	set_number("draft", 1);
	with(list);
	accepts("[null]");
	assert_int_equal(judge("[null,1]"), PLUQ_REJECT);
	with("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"prefixItems\":[true],\"items\":false,\"additionalItems\":true}");
	accepts("[1]");
	assert_int_equal(judge("[1,1]"), PLUQ_REJECT);
	assert_true(mock_host_logged(&host, PLUQ_WARN, "s.json: at the root: additionalItems means nothing in this dialect of 2020-12"));
	set_number("draft", 0);
	with("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"items\":[{\"type\":\"null\"}]}");
	assert_int_equal(judge("[1]"), PLUQ_REJECT);
}

static void formats_are_remarks_unless_asserted(void **state)
{
	with("{\"format\":\"ipv4\"}");
	accepts("\"1.2.3\"");
	*(bool *)option("assert_format") = true;
	starts();
	accepts("\"1.2.3.4\"");
	rejects("\"1.2.3\"", "at the root: not of this format (schema /format)");
	with("{\"format\":\"a-format-of-our-own\"}");
	accepts("\"\"");
	assert_true(mock_host_logged(&host, PLUQ_WARN, "s.json: at the root: a-format-of-our-own is no format of JSON Schema and is not checked"));
	files = 0;
	write_as("s.json", "{\"items\":{\"format\":\"idn-email\"}}");
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "s.json: at /items/format: this format cannot be checked"));
}

/* --- what stops a start */

static void refused(void **state)
{
	static const struct {
		const char *schema, *why;
	} cases[] = {
		{"", "s.json:1:1: it ends where a value is wanted"},
		{"{\n\t\"a\": tru}", "s.json:2:7: a value is wanted"},
		{"[]", "s.json: at the root: a schema is wanted: an object, true or false"},
		{"{\"type\":\"int\"}", "s.json: at /type: there is no such type"},
		{"{\"type\":[]}", "an empty list of types"},
		{"{\"minLength\":-1}", "s.json: at /minLength: no whole number of 0 or more"},
		{"{\"minLength\":1.5}", "no whole number"},
		{"{\"minLength\":12345678901234567890.5}", "no whole number"},
		{"{\"minLength\":0.12345678901234567890123}", "no whole number"},
		{"{\"minLength\":-12345678901234567890}", "no whole number"},
		{"{\"multipleOf\":0}", "not above 0"},
		{"{\"multipleOf\":1.2345678901234567891}", "more than 18 digits"},
		{"{\"minimum\":\"1\"}", "at /minimum: no number"},
		{"{\"exclusiveMinimum\":true}", "at /exclusiveMinimum: no number"},
		{"{\"required\":\"a\"}", "an array of names is wanted"},
		{"{\"required\":true}", "an array of names is wanted"},
		{"{\"required\":[1]}", "at /required/0: a name is wanted"},
		{"{\"required\":[\"a\",\"b\",\"a\"]}", "at /required: a name occurs twice"},
		{"{\"dependentRequired\":{\"x\":[\"a\",\"a\"]}}", "at /dependentRequired/x: a name occurs twice"},
		{"{\"type\":[\"null\",\"null\"]}", "at /type/1: this type occurs twice"},
		{"{\"enum\":1}", "enum is no array"},
		{"{\"title\":1}", "at /title: a string is wanted"},
		{"{\"$comment\":1}", "at /$comment: a string is wanted"},
		{"{\"examples\":{}}", "at /examples: an array is wanted"},
		{"{\"readOnly\":\"no\"}", "at /readOnly: true or false is wanted"},
		{"{\"contentSchema\":{\"type\":\"int\"}}", "at /contentSchema/type: there is no such type"},
		{"{\"prefixItems\":[]}", "at /prefixItems: an array of schemas is wanted, with one at least"},
		{"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"additionalItems\":1}", "at /additionalItems: a schema is wanted"},
		{"{\"allOf\":[]}", "with one at least"},
		{"{\"properties\":{\"a\":1}}", "at /properties/a: a schema is wanted"},
		{"{\"properties\":{\"a\":[]}}", "at /properties/a: a schema is wanted"},
		{"{\"properties\":[]}", "an object is wanted"},
		{"{\"patternProperties\":{\"(\":true}}", "at /patternProperties/(: this pattern cannot be used: "},
		{"{\"pattern\":\"a++\"}", "is not in ECMA-262"},
		{"{\"pattern\":1}", "a pattern is no string"},
		{"{\"items\":[true]}", "2020-12 has prefixItems for that"},
		{"{\"uniqueItems\":1}", "neither true nor false"},
		{"{\"$defs\":{\"unused\":{\"type\":\"int\"}}}", "at /$defs/unused/type"},
		{"{\"properties\":{\"a\":{\"$ref\":\"http://example.com/x.json\"}}}",
		    "s.json: at /properties/a/$ref: refers to http://example.com/x.json, which is not among the files given"},
		{"{\"$ref\":\"other.json#/a\"}", "which is not among the files given"},
		{"{\"$ref\":\"#/$defs/a\"}", "at /$ref: there is no /$defs/a in "},
		{"{\"$ref\":\"#a\"}", "at /$ref: there is no a in "},
		{"{\"$ref\":\"#/%zz\"}", "not well-formed"},
		{"{\"$ref\":1}", "a reference is no string"},
		{"{\"$dynamicRef\":\"#a\"}", "there is no a in "},
		{"{\"$ref\":\"#\"}", "s.json: the schema at the root leads back to itself"},
		{"{\"properties\":{\"a\":{\"allOf\":[{\"not\":{\"$ref\":\"#/properties/a\"}}]}}}", "leads back to itself"},
		{"{\"if\":true,\"then\":{\"anyOf\":[{\"dependentSchemas\":{\"a\":{\"$ref\":\"#\"}}}]}}", "leads back to itself"},
		{"{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}", "at /$schema: this $schema is neither 2020-12 nor draft 7"},
		{"{\"$schema\":\"https://json-schema.org/draft/2019-09/schema\"}", "neither 2020-12 nor draft 7"},
		{"{\"$schema\":1}", "$schema is no string"},
		{"{\"not\":{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}}", "at /not/$schema: this $schema is neither"},
		{"{\"not\":{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}}", "at /not/$schema: another $schema than around it needs an $id"},
		{"{\"$defs\":{\"a\":{\"$anchor\":\"x y\"}}}", "at /$defs/a/$anchor: this is no name for an anchor"},
		{"{\"$ref\":\"a\\nb\"}", "s.json: at /$ref: refers to file:"},
		{"{\"$id\":\"http://x/a#b\"}", "at /$id: $id has a fragment"},
		{"{\"$id\":1}", "$id is no string"},
		{"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"}}}", "the same anchor stands elsewhere"},
		{"{\"$defs\":{\"a\":{\"$id\":\"http://x/y\"},\"b\":{\"$id\":\"http://x/y\"}}}", "another schema has the same $id"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		files = 0;
		set_text("schema", write_as("s.json", cases[i].schema));
		if (start() != PLUQ_EINVAL || !strstr(why.text, cases[i].why) || strchr(why.text, '\n') || self)
			fail_msg("%s: '%s' instead of '%s'", cases[i].schema, self ? "starts" : why.text, cases[i].why);
	}
}

static void refused_for_its_options(void **state)
{
	char item[160];

	assert_int_equal(start(), PLUQ_EINVAL);
	assert_string_equal(why.text, "no schema: one of the options schema and schemas is needed");
	set_text("schema", "/nonexistent/s.json");
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_string_equal(why.text, "/nonexistent/s.json: cannot be opened: No such file or directory");
	set_text("schema", folder);
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "is not a file"));
	set_text("schema", "");
	set_list("schemas", "orders", NULL);
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_string_equal(why.text, "schemas: 'orders' is not TOPICS=FILE");
	snprintf(item, sizeof(item), "[a=%s", write_as("s.json", "true"));
	set_list("schemas", item, NULL);
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_string_equal(why.text, "schemas: the glob '[a' has a [ without its ]");
	snprintf(item, sizeof(item), "orders *=%s", paths[0]);
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_string_equal(why.text, "schemas: the glob 'orders *' matches no topic: it has a character that no name has");
	set_list("schemas", NULL, NULL);
	set_text("schema", paths[0]);
	set_list("library", "/nonexistent/library", NULL);
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "/nonexistent/library: cannot be read"));
}

/* Vocabularies of a meta-schema of one's own. */
static void vocabularies(void **state)
{
	const char *meta = "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"http://x/meta\",\"$vocabulary\":{"
	    "\"https://json-schema.org/draft/2020-12/vocab/core\":true,\"https://json-schema.org/draft/2020-12/vocab/applicator\":true,"
	    "\"http://x/vocab\":%s}}";
	char text[500];

	for (int required = 0; required < 2; required++) {
		files = 0;
		snprintf(text, sizeof(text), meta, required ? "true" : "false");
		set_list("library", write_as("meta.json", text), NULL);
		set_text("schema", write_as("s.json", "{\"$schema\":\"http://x/meta\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":false}}"));
		if (required) {
			assert_int_equal(start(), PLUQ_EINVAL);
			assert_non_null(strstr(why.text, "meta.json: at /$vocabulary/http:~1~1x~1vocab: this vocabulary is required and not supported"));
		} else {
			starts();
			accepts("{\"a\":1}"); /* type is of the validation vocabulary */
			assert_int_equal(judge("{\"b\":1}"), PLUQ_REJECT);
		}
	}
}

/* --- references to other files */

static void libraries(void **state)
{
	char inner[96], item[160];

	snprintf(inner, sizeof(inner), "%s/lib", folder);
	assert_int_equal(mkdir(inner, 0700), 0);
	write_as("lib/id.json", "{\"$id\":\"http://x/id.json\",\"$defs\":{\"n\":{\"$anchor\":\"num\",\"type\":\"number\"}}}");
	write_as("lib/plain.json", "{\"type\":\"string\"}");
	write_as("lib/broken.json", "{");
	write_as("lib/old.json", "{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}");
	write_as("lib/half.json", "{\"$defs\":{\"a\":true,\"b\":{\"$anchor\":\"1\"}}}");
	set_text("schema", write_as("s.json", "{\"properties\":{\"a\":{\"$ref\":\"http://x/id.json#num\"},\"b\":{\"$ref\":\"http://y/plain.json\"}}}"));
	snprintf(item, sizeof(item), "http://y/=%s", inner);
	set_list("library", item, NULL);
	starts();
	accepts("{\"a\":1,\"b\":\"\"}");
	rejects("{\"a\":\"\"}", "at /a: not of type number (schema id.json#/$defs/n/type)");
	rejects("{\"b\":1}", "at /b: not of type string (schema plain.json#/type)");
	/* By its place beside the schema, without a URI. */
	set_text("schema", write_as("s.json", "{\"$ref\":\"lib/plain.json\"}"));
	set_list("library", inner, NULL);
	starts();
	rejects("1", "at the root: not of type string (schema plain.json#/type)");
	/* What is wrong in a library matters only to those who refer to it. */
	set_text("schema", write_as("s.json", "{\"$ref\":\"lib/broken.json\"}"));
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "broken.json:1:2: "));
	set_text("schema", write_as("s.json", "{\"$ref\":\"lib/old.json\"}"));
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "old.json: at /$schema: "));
	/* ... also when it has been looked into for the sake of another. */
	set_text("schema", write_as("s.json", "{\"allOf\":[{\"$ref\":\"lib/plain.json\"},{\"$ref\":\"lib/half.json#/$defs/a\"}]}"));
	assert_int_equal(start(), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "half.json: at /$defs/b/$anchor: "));
}

/* What a path may have and a URI has another use for. */
static void odd_paths(void **state)
{
	char inner[96], path[128];

	snprintf(inner, sizeof(inner), "%s/a#b?c%%20d", folder);
	assert_int_equal(mkdir(inner, 0700), 0);
	snprintf(path, sizeof(path), "%s", strrchr(inner, '/') + 1);
	strcat(path, "/other.json");
	set_list("library", write_as(path, "{\"type\":\"null\"}"), NULL);
	*strrchr(path, '/') = 0;
	strcat(path, "/s.json");
	set_text("schema", write_as(path, "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"other.json\"}}}"));
	starts();
	accepts("null");
	rejects("1", "at the root: not of type null (schema other.json#/type)");
}

/* --- limits */

static char *repeat(const char *before, const char *piece, int count, const char *behind)
{
	size_t n = strlen(piece), used = strlen(before);
	char *text = malloc(used + n * (size_t)count + strlen(behind) + 1);

	strcpy(text, before);
	for (int i = 0; i < count; i++, used += n)
		memcpy(text + used, piece, n);
	strcpy(text + used, behind);
	return text;
}

static void limits(void **state)
{
	char *deep = repeat("", "[", 1000, ""), *large = repeat("\"", "x", 200, "\"");

	set_number("max_depth", 3);
	set_number("max_size", 200);
	with("true");
	accepts("[[[1]]]");
	rejects("[[[[1]]]]", "not JSON at byte 3: nested too deeply");
	rejects(large, "larger than max_size, 200 bytes");
	set_number("max_depth", 1000);
	set_number("max_size", 1 << 20);
	starts();
	rejects(deep, "not JSON at byte 1000: it ends where a value is wanted");
	free(deep);
	free(large);
}

/* Each would take seconds to hours; the limit on steps ends it. */
static void hostile_messages(void **state)
{
	static const struct {
		const char *schema, *before, *piece, *behind;
		int count;
	} cases[] = {
		{"{\"pattern\":\"^(a+)+$\"}", "\"", "a", "!\"", 100000},
		{"{\"pattern\":\"\\\\d+x\"}", "\"", "1", "yx\"", 300000},
		{"{\"items\":{\"pattern\":\"^(a|aa)+$\"}}", "[\"a\"", ",\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", "]", 20000},
		{"{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}},{\"minItems\":1,\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}]}",
		    "", "[", "1]", 60},
		{"{\"items\":{\"not\":{\"enum\":[0,2,3,4,5,6,7,8,9]}}}", "[1", ",1", "]", 300000},
		{"{\"uniqueItems\":true}", "[1", ",1", "]", 300000},
		{"{\"pattern\":\"\\\\S{6000}\"}", "\"", "11111111111111111111111111111111111111111111111111111111111111111111111111111 ", "\"", 12000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *body = repeat(cases[i].before, cases[i].piece, cases[i].count, cases[i].behind);
		int64_t began = host.pub.now_ns(&host.pub);

		if (i == 3) {
			size_t n = strlen(body);

			body = realloc(body, n + 64);
			memset(body + n, ']', 59);
			body[n + 59] = 0;
		}
		with(cases[i].schema);
		assert_int_equal(judge(body), PLUQ_REJECT);
		if (host.pub.now_ns(&host.pub) - began > INT64_C(20000000000))
			fail_msg("case %zu: took very long", i);
		if (!strstr(finding.reason, "too long"))
			fail_msg("case %zu: %s", i, finding.reason);
		free(body);
	}
}

/* What is large but honest is no matter. */
static void large_messages(void **state)
{
	char *numbers = malloc(1 << 20);
	size_t used = 1;

	*numbers = '[';
	for (int i = 0; i < 50000; i++)
		used += (size_t)snprintf(numbers + used, (1 << 20) - used, "%s{\"n\":%d}", i ? "," : "", i);
	strcpy(numbers + used, "]");
	with("{\"uniqueItems\":true,\"items\":{\"type\":\"object\",\"required\":[\"n\"],\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":0}}}}");
	set_number("max_steps", 10000000);
	starts();
	accepts(numbers);
	memcpy(numbers + used - 6, "00002", 5); /* {"n":49999} no more */
	assert_int_equal(judge(numbers), PLUQ_REJECT);
	free(numbers);
}

/* $dynamicRef may lead to itself only when a message is judged. */
static void circles_that_show_late(void **state)
{
	with("{\"$id\":\"http://x/a\",\"$dynamicAnchor\":\"n\",\"$ref\":\"http://x/b\",\"$defs\":{\"b\":{\"$id\":\"http://x/b\","
	     "\"$dynamicRef\":\"#n\",\"$defs\":{\"n\":{\"$dynamicAnchor\":\"n\"}}}}}");
	rejects("1", "cannot be judged: too many schemas within each other");
}

/* --- --check-config */

static void a_check_finds_what_a_start_would(void **state)
{
	set_text("schema", write_as("s.json", "{\"type\":\"int\"}"));
	assert_int_equal(pluq_plugin_entry.check(conf, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "s.json: at /type: there is no such type"));
	files = 0;
	write_as("s.json", "{\"additionalItems\":true}");
	assert_int_equal(pluq_plugin_entry.check(conf, &why), 0);
}

/* --- reload */

static void a_reload_takes_all_or_nothing(void **state)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;

	with("{\"type\":\"null\"}");
	assert_int_equal(ops->loop_begin(self, 0), 0);
	accepts("null");
	files = 0;
	write_as("s.json", "{\"type\":\"int\"}");
	assert_int_equal(pluq_plugin_entry.reload(self, conf, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "there is no such type"));
	assert_int_equal(ops->loop_begin(self, 0), 0);
	accepts("null");
	files = 0;
	write_as("s.json", "{\"type\":\"number\"}");
	assert_int_equal(pluq_plugin_entry.reload(self, conf, &why), 0);
	assert_int_equal(ops->loop_begin(self, 0), 0);
	accepts("1");
	rejects("null", "at the root: not of type number (schema /type)");
}

static struct {
	pluq_post_fn work, done;
	void *arg;
	int calls, status;
} handed;

/* pluq_host.work */
static int hand(const struct pluq_host *h, pluq_post_fn work, pluq_post_fn done, void *arg)
{
	assert_ptr_equal(h, &host.pub);
	handed.calls++;
	if (handed.status == 0) {
		handed.work = work;
		handed.done = done;
		handed.arg = arg;
	}
	return handed.status;
}

/* By the loop that is the last to take the new one. */
static void what_a_reload_has_replaced_is_freed_on_the_pool(void **state)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;

	memset(&handed, 0, sizeof(handed));
	host.pub.work = hand;
	with("{\"type\":\"null\"}");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ops->loop_begin(self, 0), 0);
		assert_int_equal(ops->loop_begin(self, 1), 0);
		assert_int_equal(handed.calls, i);
		handed.status = i ? PLUQ_EEXITING : 0; /* then it is freed at once */
		assert_int_equal(pluq_plugin_entry.reload(self, conf, &why), 0);
		assert_int_equal(ops->loop_begin(self, 0), 0);
		assert_int_equal(handed.calls, i);
		assert_int_equal(ops->loop_begin(self, 1), 0);
		assert_int_equal(handed.calls, i + 1);
	}
	handed.work(handed.arg);
	handed.done(handed.arg);
	accepts("null");
}

static atomic_bool over;

static void *loop_thread(void *arg)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;
	uint32_t loop = (uint32_t)(uintptr_t)arg;
	struct pluq_finding f;

	for (int i = 0; !atomic_load(&over); i++) {
		if (i % 50 == 0 && ops->loop_begin(self, loop))
			return arg;
		if (judge_on(loop, "t", "{\"a\":[1,\"xyz\"]}", 15, &f) != PLUQ_ACCEPT || judge_on(loop, "t", "[]", 2, &f) != PLUQ_REJECT)
			return (void *)UINTPTR_MAX;
	}
	return NULL;
}

static void judging_while_it_is_reloaded(void **state)
{
	pthread_t threads[LOOPS];
	void *result;

	with("{\"type\":\"object\",\"properties\":{\"a\":{\"items\":{\"anyOf\":[{\"type\":\"integer\"},{\"pattern\":\"^x\"}]},\"uniqueItems\":true}}}");
	atomic_store(&over, false);
	for (uintptr_t i = 0; i < LOOPS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, loop_thread, (void *)i), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pluq_plugin_entry.reload(self, conf, &why), 0);
	atomic_store(&over, true);
	for (int i = 0; i < LOOPS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(reasons), TEST(reasons_are_short), TEST(topics_have_schemas), TEST(two_files_with_one_id), TEST(drafts), TEST(formats_are_remarks_unless_asserted),
		TEST(refused), TEST(refused_for_its_options), TEST(vocabularies), TEST(libraries), TEST(odd_paths), TEST(limits), TEST(hostile_messages),
		TEST(large_messages), TEST(circles_that_show_late), TEST(a_check_finds_what_a_start_would), TEST(a_reload_takes_all_or_nothing),
		TEST(what_a_reload_has_replaced_is_freed_on_the_pool), TEST(judging_while_it_is_reloaded),
	};

	return cmocka_run_group_tests_name("validate_schema", tests, NULL, NULL);
}
