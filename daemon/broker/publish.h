/* Private to the daemon. Publishing: on the topic's home, or from another loop by a letter. */
#ifndef PLUQ__PUBLISH_H
#define PLUQ__PUBLISH_H

#include "home.h"

/* As pluq_broker.publish. */
int pluq__publish(struct pluq__home *, struct pluq_topic *, const struct pluq_body *, size_t n, int64_t defer_ns,
    pluq_done_fn done, void *arg);

#endif
