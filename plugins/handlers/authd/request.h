/* What a broker asks: the values of its request. */
#ifndef AUTHD_REQUEST_H
#define AUTHD_REQUEST_H

#include "authd.h"

/* Longest secret that is asked about, bytes. */
#define SECRET_MOST 65536

/* Stripped of white space around them, terminated. */
struct question {
	char *secret, *remote_ip, *common_name;
	size_t secret_length;
	bool tls;
};

struct refusal {
	uint32_t status; /* of HTTP; 0: none */
	const char *text;
};

/* Judged in the order secret, remote_ip, tls. After a refusal nothing is owed. */
struct refusal question_from_query(const struct pluq_http *, const struct pluq_http_request *, struct question *out);
/* {"secret": ["..."], "remote_ip": ["..."], "tls": ["..."], "common_name": ["..."]}; a text may stand without its list. */
struct refusal question_from_json(const uint8_t *body, size_t n, struct question *out);
void question_free(struct question *);

#endif
