/* Private to daemon/auth. What a plugin tells with its verdict, as it is told: a builder with a sticky error. */
#ifndef PLUQ__ANSWER_H
#define PLUQ__ANSWER_H

#include <pluq/auth.h>

#include "../base/arena.h"

/* Of one answer. */
#define PLUQ__PATTERNS_MAX 65536
#define PLUQ__PATTERN_BYTES_MAX 4096
#define PLUQ__IDENTITY_BYTES_MAX ((size_t)64 << 10) /* identity and URL, each */
#define PLUQ__ANSWER_BYTES_MAX ((size_t)16 << 20)

/* Zero-initialised it says nothing. */
struct pluq__answer {
	struct pluq__arena arena;
	const char *identity, *identity_url; /* NULL: not told */
	int64_t ttl_ns;                      /* 0: not told */
	struct pluq_grant *grants;
	size_t grant_count, grant_room;
	size_t pattern_count, bytes; /* of all grants */
	const char *bad;             /* constant: why it is none; NULL: it is good */
};

void pluq__answer_identify(struct pluq__answer *, const char *identity, const char *url); /* NULL: "" */
void pluq__answer_live(struct pluq__answer *, int64_t ns);
void pluq__answer_grant(struct pluq__answer *, uint32_t permissions, const char *topic, const char *const *channels, size_t n);
/* Puts in what was not told. */
void pluq__answer_end(struct pluq__answer *);
void pluq__answer_free(struct pluq__answer *); /* leaves it empty */

#endif
