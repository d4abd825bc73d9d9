#include "question.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* --- the copy ----------------------------------------------------------------------------------------------------- */

static size_t room_for(const struct pluq_auth_query *q)
{
	size_t n = q->secret_length + 1 + strlen(q->remote_ip) + 1 + strlen(q->common_name) + 1;

	for (size_t i = 0; i < q->alt_names.count; i++)
		n += strlen(q->alt_names.items[i]) + 1;
	return n;
}

static const char *put(char **at, const void *bytes, size_t n)
{
	char *text = *at;

	if (n)
		memcpy(text, bytes, n);
	text[n] = 0;
	*at += n + 1;
	return text;
}

static void copy(struct pluq_auth_query *to, const struct pluq_auth_query *from, const char **names, char *at)
{
	*to = (struct pluq_auth_query){ .size = sizeof(*to), .secret_length = from->secret_length, .tls = from->tls,
		.verified = from->verified };
	to->secret = (const uint8_t *)put(&at, from->secret, from->secret_length);
	to->remote_ip = put(&at, from->remote_ip, strlen(from->remote_ip));
	to->common_name = put(&at, from->common_name, strlen(from->common_name));
	for (size_t i = 0; i < from->alt_names.count; i++)
		names[i] = put(&at, from->alt_names.items[i], strlen(from->alt_names.items[i]));
	to->alt_names = (struct pluq_strings){ .items = names, .count = from->alt_names.count };
}

/* --- the key ------------------------------------------------------------------------------------------------------ */

/* Each with its length, so that no two sets of facts look alike. */
static bool add(EVP_MD_CTX *c, const void *bytes, size_t n)
{
	const uint64_t length = n;

	return EVP_DigestUpdate(c, &length, sizeof(length)) == 1 && EVP_DigestUpdate(c, bytes, n) == 1;
}

static bool add_facts(EVP_MD_CTX *c, const struct pluq_auth_query *q)
{
	const unsigned char flags = (unsigned char)(q->tls | q->verified << 1);
	bool ok = add(c, q->secret, q->secret_length) && add(c, q->remote_ip, strlen(q->remote_ip)) &&
	    add(c, q->common_name, strlen(q->common_name)) && add(c, &flags, 1);

	for (size_t i = 0; ok && i < q->alt_names.count; i++)
		ok = add(c, q->alt_names.items[i], strlen(q->alt_names.items[i]));
	return ok;
}

static bool make_key(struct pluq__question *q, const unsigned char *salt)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 && add(c, salt, PLUQ__CACHE_KEY) && add_facts(c, &q->query) &&
	    EVP_DigestFinal_ex(c, q->key, NULL) == 1;

	EVP_MD_CTX_free(c);
	return ok;
}

/* --- making ------------------------------------------------------------------------------------------------------- */

static void wipe(struct pluq__question *q)
{
	OPENSSL_cleanse(q, q->size);
	free(q);
}

struct pluq__question *pluq__question_new(const struct pluq__auth *a, const struct pluq_auth_query *from)
{
	size_t head = sizeof(struct pluq__question) + from->alt_names.count * sizeof(char *), size = head + room_for(from);
	struct pluq__question *q = malloc(size);

	if (!q)
		return NULL;
	q->refs = 1;
	q->size = size;
	copy(&q->query, from, (const char **)(q + 1), (char *)q + head);
	if (make_key(q, a->salt))
		return q;
	wipe(q);
	return NULL;
}

void pluq__question_unref(struct pluq__question *q)
{
	if (q && atomic_fetch_sub_explicit(&q->refs, 1, memory_order_acq_rel) == 1)
		wipe(q);
}
