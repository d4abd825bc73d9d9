#include "tls.h"

#include <stdio.h>
#include <string.h>

#define TLS_1_0 0x0301

static int problem(struct pluq_why *why, const char *text)
{
	snprintf(why->text, sizeof(why->text), "%s", text);
	return PLUQ_EINVAL;
}

static bool policy_ok(const char *policy)
{
	return !*policy || strcmp(policy, "require") == 0 || strcmp(policy, "require-verify") == 0;
}

static int check(const struct conf *conf, struct pluq_why *why)
{
	if (*conf->tls_cert && !*conf->tls_key)
		return problem(why, "tls_key: is missing, and tls_cert is of no use without it");
	if (*conf->tls_key && !*conf->tls_cert)
		return problem(why, "tls_cert: is missing, and tls_key is of no use without it");
	if (!policy_ok(conf->tls_client_auth_policy))
		return problem(why, "tls_client_auth_policy: is neither require nor require-verify");
	if (*conf->tls_client_auth_policy && !*conf->tls_cert)
		return problem(why, "tls_client_auth_policy: no client can be asked for a certificate without tls_cert and tls_key");
	return 0;
}

/* What cannot be changed while it runs. */
static int check_listeners(const struct conf *conf, struct pluq_why *why)
{
	if (!*conf->tls_cert && *conf->tls_tcp_address)
		return problem(why, "tls_tcp_address: nothing can be served under TLS without tls_cert and tls_key");
	if (!*conf->tls_cert && *conf->https_address)
		return problem(why, "https_address: nothing can be served under TLS without tls_cert and tls_key");
	if (!*conf->tls_cert && conf->tls_required)
		return problem(why, "tls_required: nothing can be served under TLS without tls_cert and tls_key");
	if (conf->tls_required && *conf->tcp_address)
		return problem(why, "tcp_address: is in the clear, and tls_required is set: switch it off (\"\") and set tls_tcp_address");
	return 0;
}

static struct pluq_tls_params params_of(const struct conf *conf)
{
	const char *policy = conf->tls_client_auth_policy;

	return (struct pluq_tls_params){.size = sizeof(struct pluq_tls_params),
		.peer = !*policy ? PLUQ_TLS_PEER_NONE : strcmp(policy, "require") == 0 ? PLUQ_TLS_PEER_ANY : PLUQ_TLS_PEER_VERIFY,
		.cert_file = conf->tls_cert,
		.key_file = conf->tls_key,
		.ca_file = conf->tls_root_ca_file,
		.min_version = (uint32_t)(TLS_1_0 + conf->tls_min_version),
		.ciphers = conf->tls_ciphers,
		.ciphersuites = conf->tls_ciphersuites};
}

int tls_start(struct lookupd *l, struct pluq_why *why)
{
	const struct conf *conf = l->conf;
	const struct pluq_tls_params params = params_of(conf);
	int err = check(conf, why);

	if (!err)
		err = check_listeners(conf, why);
	if (!err && *conf->tls_cert)
		err = l->net->tls_new(l->host, &params, &l->tls, why);
	return err;
}

int tls_reload(struct lookupd *l, const struct conf *conf, struct pluq_why *why)
{
	const struct pluq_tls_params params = params_of(conf);
	int err = check(conf, why);

	if (err < 0 || (!l->tls && !*conf->tls_cert))
		return err;
	if (!l->tls)
		return problem(why, "tls_cert: TLS is switched on by a restart only");
	if (!*conf->tls_cert)
		return problem(why, "tls_cert: TLS is switched off by a restart only");
	return l->net->tls_change(l->tls, &params, why);
}
