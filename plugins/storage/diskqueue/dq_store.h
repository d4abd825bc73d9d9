/* One instance of the plugin: a locked data directory. Constant after init but for the metadata file. */
#ifndef DQ_STORE_H
#define DQ_STORE_H

#include <pluq/storage.h>

#include "dq_index.h"

struct dq_conf {
	const char *data_path;
	int64_t max_bytes_per_file, sync_every, sync_timeout_ns;
};

struct dq_store {
	const struct pluq_host *host;
	const struct dq_conf *conf;
	int dir_fd; /* carries the lock */
	struct dq_index index;
};

int dq_store_init(const struct pluq_host *, const void *conf, void **self, struct pluq_why *); /* pluq_plugin.init */
void dq_store_fini(void *self);                                                                /* pluq_plugin.fini */

int dq_dat_load(void *self, pluq_meta_fn, void *arg, int64_t *id_ceiling_ns, struct pluq_why *); /* pluq_storage_ops.load */
int dq_dat_save(void *self, const struct pluq_meta *, struct pluq_why *);                        /* pluq_storage_ops.save */
int dq_probe(void *self, struct pluq_why *);                                                     /* pluq_storage_ops.probe */

#endif
