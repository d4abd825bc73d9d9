/* The memory plugin: no files at all. A queue that is full refuses the publish, and a restart begins with nothing. */
#include <pluq/storage.h>

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	(void)host, (void)conf, (void)why;
	*self = NULL;
	return 0;
}

static void fini(void *self)
{
	(void)self;
}

static int load(void *self, pluq_meta_fn fn, void *arg, int64_t *id_ceiling_ns, struct pluq_why *why)
{
	(void)self, (void)fn, (void)arg, (void)why;
	*id_ceiling_ns = 0;
	return 0;
}

static int save(void *self, const struct pluq_meta *meta, struct pluq_why *why)
{
	(void)self, (void)meta, (void)why;
	return 0;
}

static int open_queue(void *self, const char *name, struct pluq_queue_info *info, void **queue, struct pluq_why *why)
{
	(void)self, (void)name, (void)why;
	*info = (struct pluq_queue_info){ .count = 0 };
	*queue = NULL;
	return 0;
}

static int close_queue(void *queue, struct pluq_why *why)
{
	(void)queue, (void)why;
	return 0;
}

/* By PLUQ_STORAGE_REJECTS nothing else is called. */
static const struct pluq_storage_ops ops = {
	.size = sizeof(ops),
	.flags = PLUQ_STORAGE_ON_LOOP | PLUQ_STORAGE_REJECTS,
	.load = load,
	.save = save,
	.open = open_queue,
	.close = close_queue,
};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_STORAGE,
	.option_size = sizeof(struct pluq_option),
	.name = "memory",
	.version = "1.0",
	.summary = "keeps nothing outside memory; full queues refuse",
	.init = init,
	.fini = fini,
	.ops = &ops,
};
