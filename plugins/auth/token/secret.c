#include "secret.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define PASSWORD "pbkdf2-sha256:"
#define TOKEN "sha256:"

bool secret_name_good(const char *name, size_t n)
{
	if (n == 0 || n > SECRET_NAME_MOST)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("._@/+-", c))))
			return false;
	}
	return true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes up to the end of the text or a colon, *at is moved there. Their number; 0: not hexadecimal, or too many. */
static size_t take_hex(const char **at, uint8_t *out, size_t most)
{
	size_t n = 0;

	for (; **at && **at != ':'; *at += 2) {
		int high = digit((*at)[0]), low = high < 0 ? -1 : digit((*at)[1]);

		if (low < 0 || n == most)
			return 0;
		out[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}

static bool take_rounds(const char **at, uint32_t *out)
{
	char *end;
	unsigned long n = isdigit((unsigned char)**at) ? strtoul(*at, &end, 10) : 0;

	if (n < SECRET_ROUNDS_LEAST || n > SECRET_ROUNDS_MOST || *end != ':')
		return false;
	*out = (uint32_t)n;
	*at = end + 1;
	return true;
}

const char *secret_parse(const char *text, struct secret_hash *out)
{
	*out = (struct secret_hash){0};
	if (strncmp(text, PASSWORD, strlen(PASSWORD)) == 0) {
		text += strlen(PASSWORD);
		if (!take_rounds(&text, &out->rounds))
			return "the number of rounds is not from 10000 to 5000000";
	} else if (strncmp(text, TOKEN, strlen(TOKEN)) == 0)
		text += strlen(TOKEN);
	else
		return "not a hash: it begins with sha256: or pbkdf2-sha256: (and a grant is indented)";
	out->salt_length = take_hex(&text, out->salt, sizeof(out->salt));
	if (out->salt_length < SECRET_SALT_LEAST || *text != ':')
		return "the salt is not 8 to 64 bytes in hexadecimal digits";
	text++;
	if (take_hex(&text, out->hash, sizeof(out->hash)) != SECRET_HASH || *text)
		return "the hash is not 32 bytes in hexadecimal digits";
	return NULL;
}

static char *put_hex(char *at, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at += sprintf(at, "%02x", bytes[i]);
	return at;
}

void secret_format(const struct secret_hash *h, char out[SECRET_TEXT_ROOM])
{
	char *at = out + (h->rounds ? sprintf(out, PASSWORD "%u:", h->rounds) : sprintf(out, TOKEN));

	at = put_hex(at, h->salt, h->salt_length);
	*at++ = ':';
	at = put_hex(at, h->hash, SECRET_HASH);
	*at = 0;
}

static bool digest(const struct secret_hash *h, const uint8_t *rest, size_t n, uint8_t out[SECRET_HASH])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) && EVP_DigestUpdate(c, h->salt, h->salt_length) &&
	            EVP_DigestUpdate(c, rest, n) && EVP_DigestFinal_ex(c, out, NULL);

	EVP_MD_CTX_free(c);
	return good;
}

bool secret_compute(const struct secret_hash *h, const uint8_t *rest, size_t n, uint8_t out[SECRET_HASH])
{
	if (n > SECRET_REST_MOST)
		return false;
	if (!h->rounds)
		return digest(h, rest, n, out);
	return PKCS5_PBKDF2_HMAC((const char *)rest, (int)n, h->salt, (int)h->salt_length, (int)h->rounds, EVP_sha256(), SECRET_HASH,
	    out);
}

bool secret_check(const struct secret_hash *h, const uint8_t *rest, size_t n, bool *same)
{
	uint8_t hash[SECRET_HASH];
	bool good = secret_compute(h, rest, n, hash);

	if (good)
		*same = CRYPTO_memcmp(hash, h->hash, SECRET_HASH) == 0;
	OPENSSL_cleanse(hash, sizeof(hash));
	return good;
}
