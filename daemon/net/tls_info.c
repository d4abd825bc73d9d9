/* What was agreed on, and who the peer says it is. Made when it is first asked for. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "conn.h"
#include "tls.h"

/* Names of one certificate that are looked at. */
#define NAMES_MAX 256

struct pluq__tls_info {
	char *common_name; /* "": none */
	char **names;
	size_t count;
	size_t bytes; /* of all, counted as held */
};

/* A name that holds what cannot stand in one, a NUL above all, is meant to deceive whoever compares it. */
static bool is_clean(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return length > 0;
}

/* The last one is the most particular. NULL: no memory. */
static char *common_name_of(X509 *x)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	unsigned char *text = NULL;
	char *name = NULL;
	int last = -1;
	for (int at; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0;)
		last = at;
	if (last < 0)
		return strdup("");
	int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
	if (length > 0 && is_clean((const char *)text, (size_t)length))
		name = strndup((const char *)text, (size_t)length);
	else
		name = strdup("");
	OPENSSL_free(text);
	return name;
}

static char *with_prefix(const char *prefix, const char *text, size_t length)
{
	char *s = malloc(strlen(prefix) + length + 1);
	if (s) {
		memcpy(s, prefix, strlen(prefix));
		memcpy(s + strlen(prefix), text, length);
		s[strlen(prefix) + length] = 0;
	}
	return s;
}

static char *text_name(const char *prefix, const ASN1_IA5STRING *s)
{
	const char *text = (const char *)ASN1_STRING_get0_data(s);
	size_t length = (size_t)ASN1_STRING_length(s);
	return is_clean(text, length) ? with_prefix(prefix, text, length) : NULL;
}

static char *ip_name(const ASN1_OCTET_STRING *s)
{
	char text[INET6_ADDRSTRLEN];
	int length = ASN1_STRING_length(s), family = length == 4 ? AF_INET : AF_INET6;
	if ((length != 4 && length != 16) || !inet_ntop(family, ASN1_STRING_get0_data(s), text, sizeof text))
		return NULL;
	return with_prefix("IP:", text, strlen(text));
}

/* NULL: of another kind, or not clean. */
static char *alt_name(const GENERAL_NAME *g)
{
	switch (g->type) {
	case GEN_DNS:
		return text_name("DNS:", g->d.dNSName);
	case GEN_URI:
		return text_name("URI:", g->d.uniformResourceIdentifier);
	case GEN_EMAIL:
		return text_name("email:", g->d.rfc822Name);
	case GEN_IPADD:
		return ip_name(g->d.iPAddress);
	default:
		return NULL;
	}
}

static bool take_alt_names(struct pluq__tls_info *info, X509 *x)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int n = all ? sk_GENERAL_NAME_num(all) : 0;
	if (n > NAMES_MAX)
		n = NAMES_MAX;
	info->names = n > 0 ? calloc((size_t)n, sizeof *info->names) : NULL;
	for (int i = 0; info->names && i < n; i++) {
		char *name = alt_name(sk_GENERAL_NAME_value(all, i));
		if (name) {
			info->names[info->count++] = name;
			info->bytes += strlen(name) + 1;
		}
	}
	info->bytes += (size_t)n * sizeof *info->names;
	GENERAL_NAMES_free(all);
	ERR_clear_error();
	return n == 0 || info->names;
}

void pluq__tls_info_free(struct pluq__tls_info **p)
{
	struct pluq__tls_info *info = *p;
	if (!info)
		return;
	pluq__memory_add(-(int64_t)info->bytes);
	for (size_t i = 0; i < info->count; i++)
		free(info->names[i]);
	free(info->names);
	free(info->common_name);
	free(info);
	*p = NULL;
}

/* NULL: no memory. */
static struct pluq__tls_info *make(const SSL *ssl)
{
	struct pluq__tls_info *info = calloc(1, sizeof *info);
	X509 *x = SSL_get0_peer_certificate(ssl);
	if (!info)
		return NULL;
	info->common_name = x ? common_name_of(x) : strdup("");
	bool complete = info->common_name && (!x || take_alt_names(info, x));
	info->bytes += sizeof *info + (info->common_name ? strlen(info->common_name) + 1 : 0);
	pluq__memory_add((int64_t)info->bytes);
	if (!complete)
		pluq__tls_info_free(&info);
	return info;
}

/* Without memory the peer has no names: it may do less then, never more. */
bool pluq__conn_tls(const struct pluq_conn *c, struct pluq_tls_info *out)
{
	struct pluq__tls_layer *t = pluq__tls_layer_of(c);
	if (!t || out->size < sizeof *out)
		return false;
	if (!t->info)
		t->info = make(t->ssl);
	const SSL_CIPHER *cipher = SSL_get_current_cipher(t->ssl);
	const char *name = cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
	*out = (struct pluq_tls_info){
		.size = sizeof *out,
		.version = (uint16_t)SSL_version(t->ssl),
		.cipher = cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0,
		.cipher_name = name ? name : "",
		.resumed = SSL_session_reused(t->ssl) == 1,
		.verified = t->verifies && SSL_get0_peer_certificate(t->ssl) && SSL_get_verify_result(t->ssl) == X509_V_OK,
		.common_name = t->info ? t->info->common_name : "",
	};
	if (t->info)
		out->alt_names = (struct pluq_strings){.items = (const char *const *)t->info->names, .count = t->info->count};
	return true;
}
