/* An auth server's answer, judged as the original judges it: by the rules of Go's JSON decoder, and strictly. */
#ifndef AUTH_ANSWER_H
#define AUTH_ANSWER_H

#include <jansson.h>
#include <pluq/auth.h>

/* Limits of one answer: bytes, entries, patterns of all entries. They are looked at in one step of a loop. */
#define ANSWER_MAX (1 << 20)
#define ANSWER_ENTRIES_MAX 4096
#define ANSWER_PATTERNS_MAX 8192

struct answer {
	json_t *root;
	int64_t ttl_ns;
	const char *identity, *identity_url; /* in root, like what follows */
	const json_t *authorizations;        /* list, or NULL */
};

/* false: it is no answer; why says what is wrong, one line without anything secret. Nothing is owed then. */
bool answer_read(struct answer *, const uint8_t *body, size_t length, char *why, size_t room);
/* Tells the daemon. false: no memory. */
bool answer_tell(const struct answer *, const struct pluq_auth *, struct pluq_auth_call *);
void answer_free(struct answer *);

/* The body of a refusal that asks for https. -1: it names no port; else the number that it names, whatever that is, within 0 .. 65536. */
int answer_https_port(const uint8_t *body, size_t length);

#endif
