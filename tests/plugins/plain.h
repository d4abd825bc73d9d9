/* What most plugins of the test data have in common: a handler that serves nothing. */
#ifndef PLAIN_H
#define PLAIN_H

#include <pluq/handler.h>

static inline int plain_init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	*self = (void *)(uintptr_t)host;
	return 0;
}

static inline void plain_fini(void *self)
{
}

static const struct pluq_handler_ops plain_ops = { .size = sizeof(plain_ops) };

#define PLAIN(name_)                                                                                                   \
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = name_,                 \
	.version = "1.0", .summary = "test data", .option_size = sizeof(struct pluq_option), .init = plain_init,       \
	.fini = plain_fini, .ops = &plain_ops

#endif
