/* Messages to a consumer. */
#ifndef NSQD_DELIVER_H
#define NSQD_DELIVER_H

#include <pluq/broker.h>

extern const struct pluq_sub_ops sub_ops;

#endif
