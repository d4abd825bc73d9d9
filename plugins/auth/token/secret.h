/* Secrets of auth-token. A client sends NAME:REST; the file has, for each name, a salted hash of REST:
 *
 *	sha256:SALT:HASH                    of SALT and REST. For 256 random bits, which nobody can guess however fast a guess is
 *	pbkdf2-sha256:ROUNDS:SALT:HASH      for a password that somebody has chosen
 *
 * SALT and HASH are bytes in hexadecimal digits. Also compiled into pluq_token, which makes the lines. */
#ifndef TOKEN_SECRET_H
#define TOKEN_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SECRET_SALT_LEAST = 8,
	SECRET_SALT_MOST = 64,
	SECRET_HASH = 32,
	SECRET_NAME_MOST = 64,
	SECRET_REST_MOST = 4096, /* longest that is hashed, bytes */
	SECRET_ROUNDS_LEAST = 10000,
	SECRET_ROUNDS_MOST = 5000000 /* a second or two of a core for each attempt */
};

struct secret_hash {
	uint32_t rounds; /* 0: sha256; else of PBKDF2 */
	size_t salt_length;
	uint8_t salt[SECRET_SALT_MOST];
	uint8_t hash[SECRET_HASH];
};

/* 1 to 64 letters, digits and . _ @ / + - */
bool secret_name_good(const char *name, size_t n);
/* NULL, or what is wrong with the text, for people. */
const char *secret_parse(const char *text, struct secret_hash *out);
/* Enough for every text with its terminator. */
#define SECRET_TEXT_ROOM (40 + 2 * (SECRET_SALT_MOST + SECRET_HASH))
void secret_format(const struct secret_hash *, char out[SECRET_TEXT_ROOM]);

/* Hashes with the salt and the rounds that are there. false: the library could not. */
bool secret_compute(const struct secret_hash *, const uint8_t *rest, size_t n, uint8_t out[SECRET_HASH]);
/* The time it takes does not tell where they differ. *same only if true is returned. */
bool secret_check(const struct secret_hash *, const uint8_t *rest, size_t n, bool *same);

#endif
