/* Private to daemon/net. Header fields, gathered as the parser hands them out: in pieces, names and values in turn. */
#ifndef PLUQ__HTTP_FIELDS_H
#define PLUQ__HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pluq__http_text { PLUQ__HTTP_NO_TEXT, PLUQ__HTTP_URI, PLUQ__HTTP_NAME, PLUQ__HTTP_VALUE };

/* Empty when all is 0. */
struct pluq__http_fields {
	char *text; /* the URI if there is one, then names and values in turn, each terminated */
	size_t length, room;
	size_t first;   /* where the first name begins */
	uint8_t last;   /* enum pluq__http_text: what text ends in */
	bool malformed; /* in a way that the parser lets pass */
};

/* PLUQ_ENOMEM. */
int pluq__http_fields_add(struct pluq__http_fields *, enum pluq__http_text, const char *bytes, size_t n);
int pluq__http_fields_end(struct pluq__http_fields *); /* what was added last is complete */
void pluq__http_fields_fini(struct pluq__http_fields *);

/* The value of the first field of that name (any case) or, after a value that it has returned, of the next one. NULL: none. */
const char *pluq__http_fields_find(const struct pluq__http_fields *, const char *name, const char *after);

#endif
