#include "lookup_tls.h"

#include <stdio.h>
#include <string.h>

#define MIN_VERSION 0x0303 /* TLS 1.2 */

const char *lookup_tls_address(const char *entry, bool *tls)
{
	size_t prefix = strlen(LOOKUP_TLS_PREFIX);

	*tls = strncmp(entry, LOOKUP_TLS_PREFIX, prefix) == 0;
	return entry + (*tls ? prefix : 0);
}

/* It becomes a part of a header. */
static bool secret_ok(const char *secret)
{
	for (; *secret; secret++)
		if (*secret <= ' ' || *secret == 0x7f)
			return false;
	return true;
}

int lookup_tls_check(const struct conf *conf, struct pluq_why *why)
{
	bool key_missing = *conf->lookupd_tls_cert && !*conf->lookupd_tls_key;

	if (key_missing || (!*conf->lookupd_tls_cert && *conf->lookupd_tls_key)) {
		snprintf(why->text, sizeof(why->text), "lookupd_tls_%s: is missing, and lookupd_tls_%s is of no use without it",
		    key_missing ? "key" : "cert", key_missing ? "cert" : "key");
		return PLUQ_EINVAL;
	}
	if (!secret_ok(conf->lookupd_http_secret)) {
		snprintf(why->text, sizeof(why->text), "lookupd_http_secret: only visible ASCII characters can be sent");
		return PLUQ_EINVAL;
	}
	return 0;
}

/* An entry may be plain and its HTTP side ask for TLS all the same. */
static bool wanted(const struct conf *conf)
{
	return conf->lookupd_tcp_address.count || *conf->lookupd_tls_root_ca_file || *conf->lookupd_tls_cert;
}

static struct pluq_tls_params params_of(const struct conf *conf)
{
	return (struct pluq_tls_params){.size = sizeof(struct pluq_tls_params),
		.client = true,
		.peer = PLUQ_TLS_PEER_VERIFY,
		.cert_file = conf->lookupd_tls_cert,
		.key_file = conf->lookupd_tls_key,
		.ca_file = conf->lookupd_tls_root_ca_file,
		.min_version = MIN_VERSION,
		.ciphers = "",
		.ciphersuites = ""};
}

static int told(int status, const struct pluq_why *cause, struct pluq_why *why)
{
	if (status < 0)
		snprintf(why->text, sizeof(why->text), "TLS to lookup daemons: %.200s", *cause->text ? cause->text : "out of memory");
	return status;
}

int lookup_tls_try(const struct nsqd *n, const struct conf *conf, struct pluq_why *why)
{
	const struct pluq_tls_params params = params_of(conf);
	struct pluq_why cause = {{0}};

	return wanted(conf) ? told(n->net->tls_check(&params, &cause), &cause, why) : 0;
}

int lookup_tls_set(struct nsqd *n, const struct conf *conf, struct pluq_why *why)
{
	const struct pluq_tls_params params = params_of(conf);
	struct pluq_why cause = {{0}};
	struct pluq_tls *tls = n->lookup.tls;
	int status;

	if (!wanted(conf))
		return 0;
	status = tls ? n->net->tls_change(tls, &params, &cause) : n->net->tls_new(n->host, &params, &tls, &cause);
	if (status == 0)
		n->lookup.tls = tls;
	return told(status, &cause, why);
}
