/* SipHash-1-3: a hash whose collisions cannot be made up by who does not know the key. Names come from outside. */
#ifndef LOOKUPD_SIPHASH_H
#define LOOKUPD_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint64_t key[2], const void *bytes, size_t n);

#endif
