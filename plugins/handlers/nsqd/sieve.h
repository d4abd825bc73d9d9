/* The messages of a publish, judged one by one: what stays, what is left out, what goes elsewhere, what refuses the whole. */
#ifndef NSQD_SIEVE_H
#define NSQD_SIEVE_H

#include <pluq/validator.h>

#include "split.h"
#include "text.h"

struct sieve {
	struct nsqd *nsqd;
	const struct pluq_validation *by; /* as of this turn */
	struct split *split; /* what is left out; NULL: nothing is */
	uint8_t *out;        /* a bit for each message that is not to be published as it is; NULL: all are */
	size_t room;         /* bytes there */
	size_t seen, out_count;
	struct pluq_judged judged; /* the last one that was not accepted */
};

enum sieved { SIEVE_ACCEPTS, SIEVE_REFUSES, SIEVE_NO_MEMORY };

void sieve_init(struct sieve *, struct nsqd *, const struct pluq_validation *by);
/* Judges the next message; by is not NULL. SIEVE_REFUSES: the whole publish is refused because of it. */
enum sieved sieve_judge(struct sieve *, const struct pluq_body *);
bool sieve_leaves_out(const struct sieve *, size_t index);
/* Why the publish is refused: " by NAME: REASON"; and of a batch because of which message: " message(N)". */
void sieve_text_index(const struct sieve *, bool batch, struct text *);
void sieve_text_reason(const struct sieve *, struct text *);
void sieve_fini(struct sieve *);

#endif
