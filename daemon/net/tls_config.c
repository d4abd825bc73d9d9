/* A TLS configuration in use: an SSL_CTX that can be replaced by another one while connections begin. */
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "state.h"
#include "tls.h"
#include "tls_files.h"
#include "tls_tickets.h"

/* What sessions may be resumed under: who was let in by one of these is let in by an equal one. */
struct trust {
	uint32_t peer;
	uint8_t ca[PLUQ__TLS_DIGEST]; /* zero: the system's */
};

/* What one reading of the parameters has made. */
struct made {
	SSL_CTX *ctx;
	struct trust trust;
	bool verifies, kernel;
};

struct pluq_tls {
	struct pluq_tls *next;
	bool client;
	pthread_mutex_t lock; /* for `now`: held to take or replace it, once per handshake */
	struct made now;
	struct pluq__tickets tickets; /* server */
};

static const char *text_of(const char *s)
{
	return s ? s : "";
}

static int refuse(struct pluq_why *why, const char *text)
{
	snprintf(why->text, sizeof why->text, "%s", text);
	return PLUQ_EINVAL;
}

static int check(const struct pluq_tls_params *p, struct pluq_why *why)
{
	if (p->size < sizeof *p || p->peer > PLUQ_TLS_PEER_VERIFY)
		return refuse(why, "TLS was asked for with a table that cannot be used");
	if (p->min_version < TLS1_VERSION || p->min_version > TLS1_3_VERSION)
		return refuse(why, "the lowest TLS version must be from 1.0 to 1.3");
	if (!*text_of(p->cert_file) != !*text_of(p->key_file))
		return refuse(why, *text_of(p->cert_file) ? "there is a TLS certificate, but no key for it" :
		    "there is a TLS key, but no certificate for it");
	if (!p->client && !*text_of(p->cert_file))
		return refuse(why, "a server needs a TLS certificate and its key");
	return 0;
}

/* ---- parameters ---- */

/* The signatures of TLS 1.0 and 1.1 count as unsafe and are refused unless the level is lowered; it stays where it is for the others. */
static int set_versions(SSL_CTX *ctx, const struct pluq_tls_params *p, struct pluq_why *why)
{
	if (p->min_version < TLS1_2_VERSION)
		SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_set_min_proto_version(ctx, (int)p->min_version) == 1 && SSL_CTX_set_max_proto_version(ctx, 0) == 1)
		return 0;
	snprintf(why->text, sizeof why->text, "the lowest TLS version cannot be set: %s", pluq__tls_reason());
	return PLUQ_ETLS;
}

static int set_ciphers(SSL_CTX *ctx, const struct pluq_tls_params *p, struct pluq_why *why)
{
	const char *list = text_of(p->ciphers), *suites = text_of(p->ciphersuites);
	if (*list && SSL_CTX_set_cipher_list(ctx, list) != 1) {
		snprintf(why->text, sizeof why->text, "no TLS cipher is known by \"%.150s\"", list);
		return PLUQ_ETLS;
	}
	if (*suites && SSL_CTX_set_ciphersuites(ctx, suites) != 1) {
		snprintf(why->text, sizeof why->text, "not a list of TLS 1.3 cipher suites: \"%.150s\"", suites);
		return PLUQ_ETLS;
	}
	return 0;
}

/* What a peer shows is kept as long as its connection, and unpacked it is ten times as much if it is many small certificates. The bytes are
 * what the original takes. */
#define SHOWN_BYTES (64 * 1024)
#define SHOWN_COUNT 16

/* The type of SSL_CTX_set_cert_verify_callback. */
static int judge(X509_STORE_CTX *store, void *any)
{
	if (sk_X509_num(X509_STORE_CTX_get0_untrusted(store)) > SHOWN_COUNT) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_CHAIN_TOO_LONG);
		return 0;
	}
	if (!any)
		return X509_verify_cert(store);
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

static int set_peer(struct made *m, const struct pluq_tls_params *p, struct pluq_why *why)
{
	const char *ca_file = text_of(p->ca_file);
	m->trust.peer = p->peer;
	m->verifies = p->peer == PLUQ_TLS_PEER_VERIFY;
	if (*ca_file) {
		int error = pluq__tls_use_ca(m->ctx, ca_file, !p->client, m->trust.ca, why);
		if (error)
			return error;
	} else if (m->verifies && SSL_CTX_set_default_verify_paths(m->ctx) != 1) {
		snprintf(why->text, sizeof why->text, "the system's root certificates cannot be read: %s", pluq__tls_reason());
		return PLUQ_ETLS;
	}
	/* A certificate that the site has put among its roots is trusted, whoever has signed it. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(m->ctx), X509_V_FLAG_PARTIAL_CHAIN);
	SSL_CTX_set_max_cert_list(m->ctx, SHOWN_BYTES);
	SSL_CTX_set_cert_verify_callback(m->ctx, judge, p->peer == PLUQ_TLS_PEER_ANY ? m->ctx : NULL);
	if (p->peer != PLUQ_TLS_PEER_NONE)
		SSL_CTX_set_verify(m->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

/* A session is resumed without asking for the certificate again: only where the same is asked. */
static int set_sessions(struct made *m, struct pluq_why *why)
{
	uint8_t id[PLUQ__TLS_DIGEST];
	SSL_CTX_set_session_cache_mode(m->ctx, SSL_SESS_CACHE_OFF); /* tickets keep the state, at the client */
	SSL_CTX_set_num_tickets(m->ctx, 1);
	if (EVP_Digest(&m->trust, sizeof m->trust, id, NULL, EVP_sha256(), NULL) == 1 &&
	    SSL_CTX_set_session_id_context(m->ctx, id, sizeof id) == 1)
		return 0;
	snprintf(why->text, sizeof why->text, "TLS sessions cannot be set up: %s", pluq__tls_reason());
	return PLUQ_ETLS;
}

static void set_options(struct made *m, const struct pluq_tls_params *p)
{
	uint64_t options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;
	/* Many a client just closes; that cuts no command in two unnoticed, as each has its length. */
	if (!p->client)
		options |= SSL_OP_IGNORE_UNEXPECTED_EOF;
	if (p->kernel)
		options |= SSL_OP_ENABLE_KTLS;
	m->kernel = p->kernel;
	SSL_CTX_set_options(m->ctx, options);
	SSL_CTX_set_mode(m->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(m->ctx, !p->kernel); /* a record's head and body come in one call */
}

static int fill(struct made *m, const struct pluq_tls_params *p, struct pluq_why *why)
{
	int error;
	set_options(m, p);
	if ((error = set_versions(m->ctx, p, why)) || (error = set_ciphers(m->ctx, p, why)) || (error = set_peer(m, p, why)))
		return error;
	if (*text_of(p->cert_file) && (error = pluq__tls_use_certificate(m->ctx, p->cert_file, p->key_file, why)))
		return error;
	return p->client ? 0 : set_sessions(m, why);
}

static int make(struct made *m, const struct pluq_tls_params *p, struct pluq_why *why)
{
	int error = check(p, why);
	if (error)
		return error;
	ERR_clear_error();
	memset(m, 0, sizeof *m); /* trust is digested: no bytes between its members are left to chance */
	m->ctx = SSL_CTX_new(p->client ? TLS_client_method() : TLS_server_method());
	if (!m->ctx) {
		snprintf(why->text, sizeof why->text, "TLS cannot be used: %s", pluq__tls_reason());
		return PLUQ_ETLS;
	}
	error = fill(m, p, why);
	if (error)
		SSL_CTX_free(m->ctx);
	ERR_clear_error();
	return error;
}

/* ---- use ---- */

/* keep: the terms are the same; what was handed out under others is worth nothing any more. */
static int set_tickets(struct pluq_tls *t, struct made *m, bool keep, struct pluq_why *why)
{
	if (pluq__tickets_use(&t->tickets, m->ctx) && (keep || pluq__tickets_renew(&t->tickets, pluq__clock_mono_ns())))
		return 0;
	snprintf(why->text, sizeof why->text, "TLS session tickets cannot be set up: %s", pluq__tls_reason());
	return PLUQ_ETLS;
}

static void tls_free(struct pluq_tls *t)
{
	SSL_CTX_free(t->now.ctx);
	pthread_mutex_destroy(&t->lock);
	pluq__tickets_fini(&t->tickets);
	free(t);
}

int pluq__tls_new(struct pluq__net *net, const struct pluq_tls_params *p, struct pluq_tls **out, struct pluq_why *why)
{
	struct pluq_tls *t = calloc(1, sizeof *t);
	if (!t)
		return PLUQ_ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	pluq__tickets_init(&t->tickets);
	int error = make(&t->now, p, why);
	if (error)
		t->now.ctx = NULL;
	else if (!p->client)
		error = set_tickets(t, &t->now, false, why);
	if (error) {
		tls_free(t);
		return error;
	}
	t->client = p->client;
	t->next = atomic_load(&net->tls);
	while (!atomic_compare_exchange_weak(&net->tls, &t->next, t))
		;
	*out = t;
	return 0;
}

int pluq__tls_change(struct pluq_tls *t, const struct pluq_tls_params *p, struct pluq_why *why)
{
	struct made fresh, old;
	if (p->client != t->client)
		return refuse(why, "TLS of a client cannot become TLS of a server, nor the other way round");
	int error = make(&fresh, p, why);
	if (error)
		return error;
	bool same = memcmp(&fresh.trust, &t->now.trust, sizeof fresh.trust) == 0;
	if (!t->client && (error = set_tickets(t, &fresh, same, why))) {
		SSL_CTX_free(fresh.ctx);
		return error;
	}
	pthread_mutex_lock(&t->lock);
	old = t->now;
	t->now = fresh;
	pthread_mutex_unlock(&t->lock);
	SSL_CTX_free(old.ctx);
	return 0;
}

int pluq__tls_check(const struct pluq_tls_params *p, struct pluq_why *why)
{
	struct made m;
	int error = make(&m, p, why);
	if (!error)
		SSL_CTX_free(m.ctx);
	return error;
}

void pluq__tls_free_all(struct pluq__net *net)
{
	struct pluq_tls *t = atomic_load(&net->tls);
	while (t) {
		struct pluq_tls *next = t->next;
		tls_free(t);
		t = next;
	}
	atomic_store(&net->tls, NULL);
}

bool pluq__tls_is_client(const struct pluq_tls *t)
{
	return t->client;
}

SSL *pluq__tls_ssl(struct pluq_tls *t, bool *verifies, bool *kernel)
{
	pthread_mutex_lock(&t->lock);
	struct made m = t->now;
	SSL_CTX_up_ref(m.ctx);
	pthread_mutex_unlock(&t->lock);
	SSL *ssl = SSL_new(m.ctx);
	SSL_CTX_free(m.ctx);
	*verifies = m.verifies;
	*kernel = m.kernel;
	return ssl;
}
