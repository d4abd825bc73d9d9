#include "schema_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool schema_file_read(const char *path, uint8_t **text, struct json_doc *doc)
{
	static const struct json_limits limits = {.depth = 200};
	struct json_error error;
	FILE *f = fopen(path, "rb");
	bool good = false;
	long size;

	*text = NULL;
	*doc = (struct json_doc){0};
	if (f && fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0 &&
	    (*text = malloc((size_t)size + 1)) && fread(*text, 1, (size_t)size, f) == (size_t)size)
		good = json_parse(doc, *text, (size_t)size, &limits, &error);
	if (f)
		fclose(f);
	return good;
}

static void put_string(FILE *f, const struct json_node *n)
{
	fputc('"', f);
	for (uint32_t i = 0; i < n->length; i++) {
		uint8_t c = n->u.text[i];

		if (c < 0x20 || c == '"' || c == '\\')
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void put(FILE *f, const struct json_node *n)
{
	static const char *const words[] = {"null", "false", "true"};
	const struct json_node *at = n + 1;

	switch ((enum json_type)n->type) {
	case JSON_NUMBER:
		if (json_is_number_long(n))
			fwrite(n->u.text, 1, n->length, f);
		else
			fprintf(f, "%llde%d", (long long)n->u.mantissa, (int)n->length);
		break;
	case JSON_STRING:
		put_string(f, n);
		break;
	case JSON_ARRAY:
		for (uint32_t i = 0; i < n->length; i++, at = json_next(at)) {
			fputc(i ? ',' : '[', f);
			put(f, at);
		}
		fputs(n->length ? "]" : "[]", f);
		break;
	case JSON_OBJECT:
		for (uint32_t i = 0; i < n->length; i++, at = json_next(at + 1)) {
			fputc(i ? ',' : '{', f);
			put_string(f, at);
			fputc(':', f);
			put(f, at + 1);
		}
		fputs(n->length ? "}" : "{}", f);
		break;
	default:
		fputs(words[n->type], f);
	}
}

bool schema_file_write(const char *path, const struct json_node *n)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		return false;
	put(f, n);
	return fclose(f) == 0;
}

bool schema_file_packaged(const char *package, const char *end, char *out, size_t room)
{
	char command[200], line[1000];
	size_t tail = strlen(end);
	bool found = false;
	FILE *list;

	snprintf(command, sizeof(command), "dpkg -L %s 2>/dev/null", package);
	if (!(list = popen(command, "r")))
		return false;
	while (fgets(line, sizeof(line), list)) {
		size_t n = strcspn(line, "\n");

		line[n] = 0;
		if (!found && n >= tail && strcmp(line + n - tail, end) == 0 && n - tail < room) {
			snprintf(out, room, "%.*s", (int)(n - tail), line);
			found = true;
		}
	}
	pclose(list);
	return found;
}
