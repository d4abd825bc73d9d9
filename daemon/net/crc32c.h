/* Private to daemon/net. CRC-32C (Castagnoli), as the snappy framing format has it. Any thread. */
#ifndef PLUQ__CRC32C_H
#define PLUQ__CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t pluq__crc32c(const uint8_t *bytes, size_t n);
uint32_t pluq__crc32c_plain(const uint8_t *bytes, size_t n); /* the same without the processor's help; for tests */

#endif
