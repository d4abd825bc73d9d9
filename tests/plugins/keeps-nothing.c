/* A storage with the least that one may have. */
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

static const struct pluq_storage_ops ops = { .size = offsetof(struct pluq_storage_ops, open),
	.flags = PLUQ_STORAGE_ON_LOOP | PLUQ_STORAGE_REJECTS, .load = load, .save = save };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_STORAGE, .name = "keeps-nothing",
	.version = "1.0", .summary = "test data", .init = plain_init, .fini = plain_fini, .ops = &ops,
};
