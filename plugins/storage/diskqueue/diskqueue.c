/* The diskqueue plugin: keeps messages in the original's files. */
#include <pluq/plugin.h>

#include "dq.h"
#include "dq_codec.h"

#define GIB (INT64_C(1) << 30)
#define MS INT64_C(1000000)
#define SEC (1000 * MS)

static const struct pluq_option options[] = {
	{
		.key = "data_path",
		.type = PLUQ_OPT_STRING,
		.flags = PLUQ_OPT_REQUIRED,
		.offset = offsetof(struct dq_conf, data_path),
		.original = "data_path",
		.help = "directory of messages and metadata; it must exist, and one process uses it",
	},
	{
		.key = "max_bytes_per_file",
		.type = PLUQ_OPT_SIZE,
		.standard = "104857600",
		.offset = offsetof(struct dq_conf, max_bytes_per_file),
		.min = 1,
		/* An offset has 40 bits in a record's position, and one record may exceed the limit. */
		.max = 512 * GIB,
		.original = "max_bytes_per_file",
		.help = "size of a data file past which the next one begins; disk space is given back by whole files",
	},
	{
		.key = "sync_every",
		.type = PLUQ_OPT_INT,
		.standard = "2500",
		.offset = offsetof(struct dq_conf, sync_every),
		.min = 0,
		.max = INT64_C(1) << 40,
		.original = "sync_every",
		.help = "operations on a queue after which it is synced; 1 (and 0): publishers are answered after the sync",
	},
	{
		.key = "sync_timeout",
		.type = PLUQ_OPT_DURATION,
		.standard = "2s",
		.offset = offsetof(struct dq_conf, sync_timeout_ns),
		.min = MS,
		.max = 86400 * SEC,
		.original = "sync_timeout",
		.help = "longest time from an operation on a queue to the sync that covers it",
	},
	{ .key = NULL },
};

static const struct pluq_storage_ops ops = {
	.size = sizeof(ops),
	.flags = 0,
	.load = dq_dat_load,
	.save = dq_dat_save,
	.open = dq_open,
	.append = dq_append,
	.fetch = dq_fetch,
	.release = dq_release,
	.sync = dq_sync,
	.empty = dq_empty,
	.close = dq_close,
	.remove = dq_remove,
	.probe = dq_probe,
};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_STORAGE,
	.option_size = sizeof(struct pluq_option),
	.name = "diskqueue",
	.version = "1.0",
	.summary = "keeps messages and metadata in the files of the original",
	.options = options,
	.conf_size = sizeof(struct dq_conf),
	.init = dq_store_init,
	.fini = dq_store_fini,
	.ops = &ops,
};
