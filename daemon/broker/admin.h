/* Private to the daemon. What people ask of topics and channels: by way of loop 0, which knows the topic, at the topic's home. */
#ifndef PLUQ__ADMIN_H
#define PLUQ__ADMIN_H

#include "home.h"

/* As pluq_broker.admin. */
int pluq__admin(struct pluq__home *, enum pluq_admin what, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, pluq_done_fn fn, void *arg);

#endif
