#include "idgen.h"

#define SEQUENCES 4096

void pluq__idgen_init(struct pluq__idgen *g, uint32_t node, int64_t floor_ns)
{
	/* As if the unit before the floor's had been used up. */
	g->unit = ((floor_ns + (INT64_C(1) << PLUQ__ID_UNIT_SHIFT) - 1) >> PLUQ__ID_UNIT_SHIFT) - 1;
	g->sequence = SEQUENCES - 1;
	g->node = node;
}

static void put_hex(uint64_t value, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 15; i >= 0; i--, value >>= 4)
		out[i] = (uint8_t)digits[value & 15];
}

void pluq__idgen_next(struct pluq__idgen *g, int64_t real_ns, uint8_t *out)
{
	int64_t unit = real_ns >> PLUQ__ID_UNIT_SHIFT;
	uint64_t id;

	if (unit > g->unit) {
		g->unit = unit;
		g->sequence = 0;
	} else if (++g->sequence == SEQUENCES) {
		g->unit++;
		g->sequence = 0;
	}
	id = (uint64_t)(g->unit - PLUQ__ID_EPOCH) << 22 | (uint64_t)g->node << 12 | g->sequence;
	put_hex(id & INT64_MAX, out);
}
