/* What is asked of certificates, ours and the endpoint's. */
#include <stdio.h>

#include "authd.h"

static uint32_t min_version(const struct conf *c)
{
	return 0x0301 + (uint32_t)c->tls_min_version;
}

static struct pluq_tls_params server_params(const struct conf *c)
{
	return (struct pluq_tls_params){.size = sizeof(struct pluq_tls_params), .peer = PLUQ_TLS_PEER_NONE, .cert_file = c->tls_cert,
	    .key_file = c->tls_key, .ca_file = "", .min_version = min_version(c), .ciphers = c->tls_ciphers,
	    .ciphersuites = c->tls_ciphersuites};
}

static struct pluq_tls_params client_params(const struct conf *c)
{
	return (struct pluq_tls_params){.size = sizeof(struct pluq_tls_params), .client = true,
	    .peer = c->validate_cert ? PLUQ_TLS_PEER_VERIFY : PLUQ_TLS_PEER_NONE, .cert_file = "", .key_file = "",
	    .ca_file = c->oauth2_root_ca_file, .min_version = min_version(c), .ciphers = c->tls_ciphers,
	    .ciphersuites = c->tls_ciphersuites};
}

int authd_tls_check(const struct conf *c, struct pluq_why *why)
{
	if (!*c->https_address || (*c->tls_cert && *c->tls_key))
		return 0;
	snprintf(why->text, sizeof(why->text), "https_address needs tls_cert and tls_key");
	return PLUQ_EINVAL;
}

int authd_tls_start(struct authd *a, struct pluq_why *why)
{
	const struct pluq_net *net = a->host->net;
	const struct conf *c = a->conf;
	struct pluq_tls_params server = server_params(c), client = client_params(c);
	int status = authd_tls_check(c, why);

	if (status == 0 && *c->https_address)
		status = net->tls_new(a->host, &server, &a->tls, why);
	if (status == 0 && a->endpoint.address && a->endpoint.https)
		status = net->tls_new(a->host, &client, &a->client, why);
	return status;
}

int authd_tls_reload(struct authd *a, const struct conf *c, struct pluq_why *why)
{
	const struct pluq_net *net = a->host->net;
	struct pluq_tls_params server = server_params(c), client = client_params(c);
	int status = a->tls ? net->tls_check(&server, why) : 0; /* all or nothing */

	if (status == 0 && a->client)
		status = net->tls_change(a->client, &client, why);
	if (status == 0 && a->tls)
		status = net->tls_change(a->tls, &server, why);
	return status;
}
