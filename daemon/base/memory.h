/* Private to the daemon. The daemon-wide count of bytes held: bodies, records and buffers.
 *
 * Loops count in a variable of their own and take from or give to the shared one in steps of PLUQ__MEMORY_STEP, so that
 * counting costs no shared write per message; the shared figure is off by at most one step per loop.
 */
#ifndef PLUQ__MEMORY_H
#define PLUQ__MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define PLUQ__MEMORY_STEP (256 * 1024)

void pluq__memory_set_limit(int64_t bytes); /* main; 0: none */
int64_t pluq__memory_limit(void);
/* Any thread. n may be negative. */
void pluq__memory_add(int64_t n);
int64_t pluq__memory_used(void);
bool pluq__memory_over(void); /* used >= limit */

#endif
