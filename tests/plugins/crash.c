/* As soon as the loops run it does what no program may do, on the last loop or on the pool. */
#include "plain.h"

struct conf {
	int64_t where;
};

static const struct pluq_host *host;
static const struct conf *conf;

enum { ON_LOOP, ON_POOL };

static const struct pluq_option options[] = {
	{ .key = "where", .type = PLUQ_OPT_ENUM, .standard = "loop", .words = "loop|pool", .offset = offsetof(struct conf, where),
	    .help = "the kind of thread that it ends on" },
	{ .key = NULL },
};

static void crash(void *arg)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
}

static void never(void *arg)
{
}

static void begin(void *arg)
{
	if (conf->where == ON_LOOP || host->work(host, crash, never, NULL))
		crash(NULL);
}

static int init(const struct pluq_host *h, const void *c, void **self, struct pluq_why *why)
{
	host = h;
	conf = c;
	*self = &host;
	return 0;
}

static int start(void *self, struct pluq_why *why)
{
	return host->post(host, host->loops - 1, begin, NULL);
}

static const struct pluq_handler_ops ops = { .size = sizeof(ops), .start = start };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = "crash", .version = "1.0",
	.summary = "test data: a fault", .option_size = sizeof(struct pluq_option), .options = options,
	.conf_size = sizeof(struct conf), .init = init, .fini = plain_fini, .ops = &ops,
};
