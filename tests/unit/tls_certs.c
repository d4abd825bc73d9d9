#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls_rig.h"

#define CERTS_MAX 64
#define PATHS_MAX 128
#define DAY_S (24 * 60 * 60L)

static struct {
	const char *name;
	X509 *x;
	EVP_PKEY *key;
} made[CERTS_MAX];
static size_t made_count;
static char dir[64];
static char *paths[PATHS_MAX];
static size_t path_count;
static long serial;

const char *cert_path(const char *file)
{
	char text[128];
	snprintf(text, sizeof text, "%s/%s", dir, file);
	for (size_t i = 0; i < path_count; i++)
		if (strcmp(paths[i], text) == 0)
			return paths[i];
	assert(path_count < PATHS_MAX);
	return paths[path_count++] = strdup(text);
}

static const char *file_of(const char *name, const char *suffix)
{
	char file[64];
	snprintf(file, sizeof file, "%s%s", name, suffix);
	return cert_path(file);
}

static size_t find(const char *name)
{
	for (size_t i = 0; i < made_count; i++)
		if (strcmp(made[i].name, name) == 0)
			return i;
	abort();
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(e);
	int ok = X509_add_ext(x, e, -1);
	assert(ok == 1);
	X509_EXTENSION_free(e);
}

static X509 *build(const struct cert *c, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -2 * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(x), c->expired ? -DAY_S : 30 * DAY_S);
	X509_set_pubkey(x, key);
	if (c->common_name)
		X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)c->common_name,
		    c->common_name_length ? (int)c->common_name_length : -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	if (c->ca)
		add_extension(x, issuer ? issuer : x, NID_basic_constraints, "critical,CA:TRUE");
	if (c->alt_names)
		add_extension(x, issuer ? issuer : x, NID_subject_alt_name, c->alt_names);
	int ok = X509_sign(x, issuer_key ? issuer_key : key, EVP_sha256());
	assert(ok > 0);
	return x;
}

void cert_make(const struct cert *c)
{
	size_t i = made_count++, by = c->issuer ? find(c->issuer) : i;
	assert(i < CERTS_MAX);
	made[i].name = c->name;
	made[i].key = EVP_EC_gen("P-256");
	assert(made[i].key);
	made[i].x = build(c, made[i].key, c->issuer ? made[by].x : NULL, c->issuer ? made[by].key : NULL);
	FILE *f = fopen(file_of(c->name, ".pem"), "w");
	assert(f);
	PEM_write_X509(f, made[i].x);
	if (c->chain)
		PEM_write_X509(f, made[find(c->chain)].x);
	fclose(f);
	f = fopen(file_of(c->name, ".key"), "w");
	assert(f);
	PEM_write_PrivateKey(f, made[i].key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
}

void cert_write(const char *file, const char *text)
{
	FILE *f = fopen(cert_path(file), "w");
	assert(f);
	fputs(text, f);
	fclose(f);
}

void cert_encrypt_key(const char *name, const char *file)
{
	FILE *f = fopen(cert_path(file), "w");
	assert(f);
	PEM_write_PrivateKey(f, made[find(name)].key, EVP_aes_128_cbc(), (const unsigned char *)"secret", 6, NULL, NULL);
	fclose(f);
}

void cert_copy(const char *from, const char *to)
{
	char text[20000];
	FILE *f = fopen(cert_path(from), "r");
	assert(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	cert_write(to, text);
}

void certs_begin(void)
{
	static const struct cert set[] = {
		{.name = "ca", .common_name = "test root", .ca = true},
		{.name = "other-ca", .common_name = "another root", .ca = true},
		{.name = "middle", .issuer = "ca", .common_name = "test intermediate", .ca = true},
		{.name = "server", .issuer = "middle", .chain = "middle", .common_name = "server",
			.alt_names = "DNS:localhost,DNS:broker.test,IP:127.0.0.1"},
		{.name = "client", .issuer = "ca", .common_name = "client one",
			.alt_names = "DNS:client.test,IP:10.1.2.3,IP:fd00::1,URI:urn:pluq:client,email:client@test"},
		{.name = "expired", .issuer = "ca", .common_name = "late", .alt_names = "IP:127.0.0.1", .expired = true},
		{.name = "stranger", .issuer = "other-ca", .common_name = "stranger", .alt_names = "IP:127.0.0.1"},
	};
	snprintf(dir, sizeof dir, "/tmp/pluq-tls-XXXXXX");
	char *ok = mkdtemp(dir);
	assert(ok);
	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		cert_make(&set[i]);
}

void certs_end(void)
{
	char command[100];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	int status = system(command);
	assert(status == 0);
	for (size_t i = 0; i < made_count; i++) {
		X509_free(made[i].x);
		EVP_PKEY_free(made[i].key);
	}
	for (size_t i = 0; i < path_count; i++)
		free(paths[i]);
	made_count = path_count = 0;
}

static struct pluq_tls_params params(const char *name, uint32_t peer, const char *ca)
{
	return (struct pluq_tls_params){
		.size = sizeof(struct pluq_tls_params),
		.peer = peer,
		.cert_file = name ? file_of(name, ".pem") : "",
		.key_file = name ? file_of(name, ".key") : "",
		.ca_file = ca ? file_of(ca, ".pem") : "",
		.min_version = TLS1_2_VERSION,
		.ciphers = "",
		.ciphersuites = "",
	};
}

struct pluq_tls_params server_params(const char *name, uint32_t peer, const char *ca)
{
	return params(name, peer, ca);
}

struct pluq_tls_params client_params(const char *name, uint32_t peer, const char *ca)
{
	struct pluq_tls_params p = params(name, peer, ca);
	p.client = true;
	return p;
}

SSL_CTX *peer_context(const char *name, int min_version, int max_version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	assert(ctx);
	if (min_version && min_version < TLS1_2_VERSION)
		SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, min_version);
	SSL_CTX_set_max_proto_version(ctx, max_version);
	if (name) {
		SSL_CTX_use_certificate(ctx, made[find(name)].x);
		SSL_CTX_use_PrivateKey(ctx, made[find(name)].key);
	}
	return ctx;
}
