/* Private to daemon/auth. What has been answered about a set of facts, for all connections that have the same. Bounded: the oldest
 * makes room. Any thread. */
#ifndef PLUQ__AUTH_CACHE_H
#define PLUQ__AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUQ__CACHE_KEY 32 /* bytes; of a digest, so they are as good as random */

struct pluq__cache;
struct pluq__grants;

/* An outcome. */
struct pluq__kept {
	int status;                  /* 0, or PLUQ_E* */
	struct pluq__grants *grants; /* status 0 */
	int64_t until_ns;            /* it is in force */
	int64_t retry_ns;            /* later than until_ns: it is served until then, too, as asking has failed */
};

/* NULL: no memory. bytes: of grants; 0: none are put in. */
struct pluq__cache *pluq__cache_new(size_t entries, size_t bytes);
void pluq__cache_free(struct pluq__cache **); /* accepts NULL inside */

/* true: there is one, in force or not; its grants are the caller's reference. */
bool pluq__cache_get(struct pluq__cache *, const unsigned char key[PLUQ__CACHE_KEY], struct pluq__kept *out);
/* Replaces. The grants are shared. age: of when the question was asked; what has been cleared since is not put back. Without memory
 * nothing is kept. */
void pluq__cache_put(struct pluq__cache *, const unsigned char key[PLUQ__CACHE_KEY], const struct pluq__kept *, uint64_t age);
void pluq__cache_remove(struct pluq__cache *, const unsigned char key[PLUQ__CACHE_KEY]); /* if it is there */
/* If it is there it is served until then, too. */
void pluq__cache_set_retry(struct pluq__cache *, const unsigned char key[PLUQ__CACHE_KEY], int64_t retry_ns);
uint64_t pluq__cache_age(struct pluq__cache *);
void pluq__cache_clear(struct pluq__cache *);
size_t pluq__cache_count(struct pluq__cache *);

#endif
