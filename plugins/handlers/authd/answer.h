/* What an auth server says. */
#ifndef AUTHD_ANSWER_H
#define AUTHD_ANSWER_H

#include <pluq/auth.h>
#include <pluq/http.h>

#include "text.h"

/* The answer 200, as the example server of the original writes it. identity: NULL: the answer's own. Grants are grouped by topic,
 * then by what they permit, both in the order in which they first come; one that permits nothing is left out, as a broker would
 * refuse the whole answer for it. */
void answer_put(const struct pluq_http *, struct text *, const struct pluq_auth_answer *, const char *identity);

#endif
