/* One message against what the options say. */
#ifndef VALIDATE_JSON_CHECK_H
#define VALIDATE_JSON_CHECK_H

#include "options.h"
#include "rules.h"

/* What messages are judged by: the options, compiled. Not changed once it is made. */
struct checks {
	struct rules rules;
	size_t max_size; /* 0: no limit */
	uint32_t max_depth;
	int64_t root;
	bool unique; /* duplicates are rejected */
};

/* 0, or PLUQ_E* with why. The caller's to free. */
int checks_new(struct checks **out, const struct conf *, struct pluq_why *why);
void checks_free(struct checks **); /* accepts NULL inside */

/* keys: of the calling loop. Returns an enum pluq_judgement, or PLUQ_ENOMEM, with the reason. */
int checks_judge(const struct checks *, struct keys *, const uint8_t *body, size_t length, char *reason, size_t size);

#endif
