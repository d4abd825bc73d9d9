/* Which schema for which topic; the end of a program. */
#include "program.h"

#include <pluq/glob.h>
#include <stdlib.h>
#include <string.h>

uint32_t program_schema(const struct program *p, const char *topic, size_t length)
{
	for (size_t i = 0; i < p->entry_count; i++) {
		if (!p->entries[i].glob || pluq_glob_match(p->entries[i].glob, topic, length))
			return p->entries[i].schema;
	}
	return NO_SCHEMA;
}

void program_fini(struct program *p)
{
	for (size_t i = 0; i < p->members_count; i++) {
		free(p->members[i]->slots);
		free(p->members[i]->patterns);
		free(p->members[i]);
	}
	for (size_t i = 0; i < p->pattern_count; i++)
		pattern_free(&p->patterns[i]);
	for (size_t i = 0; i < p->text_count; i++)
		free(p->texts[i]);
	for (size_t i = 0; i < p->entry_count; i++)
		free(p->entries[i].glob);
	free(p->members);
	free(p->patterns);
	free(p->texts);
	free(p->entries);
	free(p->schemas);
	free(p->ops);
	free(p->lists);
	free(p->names);
	free(p->dynamics);
	store_fini(&p->store);
	*p = (struct program){0};
}
