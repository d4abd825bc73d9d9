#include "metrics.h"

#include <pluq/metrics.h>
#include <string.h>

static const struct pluq_metric commands = {.name = "nsqd_commands", .unit = "", .help = "Commands of clients, by name",
    .detail = "command", .type = PLUQ_COUNTER};
static const struct pluq_metric errors = {.name = "nsqd_errors", .unit = "", .help = "Error frames sent to clients, by code",
    .detail = "code", .type = PLUQ_COUNTER};
static const struct pluq_metric connections = {.name = "nsqd_connections", .unit = "",
    .help = "Connections of the V2 protocol, by state", .detail = "state", .type = PLUQ_GAUGE};

/* The last one stands for all that are not listed. */
static const char *const codes[NSQD_ERRORS] = {"E_INVALID", "E_BAD_TOPIC", "E_BAD_CHANNEL", "E_BAD_BODY", "E_BAD_MESSAGE",
    "E_BAD_PROTOCOL", "E_PUB_FAILED", "E_MPUB_FAILED", "E_DPUB_FAILED", "E_SUB_FAILED", "E_FIN_FAILED", "E_REQ_FAILED",
    "E_TOUCH_FAILED", "E_IDENTIFY_FAILED", "E_AUTH_FAILED", "E_AUTH_FIRST", "E_AUTH_DISABLED", "E_UNAUTHORIZED", "E_AUTH_ERROR", "other"};

static const char *const states[NSQD_STATES] = {"init", "subscribed", "closing"};

void metrics_error(const struct conn *c, const char *text, size_t length)
{
	size_t i = 0, n = 0;

	while (n < length && text[n] != ' ')
		n++;
	while (i < NSQD_ERRORS - 1 && !(strlen(codes[i]) == n && memcmp(codes[i], text, n) == 0))
		i++;
	c->nsqd->loops[c->loop].figures.errors[i]++;
}

void metrics_state(const struct conn *c, int by)
{
	int i = c->state == STATE_INIT ? 0 : c->state == STATE_SUBSCRIBED ? 1 : 2;

	c->nsqd->loops[c->loop].figures.connections[i] += by;
}

static void tell(const struct nsqd *n, struct pluq_gather *g, const struct pluq_metric *m, const char *detail, double value)
{
	const struct pluq_sample s = {.metric = m, .plugin = n->host->instance, .detail = detail, .value = value};

	n->host->metrics->add(g, &s);
}

/* pluq_gather_fn */
static void gather(void *arg, uint32_t loop, struct pluq_gather *g)
{
	const struct nsqd *n = arg;
	const struct nsqd_figures *f = &n->loops[loop].figures;

	for (size_t i = 0; i < NSQD_COMMANDS; i++)
		tell(n, g, &commands, command_name(i), (double)f->commands[i]);
	for (size_t i = 0; i < NSQD_ERRORS; i++)
		if (f->errors[i])
			tell(n, g, &errors, codes[i], (double)f->errors[i]);
	for (size_t i = 0; i < NSQD_STATES; i++)
		tell(n, g, &connections, states[i], (double)f->connections[i]);
}

int metrics_init(struct nsqd *n)
{
	return n->host->metrics->source(n->host, gather, n);
}
