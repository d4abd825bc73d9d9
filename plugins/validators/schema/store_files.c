/* Schema files: one, or all in a folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pointer.h"
#include "store.h"
#include "uri.h"

#define FOLDERS_MOST 16 /* within each other; also ends a circle of links */

int store_no_memory(struct pluq_why *why)
{
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

int store_fail(struct pluq_why *why, const struct document *doc, const struct json_node *node, const char *fmt, ...)
{
	char pointer[84], text[120], shown[120];
	const char *name = doc->name;
	size_t length = strlen(name);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pointer_show(text, strlen(text), shown, sizeof(shown)); /* there may be names and references in it */
	pointer_text(doc->json.nodes, node, pointer, sizeof(pointer));
	snprintf(why->text, sizeof(why->text), "%s%s: at %s: %s", length > 60 ? "..." : "", length > 60 ? name + length - 57 : name,
	    *pointer ? pointer : "the root", shown);
	return PLUQ_EINVAL;
}

bool store_grow(void *array, size_t count, size_t item_size)
{
	void **items = array;
	size_t room = count ? count * 2 : 8;
	void *grown;

	if (count && (count < 8 || (count & (count - 1))))
		return true;
	grown = realloc(*items, room * item_size);
	if (!grown)
		return false;
	*items = grown;
	return true;
}

static int trouble(struct pluq_why *why, const char *path, const char *what, int error)
{
	char text[80] = "";

	if (error && strerror_r(error, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", error);
	snprintf(why->text, sizeof(why->text), "%.120s: %s%s%s", path, what, error ? ": " : "", text);
	return error == ENOMEM ? PLUQ_ENOMEM : PLUQ_EINVAL;
}

static int read_open(int fd, const char *path, uint8_t **text, size_t *length, struct pluq_why *why)
{
	struct stat st;
	size_t have = 0;

	if (fstat(fd, &st) < 0)
		return trouble(why, path, "cannot be read", errno);
	if (!S_ISREG(st.st_mode))
		return trouble(why, path, "is not a file", 0);
	if (st.st_size > STORE_FILE_MAX)
		return trouble(why, path, "is larger than 16 MiB", 0);
	if (!(*text = malloc((size_t)st.st_size + 1)))
		return store_no_memory(why);
	while (have < (size_t)st.st_size) {
		ssize_t n = read(fd, *text + have, (size_t)st.st_size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(*text);
			return trouble(why, path, "cannot be read", errno);
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*length = have;
	return 0;
}

static int parse(struct document *d, size_t length, struct pluq_why *why)
{
	static const struct json_limits limits = {.depth = STORE_DEPTH_MAX};
	size_t skip = length >= 3 && memcmp(d->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	unsigned line = 1, column = 1;
	struct json_error error;

	if (json_parse(&d->json, d->text + skip, length - skip, &limits, &error))
		return 0;
	if (!error.what)
		return store_no_memory(why);
	for (size_t i = skip; i < skip + error.at; i++) {
		column = d->text[i] == '\n' ? 1 : column + ((d->text[i] & 0xc0) != 0x80);
		line += d->text[i] == '\n';
	}
	snprintf(why->text, sizeof(why->text), "%.120s:%u:%u: %s", d->name, line, column, error.what);
	return PLUQ_EINVAL;
}

static int open_and_parse(struct document *d, struct pluq_why *why)
{
	const struct json_node *id;
	size_t length = 0;
	int fd = open(d->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;

	if (fd < 0)
		return trouble(why, d->name, "cannot be opened", errno);
	rc = read_open(fd, d->name, &d->text, &length, why);
	close(fd);
	if (rc || (rc = parse(d, length, why)))
		return rc;
	id = json_get(d->json.nodes, "$id");
	if (id && id->type == JSON_STRING) {
		if (!(d->id = uri_resolve(d->uri, (const char *)id->u.text, id->length)))
			return store_no_memory(why);
		uri_cut_fragment(d->id);
	}
	d->resource_of = calloc(d->json.count, sizeof(*d->resource_of));
	d->schema_of = calloc(d->json.count, sizeof(*d->schema_of));
	return d->resource_of && d->schema_of ? 0 : store_no_memory(why);
}

static char *file_uri(const char *path)
{
	char full[PATH_MAX], *uri, *out;

	if (!realpath(path, full))
		snprintf(full, sizeof(full), "/%s", path);
	if (!(uri = malloc(strlen(full) * 3 + 8)))
		return NULL;
	out = stpcpy(uri, "file://");
	/* What would end the path, or be taken for an escape. */
	for (const char *c = full; *c; c++)
		out += sprintf(out, strchr("%?#", *c) ? "%%%02X" : "%c", *c);
	return uri;
}

/* Its trouble is noted in it; only no memory is a failure. */
static int add(struct store *s, const char *path, const char *uri, struct document **out, struct pluq_why *why)
{
	struct document *d;

	if (!store_grow(&s->docs, s->doc_count, sizeof(*s->docs)) || !(d = calloc(1, sizeof(*d))))
		return store_no_memory(why);
	s->docs[s->doc_count++] = d;
	d->name = strdup(path);
	d->uri = uri ? strdup(uri) : file_uri(path);
	*out = d;
	if (!d->name || !d->uri)
		return store_no_memory(why);
	return open_and_parse(d, &d->trouble) == PLUQ_ENOMEM ? store_no_memory(why) : 0;
}

int store_read(struct store *s, const char *path, const char *uri, struct document **out, struct pluq_why *why)
{
	int rc = 0;

	*out = NULL;
	for (size_t i = 0; i < s->doc_count && !*out; i++) {
		if (strcmp(s->docs[i]->name, path) == 0)
			*out = s->docs[i];
	}
	if (!*out && (rc = add(s, path, uri, out, why)))
		return rc;
	if (*(*out)->trouble.text) {
		*why = (*out)->trouble;
		return PLUQ_EINVAL;
	}
	return 0;
}

/* Links that go nowhere and the like are passed over. */
static int read_folder(struct store *s, const char *path, const char *uri, int left, struct pluq_why *why)
{
	DIR *folder = opendir(path);
	struct dirent *e;
	int rc = 0;

	if (!folder)
		return trouble(why, path, "cannot be read", errno);
	while (!rc && (e = readdir(folder))) {
		size_t length = strlen(e->d_name);
		char inner[PATH_MAX], inner_uri[PATH_MAX + 256];
		struct document *doc;
		struct stat st;
		bool fits = snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name) < (int)sizeof(inner) &&
			snprintf(inner_uri, sizeof(inner_uri), "%s%s", uri ? uri : "", e->d_name) < (int)sizeof(inner_uri) - 1;

		if (*e->d_name == '.' || !fits || stat(inner, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && left > 0) {
			strcat(inner_uri, "/");
			rc = read_folder(s, inner, uri ? inner_uri : NULL, left - 1, why);
		} else if (S_ISREG(st.st_mode) && length > 5 && strcmp(e->d_name + length - 5, ".json") == 0) {
			rc = add(s, inner, uri ? inner_uri : NULL, &doc, why);
		}
	}
	closedir(folder);
	return rc;
}

int store_read_library(struct store *s, const char *item, struct pluq_why *why)
{
	const char *equals = strchr(item, '='), *path = item;
	struct document *doc;
	struct stat st;
	char *uri = NULL;
	int rc;

	if (equals && uri_is_absolute(item, (size_t)(equals - item))) {
		path = equals + 1;
		if (!(uri = strndup(item, (size_t)(equals - item))))
			return store_no_memory(why);
	}
	if (stat(path, &st) < 0)
		rc = trouble(why, path, "cannot be read", errno);
	else if (S_ISDIR(st.st_mode))
		rc = read_folder(s, path, uri, FOLDERS_MOST, why);
	else
		rc = store_read(s, path, uri, &doc, why);
	free(uri);
	return rc;
}

void store_fini(struct store *s)
{
	for (size_t i = 0; i < s->doc_count; i++) {
		struct document *d = s->docs[i];

		free(d->name);
		free(d->uri);
		free(d->id);
		free(d->text);
		json_doc_fini(&d->json);
		free(d->resource_of);
		free(d->schema_of);
		free(d);
	}
	for (size_t i = 0; i < s->resource_count; i++)
		free(s->resources[i].uri);
	free(s->docs);
	free(s->resources);
	free(s->anchors);
	*s = (struct store){0};
}
