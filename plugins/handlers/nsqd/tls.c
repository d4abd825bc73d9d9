#include "tls.h"

#include <stdio.h>
#include <string.h>

#define TLS_1_0 0x0301
#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

int64_t tls_required(const struct conf *conf)
{
	if (conf->tls_required == TLS_NOT_REQUIRED && *conf->tls_client_auth_policy)
		return TLS_REQUIRED;
	return conf->tls_required;
}

uint16_t tls_min_version(const struct conf *conf)
{
	int64_t version = TLS_1_0 + conf->tls_min_version;

	return (uint16_t)(version <= TLS_1_3 ? version : TLS_1_2); /* the empty word */
}

static int problem(struct pluq_why *why, const char *text)
{
	snprintf(why->text, sizeof(why->text), "%s", text);
	return PLUQ_EINVAL;
}

int tls_options_check(const struct conf *conf, struct pluq_why *why)
{
	if (*conf->tls_cert && !*conf->tls_key)
		return problem(why, "tls_key: is missing, and tls_cert is of no use without it");
	if (*conf->tls_key && !*conf->tls_cert)
		return problem(why, "tls_cert: is missing, and tls_key is of no use without it");
	if (!*conf->tls_cert && conf->tls_required != TLS_NOT_REQUIRED)
		return problem(why, "tls_required: cannot require TLS of clients without tls_cert and tls_key");
	if (!*conf->tls_cert && *conf->tls_client_auth_policy)
		return problem(why, "tls_client_auth_policy: cannot require TLS of clients without tls_cert and tls_key");
	return 0;
}

/* The original takes any word, and one that it does not know for "ask for none". */
static uint32_t peer_of(const struct nsqd *n, const char *policy)
{
	if (strcmp(policy, "require") == 0)
		return PLUQ_TLS_PEER_ANY;
	if (strcmp(policy, "require-verify") == 0)
		return PLUQ_TLS_PEER_VERIFY;
	if (*policy)
		n->host->log(n->host, PLUQ_WARN,
		    "tls_client_auth_policy: \"%s\" is neither require nor require-verify: clients must use TLS, but are asked for no certificate",
		    policy);
	return PLUQ_TLS_PEER_NONE;
}

static struct pluq_tls_params params_of(const struct nsqd *n, const struct conf *conf)
{
	return (struct pluq_tls_params){
		.size = sizeof(struct pluq_tls_params),
		.peer = peer_of(n, conf->tls_client_auth_policy),
		.cert_file = conf->tls_cert,
		.key_file = conf->tls_key,
		.ca_file = conf->tls_root_ca_file,
		.min_version = tls_min_version(conf),
		.ciphers = conf->tls_ciphers,
		.ciphersuites = conf->tls_ciphersuites,
		.kernel = conf->tls_kernel,
	};
}

/* Names the option that the cause is about: it quotes the value. */
static void name_option(const struct conf *conf, const struct pluq_why *cause, struct pluq_why *why)
{
	const struct {
		const char *name, *value;
	} given[] = {
		{"tls_ciphers", conf->tls_ciphers},
		{"tls_ciphersuites", conf->tls_ciphersuites},
		{"tls_root_ca_file", conf->tls_root_ca_file},
		{"tls_key", conf->tls_key},
	};
	const char *name = "tls_cert";

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (*given[i].value && strcmp(given[i].value, conf->tls_cert) != 0 && strstr(cause->text, given[i].value))
			name = given[i].name;
	snprintf(why->text, sizeof(why->text), "%s: %.220s", name, *cause->text ? cause->text : "out of memory");
}

static int offer(struct nsqd *n, const struct conf *conf, struct pluq_why *why)
{
	struct pluq_tls_params params = params_of(n, conf);
	struct pluq_why cause = {.text = ""};
	struct pluq_tls *tls = n->tls;
	int status = tls ? n->net->tls_change(tls, &params, &cause) : n->net->tls_new(n->host, &params, &tls, &cause);

	if (status < 0)
		name_option(conf, &cause, why);
	else
		n->tls = tls;
	return status;
}

/* Without a certificate nobody is verified, but a file that cannot be read is a mistake all the same. */
static int check_roots(const struct nsqd *n, struct pluq_why *why)
{
	struct pluq_tls_params params = {.size = sizeof(params), .client = true, .peer = PLUQ_TLS_PEER_VERIFY,
	    .cert_file = "", .key_file = "", .ca_file = n->conf->tls_root_ca_file, .min_version = TLS_1_2, .ciphers = "",
	    .ciphersuites = ""};
	struct pluq_why cause = {.text = ""};
	int status = *params.ca_file ? n->net->tls_check(&params, &cause) : 0;

	if (status < 0)
		name_option(n->conf, &cause, why);
	return status;
}

int tls_start(struct nsqd *n, struct pluq_why *why)
{
	int status = tls_options_check(n->conf, why);

	if (status < 0)
		return status;
	n->tls_required = tls_required(n->conf);
	return *n->conf->tls_cert ? offer(n, n->conf, why) : check_roots(n, why);
}

int tls_reload(struct nsqd *n, const struct conf *conf, struct pluq_why *why)
{
	int status = tls_options_check(conf, why);

	if (status < 0)
		return status;
	if (tls_required(conf) != n->tls_required)
		return problem(why, "tls_client_auth_policy: this makes a change of whether TLS is required, which needs a restart");
	if (!*conf->tls_cert && n->tls)
		return problem(why, "tls_cert: TLS is switched off by a restart only");
	if (!*conf->tls_cert)
		return 0;
	if (!n->tls && *conf->https_address)
		n->host->log(n->host, PLUQ_WARN, "tls_cert: clients can use TLS from now on, but https_address is opened by a restart only");
	return offer(n, conf, why);
}

const char *tls_version_name(uint16_t version)
{
	static const char *const names[] = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"};

	return version >= TLS_1_0 && version <= TLS_1_3 ? names[version - TLS_1_0] : "";
}

/* Those that the original has a word for. */
static const struct {
	uint16_t suite;
	const char *name;
} suites[] = {
	{0x0005, "TLS_RSA_WITH_RC4_128_SHA"},
	{0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
	{0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
	{0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
	{0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"},
	{0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
	{0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
	{0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"},
	{0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"},
	{0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
	{0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
	{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	{0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
};

void tls_suite_name(uint16_t suite, char out[TLS_SUITE_MAX])
{
	snprintf(out, TLS_SUITE_MAX, "Unknown %u", suite);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].suite == suite)
			snprintf(out, TLS_SUITE_MAX, "%s", suites[i].name);
}
