/* Private to the daemon. Message ids in the original's layout: 63 bits as 16 hex digits,
 * bits 62..22 clock in units of 2^20 ns since an epoch, 21..12 node, 11..0 sequence (wire-v2.md, section 15).
 *
 * One generator per topic, on its home. Ids rise strictly. The generator never waits: when a unit's 4096 numbers are used, or
 * the clock stands still or steps back, it runs ahead of the clock.
 */
#ifndef PLUQ__IDGEN_H
#define PLUQ__IDGEN_H

#include <stdint.h>

#define PLUQ__ID_UNIT_SHIFT 20
#define PLUQ__ID_EPOCH INT64_C(1288834974288) /* in units */

struct pluq__idgen {
	int64_t unit; /* of the last id, since the UNIX epoch */
	uint32_t sequence;
	uint32_t node; /* 0 .. 1023 */
};

/* floor_ns: UNIX time; no id is given whose clock part lies before it. */
void pluq__idgen_init(struct pluq__idgen *, uint32_t node, int64_t floor_ns);
/* out: 16 hex digits. */
void pluq__idgen_next(struct pluq__idgen *, int64_t real_ns, uint8_t *out);
/* UNIX time that lies above the clock part of every id given. */
static inline int64_t pluq__idgen_above_ns(const struct pluq__idgen *g)
{
	return (g->unit + 1) << PLUQ__ID_UNIT_SHIFT;
}

#endif
