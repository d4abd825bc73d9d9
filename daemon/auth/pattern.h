/* Private to daemon/auth. Regular expressions that others have written: compiled once, matched within limits. */
#ifndef PLUQ__PATTERN_H
#define PLUQ__PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Most patterns are a name or everything, which needs no engine. */
struct pluq__pattern {
	pcre2_code *code;        /* NULL: a literal */
	const char *text;        /* borrowed; of a literal what it stands for */
	uint32_t length;
	bool at_start, at_end;   /* anchored there */
};

/* What matching needs; one thread at a time. */
struct pluq__matcher {
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

int pluq__matcher_init(struct pluq__matcher *); /* PLUQ_ENOMEM; fini is owed all the same */
void pluq__matcher_fini(struct pluq__matcher *);

/* Any thread. `text` must live as long as the pattern, which may rewrite it. false: it does not compile; why (of `size` bytes) says
 * what is wrong with it. */
bool pluq__pattern_init(struct pluq__pattern *, char *text, char *why, size_t size);
void pluq__pattern_fini(struct pluq__pattern *);
size_t pluq__pattern_bytes(const struct pluq__pattern *); /* beside the text's own */

enum { PLUQ__MATCH = 1, PLUQ__NO_MATCH = 0, PLUQ__MATCH_LIMIT = -1 };

/* PLUQ__MATCH_LIMIT: it would take too long to find out. */
int pluq__pattern_match(const struct pluq__pattern *, struct pluq__matcher *, const char *name, size_t length);

#endif
