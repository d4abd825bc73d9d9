#include "http_fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pluq/error.h>

#include "../base/memory.h"

#define LEAST_ROOM 512

/* Room for n more bytes, at least doubling. */
static int grow(struct pluq__http_fields *f, size_t n)
{
	size_t wanted = f->room ? f->room * 2 : LEAST_ROOM;
	if (f->room - f->length >= n)
		return 0;
	while (wanted - f->length < n)
		wanted *= 2;
	char *larger = realloc(f->text, wanted);
	if (!larger)
		return PLUQ_ENOMEM;
	pluq__memory_add((int64_t)(wanted - f->room));
	f->text = larger;
	f->room = wanted;
	return 0;
}

int pluq__http_fields_add(struct pluq__http_fields *f, enum pluq__http_text kind, const char *bytes, size_t n)
{
	if (f->last != kind && pluq__http_fields_end(f) < 0)
		return PLUQ_ENOMEM;
	if (grow(f, n) < 0)
		return PLUQ_ENOMEM;
	memcpy(f->text + f->length, bytes, n);
	f->length += n;
	f->last = (uint8_t)kind;
	return 0;
}

int pluq__http_fields_end(struct pluq__http_fields *f)
{
	if (f->last == PLUQ__HTTP_NO_TEXT)
		return 0;
	if (grow(f, 1) < 0)
		return PLUQ_ENOMEM;
	if (f->last == PLUQ__HTTP_NAME && f->length && f->text[f->length - 1] == ' ')
		f->malformed = true; /* the parser would take it for the field without the space; a proxy before us may not */
	if (f->last == PLUQ__HTTP_VALUE) /* optional white space behind a value is not part of it */
		while (f->length && (f->text[f->length - 1] == ' ' || f->text[f->length - 1] == '\t'))
			f->length--;
	f->text[f->length++] = 0;
	if (f->last == PLUQ__HTTP_URI)
		f->first = f->length;
	f->last = PLUQ__HTTP_NO_TEXT;
	return 0;
}

void pluq__http_fields_fini(struct pluq__http_fields *f)
{
	pluq__memory_add(-(int64_t)f->room);
	free(f->text);
	*f = (struct pluq__http_fields){0};
}

const char *pluq__http_fields_find(const struct pluq__http_fields *f, const char *name, const char *after)
{
	const char *end = f->text + f->length;
	if (!f->text)
		return NULL;
	for (const char *at = after ? after + strlen(after) + 1 : f->text + f->first; at < end;) {
		const char *value = at + strlen(at) + 1;
		if (value >= end)
			return NULL;
		if (strcasecmp(at, name) == 0)
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}
