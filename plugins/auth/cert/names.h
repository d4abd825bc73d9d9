/* Which certificate an entry is about.
 *
 *	CN=name  DNS:name  IP:address  URI:text  email:text       as it stands in the certificate
 *	CN=*.example  DNS:*.example                               with exactly one label in the place of the star
 *	*                                                         any that was verified
 */
#ifndef CERT_NAMES_H
#define CERT_NAMES_H

#include "../common/rules.h"

/* NULL, or what is wrong with the text, for people. */
const char *names_check(const char *text);

/* The name of the certificate that fits the text; NULL: none does. Borrowed from the query. */
const char *names_match(const char *text, const struct pluq_auth_query *);

#endif
