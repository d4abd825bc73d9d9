/* A storage that cannot append. */
#include <pluq/storage.h>

#include "plain.h"

static int load(void *self, pluq_meta_fn fn, void *arg, int64_t *id_ceiling_ns, struct pluq_why *why)
{
	return 0;
}

static int save(void *self, const struct pluq_meta *meta, struct pluq_why *why)
{
	return 0;
}

static int open_queue(void *self, const char *name, struct pluq_queue_info *info, void **queue, struct pluq_why *why)
{
	return 0;
}

static int close_queue(void *queue, struct pluq_why *why)
{
	return 0;
}

static const struct pluq_storage_ops ops = { .size = sizeof(ops), .load = load, .save = save, .open = open_queue,
	.close = close_queue };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_STORAGE, .name = "no-ops",
	.version = "1.0", .summary = "test data", .init = plain_init, .fini = plain_fini, .ops = &ops,
};
