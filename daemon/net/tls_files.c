#define _GNU_SOURCE /* strerrordesc_np */
#include "tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "tls.h"

/* A file of all roots of a distribution has a quarter of it. */
#define FILE_MAX (4 * 1024 * 1024)

struct text {
	uint8_t *bytes;
	size_t length;
};

static int no_memory(struct pluq_why *why)
{
	snprintf(why->text, sizeof why->text, "out of memory");
	return PLUQ_ENOMEM;
}

static int cannot_read(struct pluq_why *why, const char *what, const char *file, const char *cause)
{
	snprintf(why->text, sizeof why->text, "cannot read %s from %.130s: %.80s", what, file, cause);
	return PLUQ_ETLS;
}

/* Something is there, and cannot be understood. */
static int is_damaged(struct pluq_why *why, const char *what, const char *file)
{
	char cause[80];
	snprintf(cause, sizeof cause, "it is damaged (%.60s)", pluq__tls_reason());
	return cannot_read(why, what, file, cause);
}

static void text_free(struct text *t)
{
	if (t->bytes)
		OPENSSL_cleanse(t->bytes, t->length);
	free(t->bytes);
}

/* Read whole, so that what is judged is what is used, even if the file changes meanwhile. */
static int read_file(struct text *t, const char *what, const char *file, struct pluq_why *why)
{
	FILE *f = fopen(file, "re");
	if (!f)
		return cannot_read(why, what, file, strerrordesc_np(errno));
	setvbuf(f, NULL, _IONBF, 0);
	t->bytes = malloc(FILE_MAX);
	if (!t->bytes) {
		fclose(f);
		return no_memory(why);
	}
	t->length = fread(t->bytes, 1, FILE_MAX, f);
	int error = ferror(f) ? errno : t->length == FILE_MAX ? EFBIG : 0;
	fclose(f);
	if (error) {
		text_free(t);
		return cannot_read(why, what, file, strerrordesc_np(error));
	}
	return 0;
}

static BIO *bio_of(const struct text *t)
{
	return BIO_new_mem_buf(t->bytes, (int)t->length);
}

/* After the last certificate of a file. true: nothing was wrong but that there is none any more. */
static bool at_end(void)
{
	unsigned long e = ERR_peek_last_error();
	bool end = ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
	if (end)
		ERR_clear_error();
	return end;
}

/* ---- our certificate ---- */

static int use_chain(SSL_CTX *ctx, BIO *in, const char *file, struct pluq_why *why)
{
	X509 *x = PEM_read_bio_X509_AUX(in, NULL, NULL, NULL);
	if (!x)
		return at_end() ? cannot_read(why, "a certificate", file, "it holds none in PEM form") :
		    is_damaged(why, "a certificate", file);
	int ok = SSL_CTX_use_certificate(ctx, x);
	X509_free(x);
	if (ok != 1) {
		snprintf(why->text, sizeof why->text, "the certificate in %.150s cannot be used: %s", file, pluq__tls_reason());
		return PLUQ_ETLS;
	}
	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)))
		if (SSL_CTX_add0_chain_cert(ctx, x) != 1) {
			X509_free(x);
			snprintf(why->text, sizeof why->text, "the chain in %.150s cannot be used: %s", file, pluq__tls_reason());
			return PLUQ_ETLS;
		}
	return at_end() ? 0 : is_damaged(why, "the chain", file);
}

/* pem_password_cb. Nobody is at the terminal. */
static int on_password(char *to, int room, int writing, void *asked)
{
	(void)to;
	(void)room;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int use_key(SSL_CTX *ctx, BIO *in, const char *file, const char *cert_file, struct pluq_why *why)
{
	bool asked = false;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, on_password, &asked);
	if (!key && asked) {
		ERR_clear_error();
		return cannot_read(why, "the key", file, "it is encrypted; it must be without a passphrase");
	}
	if (!key) {
		ERR_clear_error(); /* it says no more than that, whatever there is */
		return cannot_read(why, "the key", file, "it holds no private key in PEM form");
	}
	int ok = SSL_CTX_use_PrivateKey(ctx, key);
	EVP_PKEY_free(key);
	if (ok == 1 && SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	ERR_clear_error();
	snprintf(why->text, sizeof why->text, "the key in %.110s does not belong to the certificate in %.90s", file, cert_file);
	return PLUQ_ETLS;
}

int pluq__tls_use_certificate(SSL_CTX *ctx, const char *cert_file, const char *key_file, struct pluq_why *why)
{
	struct text cert, key;
	int error = read_file(&cert, "a certificate", cert_file, why);
	if (error)
		return error;
	if ((error = read_file(&key, "the key", key_file, why))) {
		text_free(&cert);
		return error;
	}
	BIO *cert_in = bio_of(&cert), *key_in = bio_of(&key);
	if (!cert_in || !key_in)
		error = no_memory(why);
	if (error == 0)
		error = use_chain(ctx, cert_in, cert_file, why);
	if (error == 0)
		error = use_key(ctx, key_in, key_file, cert_file, why);
	BIO_free(cert_in);
	BIO_free(key_in);
	text_free(&cert);
	text_free(&key);
	return error;
}

/* ---- what is trusted ---- */

static int use_roots(SSL_CTX *ctx, BIO *in, const char *file, bool server, struct pluq_why *why)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509 *x;
	size_t count = 0;
	for (; (x = PEM_read_bio_X509_AUX(in, NULL, NULL, NULL)); count++) {
		int ok = X509_STORE_add_cert(store, x) == 1 && (!server || SSL_CTX_add_client_CA(ctx, x) == 1);
		X509_free(x);
		if (!ok)
			return is_damaged(why, "certificates", file);
	}
	if (!at_end())
		return is_damaged(why, "certificates", file);
	return count > 0 ? 0 : cannot_read(why, "certificates", file, "it holds none in PEM form");
}

int pluq__tls_use_ca(SSL_CTX *ctx, const char *ca_file, bool server, uint8_t digest[PLUQ__TLS_DIGEST], struct pluq_why *why)
{
	struct text t;
	int error = read_file(&t, "certificates", ca_file, why);
	if (error)
		return error;
	SHA256(t.bytes, t.length, digest);
	BIO *in = bio_of(&t);
	error = in ? use_roots(ctx, in, ca_file, server, why) : no_memory(why);
	BIO_free(in);
	text_free(&t);
	return error;
}
