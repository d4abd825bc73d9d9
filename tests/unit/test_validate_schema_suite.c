/* The public JSON Schema Test Suite, as two of Debian's packages have it: json-schema-test-suite (of 2017, up to draft 7), and
 * libtest-json-schema-acceptance-perl (of 2022, with 2020-12). The meta-schemas, which some tests refer to, are those of
 * python3-jsonschema. Every required test must pass. The optional ones are counted and shown; what of them is out is told in the
 * operators' guide. Neither the count of those that there are nor of those that pass may fall.
 *
 * Without arguments a test; with -v each failure is shown. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../plugins/validators/schema/reason.h"
#include "schema_files.h"

#define STEPS 1000000 /* the standard of max_steps */

static char folder[] = "/tmp/pluq-schema-XXXXXX";
static char schema_path[64], meta_path[64];
static bool verbose;

struct tally {
	unsigned passed, all, refused; /* refused: cases whose schema is not loaded */
};

/* One suite of one draft. */
struct part {
	const char *package, *end, *draft_folder;
	uint8_t draft;
	unsigned required;        /* so many there are in Debian 12: none is lost on the way */
	unsigned optional_passed; /* likewise */
};

static const struct part parts[] = {
	{"json-schema-test-suite", "/tests/draft7", "draft7", DRAFT_7, 423, 112},
	{"libtest-json-schema-acceptance-perl", "/tests/draft7", "draft7", DRAFT_7, 861, 417},
	{"libtest-json-schema-acceptance-perl", "/tests/draft2020-12", "draft2020-12", DRAFT_2020, 1176, 511},
};

static struct pattern_space *space;
static struct run runner;

static void complain(const char *file, const struct json_node *a, const struct json_node *b, const char *why)
{
	if (verbose)
		printf("# %s: %.*s: %.*s: %s\n", file, (int)a->length, (const char *)a->u.text, b ? (int)b->length : 0,
		    b ? (const char *)b->u.text : "", why);
}

static void one_case(const char *file, const struct json_node *group, const struct program_options *options, struct tally *t)
{
	const struct json_node *tests = json_get(group, "tests"), *test = tests + 1, *title = json_get(group, "description");
	struct program program;
	struct pluq_why why = {""};

	t->all += tests->length;
	if (!schema_file_write(schema_path, json_get(group, "schema")) || program_load(&program, options, &why)) {
		t->refused++;
		complain(file, title, NULL, why.text);
		return;
	}
	program.key = 12345;
	runner.program = &program;
	runner.space = space;
	for (uint32_t i = 0; i < tests->length; i++, test = json_next(test)) {
		const struct json_node *data = json_get(test, "data");
		bool wanted = json_get(test, "valid")->type == JSON_TRUE, got = run_check(&runner, 0, data, STEPS);

		if (got == wanted && !runner.stopped) {
			t->passed++;
		} else {
			char reason[256] = "is accepted";

			if (!got)
				reason_of(&runner, data, reason, sizeof(reason));
			complain(file, title, json_get(test, "description"), reason);
		}
	}
	program_fini(&program);
}

static void one_file(const char *path, const struct program_options *options, struct tally *t)
{
	const struct json_node *group;
	struct json_doc doc;
	uint8_t *text;

	if (schema_file_read(path, &text, &doc)) {
		group = doc.nodes + 1;
		for (uint32_t i = 0; i < doc.nodes->length; i++, group = json_next(group))
			one_case(path, group, options, t);
	} else {
		printf("# %s cannot be read\n", path);
		t->all++;
	}
	json_doc_fini(&doc);
	free(text);
}

/* The .json files of a folder, and those below it if `deep`; a line for each with `listed`. */
static void one_folder(const char *path, bool deep, bool listed, const struct program_options *options, struct tally *t)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name, *dot = strrchr(name, '.');
		struct program_options own = *options;
		struct tally file = {0};
		char inner[1200];

		snprintf(inner, sizeof(inner), "%s/%s", path, name);
		if (dot && strcmp(dot, ".json") == 0) {
			one_file(inner, &own, &file);
			if (listed || file.passed != file.all)
				printf("# %s: %u of %u\n", inner, file.passed, file.all);
			t->passed += file.passed;
			t->all += file.all;
			t->refused += file.refused;
		} else if (deep && *name != '.') {
			own.assert_format = strcmp(name, "format") == 0;
			one_folder(inner, deep, listed, &own, t);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static int run_part(int number, const struct part *p)
{
	char root[500], path[600], remotes[600];
	const char *library[] = {meta_path, remotes};
	const struct program_source source = {NULL, schema_path};
	struct program_options options = {.sources = &source, .source_count = 1, .library = library, .library_count = 2, .draft = p->draft};
	struct tally required = {0}, optional = {0};

	if (!schema_file_packaged(p->package, p->end, root, sizeof(root))) {
		printf("not ok %d - %s is not installed: apt-get install %s\n", number, p->package, p->package);
		return 1;
	}
	snprintf(remotes, sizeof(remotes), "http://localhost:1234/=%s/remotes", root);
	snprintf(path, sizeof(path), "%s/tests/%s", root, p->draft_folder);
	one_folder(path, false, false, &options, &required);
	snprintf(path, sizeof(path), "%s/tests/%s/optional", root, p->draft_folder);
	one_folder(path, true, true, &options, &optional);
	bool good = required.passed == required.all && required.all >= p->required && optional.passed >= p->optional_passed;
	printf("%sok %d - %s of %s: required %u of %u, optional %u of %u (%u schemas refused)\n", good ? "" : "not ", number,
	    p->draft_folder, p->package, required.passed, required.all, optional.passed, optional.all, optional.refused);
	return !good;
}

/* A meta-schema into the folder of those, or all that are the members of an object. */
static bool keep_meta_schema(const char *path, bool members)
{
	static unsigned count;
	const struct json_node *member;
	struct json_doc doc;
	uint8_t *text;
	bool good = schema_file_read(path, &text, &doc);
	uint32_t all = good && members ? doc.nodes->length : 1;

	member = good ? doc.nodes + 1 : NULL;
	for (uint32_t i = 0; good && i < all; i++) {
		char own[100];

		snprintf(own, sizeof(own), "%s/%u.json", meta_path, count++);
		good = schema_file_write(own, members ? member + 1 : doc.nodes);
		member = members ? json_next(member + 1) : NULL;
	}
	json_doc_fini(&doc);
	free(text);
	return good;
}

/* As Debian 12 has them. */
static bool meta_schemas_together(void)
{
	static const char *const names[] = {"draft7", "draft2020-12", "vocabularies"};
	char root[500], path[700];

	if (!schema_file_packaged("python3-jsonschema", "/schemas/draft7.json", root, sizeof(root)))
		return false;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/schemas/%s.json", root, names[i]);
		if (!keep_meta_schema(path, i == 2))
			return false;
	}
	return true;
}

/* As Debian 13 has them, in a package that python3-jsonschema depends on. */
static bool meta_schemas_one_by_one(void)
{
	static const char *const names[] = {"draft7/metaschema.json", "draft202012/metaschema.json", "draft202012/vocabularies/core",
	    "draft202012/vocabularies/applicator", "draft202012/vocabularies/unevaluated", "draft202012/vocabularies/validation",
	    "draft202012/vocabularies/meta-data", "draft202012/vocabularies/format-annotation",
	    "draft202012/vocabularies/format-assertion", "draft202012/vocabularies/content"};
	char root[500], path[700];

	if (!schema_file_packaged("python3-jsonschema-specifications", "/schemas/draft7/metaschema.json", root, sizeof(root)))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/schemas/%s", root, names[i]);
		if (!keep_meta_schema(path, false))
			return false;
	}
	return true;
}

static void remove_all(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char inner[400];

		snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		if (*entries[i]->d_name != '.' && unlink(inner) != 0)
			remove_all(inner);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	rmdir(path);
}

int main(int argc, char **argv)
{
	int failed = 0, count = (int)(sizeof(parts) / sizeof(*parts));

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	printf("1..%d\n", count);
	if (!mkdtemp(folder) || !(space = pattern_space_new())) {
		puts("Bail out! no folder, no memory");
		return 1;
	}
	snprintf(schema_path, sizeof(schema_path), "%s/schema.json", folder);
	snprintf(meta_path, sizeof(meta_path), "%s/meta", folder);
	if (mkdir(meta_path, 0700) || !(meta_schemas_together() || meta_schemas_one_by_one())) {
		puts("Bail out! the meta-schemas are missing: apt-get install python3-jsonschema");
		failed = count;
	}
	for (int i = 0; i < count && failed < count; i++)
		failed += run_part(i + 1, &parts[i]);
	run_fini(&runner);
	pattern_space_free(&space);
	remove_all(folder);
	return failed ? 1 : 0;
}
