/* The plugin: descriptor, start, end.
 *
 * The auth server: brokers ask it over HTTP who a client is, and it serves what the auth plugins of its own process say. With auth-csv
 * it is the original's example server; with another plugin it is that one for brokers elsewhere. */
#include "authd.h"

#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "oauth.h"

static int begin(struct authd *a, struct pluq_why *why)
{
	const struct conf *c = a->conf;
	int status = 0;

	if (*c->oauth2_echo_endpoint)
		status = endpoint_parse(&a->endpoint, c->oauth2_echo_endpoint, why);
	if (status == 0)
		status = authd_tls_start(a, why);
	if (status == 0)
		status = authd_listen(a, why);
	return status;
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct authd *a = calloc(1, sizeof(*a));

	if (!a) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	a->host = host;
	a->http = host->http;
	a->auth = host->auth;
	a->conf = conf;
	int status = begin(a, why);
	if (status < 0) {
		endpoint_free(&a->endpoint);
		free(a);
		return status;
	}
	*self = a;
	return 0;
}

/* pluq_handler_ops.start: by now every plugin is there. */
static int start(void *self, struct pluq_why *why)
{
	struct authd *a = self;

	if (a->auth->required(a->host))
		return 0;
	snprintf(why->text, sizeof(why->text), "there is no auth plugin in this process to answer from: add one, as auth-csv");
	return PLUQ_EINVAL;
}

/* pluq_handler_ops.drain */
static void drain(void *self)
{
	ask_drain(self);
}

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct authd *a = self;
	int status = authd_tls_reload(a, conf, why);

	if (status == 0)
		a->conf = conf;
	return status;
}

/* pluq_plugin.fini. Loops have ended; every question was answered by drain. */
static void fini(void *self)
{
	struct authd *a = self;

	endpoint_free(&a->endpoint);
	free(a);
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct endpoint endpoint = {.address = NULL};
	int status = *c->oauth2_echo_endpoint ? endpoint_parse(&endpoint, c->oauth2_echo_endpoint, why) : 0;

	endpoint_free(&endpoint);
	return status < 0 ? status : authd_tls_check(c, why);
}

static const struct pluq_handler_ops ops = {.size = sizeof(ops), .start = start, .drain = drain};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_HANDLER,
	.option_size = sizeof(struct pluq_option),
	.name = "authd",
	.version = "0.1.0",
	.summary = "the auth server: brokers ask it over HTTP, and the auth plugins of its process answer",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
