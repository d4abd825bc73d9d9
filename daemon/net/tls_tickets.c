/* Keys of session tickets. A key makes tickets for twelve hours; then another one does, and the old one reads those that are left until they
 * have expired by themselves.
 */
#include "tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "../base/clock.h"

#define HOUR_NS (3600 * PLUQ__SEC)
#define KEY_NS (12 * HOUR_NS)
/* What OpenSSL gives a session. */
#define TICKET_NS (2 * HOUR_NS)

void pluq__tickets_init(struct pluq__tickets *t)
{
	memset(t, 0, sizeof *t);
	pthread_mutex_init(&t->lock, NULL);
}

void pluq__tickets_fini(struct pluq__tickets *t)
{
	pthread_mutex_destroy(&t->lock);
	OPENSSL_cleanse(t, sizeof *t);
}

static void drop_before(struct pluq__tickets *t)
{
	OPENSSL_cleanse(&t->before, sizeof t->before);
	t->both = false;
}

static void make_key(struct pluq__tickets *t, const struct pluq__ticket_key *key, int64_t now_ns)
{
	t->now = *key;
	t->made_ns = now_ns;
}

bool pluq__tickets_renew(struct pluq__tickets *t, int64_t now_ns)
{
	struct pluq__ticket_key key;
	if (RAND_bytes((uint8_t *)&key, sizeof key) != 1)
		return false;
	pthread_mutex_lock(&t->lock);
	drop_before(t);
	make_key(t, &key, now_ns);
	pthread_mutex_unlock(&t->lock);
	OPENSSL_cleanse(&key, sizeof key);
	return true;
}

/* Locked. Without randomness the key goes on, and it is tried again. */
static void turn(struct pluq__tickets *t, int64_t now_ns)
{
	struct pluq__ticket_key key;
	int64_t age_ns = now_ns - t->made_ns;
	if (t->both && age_ns >= TICKET_NS)
		drop_before(t);
	if (age_ns < KEY_NS || RAND_bytes((uint8_t *)&key, sizeof key) != 1)
		return;
	if (age_ns < KEY_NS + TICKET_NS) { /* else its last ticket has expired too */
		t->before = t->now;
		t->both = true;
	}
	make_key(t, &key, now_ns);
	OPENSSL_cleanse(&key, sizeof key);
}

void pluq__tickets_turn(struct pluq__tickets *t, int64_t now_ns)
{
	pthread_mutex_lock(&t->lock);
	turn(t, now_ns);
	pthread_mutex_unlock(&t->lock);
}

/* The key of that name, or for a new ticket (name NULL). 1; 2: the ticket is to be replaced; 0: not known any more. */
static int find_key(struct pluq__tickets *t, const uint8_t *name, struct pluq__ticket_key *key)
{
	int found = 0;
	pthread_mutex_lock(&t->lock);
	turn(t, pluq__clock_mono_ns());
	if (!name || memcmp(name, t->now.name, sizeof t->now.name) == 0) {
		*key = t->now;
		found = 1;
	} else if (t->both && memcmp(name, t->before.name, sizeof t->before.name) == 0) {
		*key = t->before;
		found = 2;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

static bool set_key(const struct pluq__ticket_key *key, const uint8_t *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool encrypts)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->hmac, sizeof key->hmac),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
		OSSL_PARAM_construct_end(),
	};
	return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes, iv, encrypts) == 1 && EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* The type of SSL_CTX_set_tlsext_ticket_key_evp_cb. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypts)
{
	struct pluq__tickets *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct pluq__ticket_key key;
	int found = find_key(t, encrypts ? NULL : name, &key);
	if (found == 0)
		return 0;
	if (encrypts) {
		memcpy(name, key.name, sizeof key.name);
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			found = -1;
	}
	if (found > 0 && !set_key(&key, iv, cipher, mac, encrypts))
		found = -1;
	OPENSSL_cleanse(&key, sizeof key);
	if (found == 1 && !encrypts && SSL_version(ssl) >= TLS1_3_VERSION)
		return 2; /* there a ticket is used once, so that nobody recognises a client by it */
	return found;
}

/* A ticket is followed by another one, and no end of them proves that a certificate is still good: one that has expired is asked for again.
 * The dec_cb of SSL_CTX_set_session_ticket_cb. */
static SSL_TICKET_RETURN on_session(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t length, SSL_TICKET_STATUS status,
    void *arg)
{
	(void)ssl;
	(void)name;
	(void)length;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	const X509 *x = SSL_SESSION_get0_peer(session);
	if (x && X509_cmp_current_time(X509_get0_notAfter(x)) <= 0)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

bool pluq__tickets_use(struct pluq__tickets *t, SSL_CTX *ctx)
{
	return SSL_CTX_set_app_data(ctx, t) == 1 && SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1 &&
	    SSL_CTX_set_session_ticket_cb(ctx, NULL, on_session, NULL) == 1;
}
