/* As soon as the loops run it does something on the pool that takes `takes`. */
#include <time.h>

#include "plain.h"

struct conf {
	int64_t takes_ns;
};

struct slow {
	const struct pluq_host *host;
	const struct conf *conf;
};

static struct slow slow; /* one instance is enough for a test */

static const struct pluq_option options[] = {
	{ .key = "takes", .type = PLUQ_OPT_DURATION, .standard = "100ms", .offset = offsetof(struct conf, takes_ns),
	    .help = "how long it blocks" },
	{ .key = NULL },
};

static void block(void *arg)
{
	struct timespec t = { .tv_sec = slow.conf->takes_ns / 1000000000, .tv_nsec = slow.conf->takes_ns % 1000000000 };

	nanosleep(&t, NULL);
}

static void unblocked(void *arg)
{
	slow.host->log(slow.host, PLUQ_INFO, "back on loop %d", slow.host->loop_self(slow.host));
}

static void begin(void *arg)
{
	if (slow.host->work(slow.host, block, unblocked, NULL))
		slow.host->log(slow.host, PLUQ_ERROR, "no work");
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	slow = (struct slow){ host, conf };
	*self = &slow;
	return 0;
}

static int start(void *self, struct pluq_why *why)
{
	return slow.host->post(slow.host, 0, begin, NULL);
}

static const struct pluq_handler_ops ops = { .size = sizeof(ops), .start = start };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = "slow", .version = "1.0",
	.summary = "test data: an operation that blocks", .option_size = sizeof(struct pluq_option), .options = options,
	.conf_size = sizeof(struct conf), .init = init, .fini = plain_fini, .ops = &ops,
};
