/* Names of topics and channels: 1 .. 64 bytes, [.a-zA-Z0-9_-]+ and perhaps "#ephemeral". */
#ifndef NSQD_NAMES_H
#define NSQD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

bool name_valid(const void *name, size_t length);

#endif
