#include "idgen.h"

#define SEQUENCES 4096

void pluq__idgen_init(struct pluq__idgen *g, uint32_t node, int64_t floor_ns)
{
	/* As if the unit before the floor's had been used up. */
	g->unit = ((floor_ns + (INT64_C(1) << PLUQ__ID_UNIT_SHIFT) - 1) >> PLUQ__ID_UNIT_SHIFT) - 1;
	g->sequence = SEQUENCES - 1;
	g->node = node;
}

/* Eight hex digits of a 32-bit number, all at once: each digit in a byte, then made a character. */
static void put_hex32(uint32_t value, uint8_t *out)
{
	uint64_t x = value, letters;

	x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
	x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
	x = (x | x << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	letters = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101); /* 1 where the digit is above 9 */
	x += UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10);
	for (int i = 7; i >= 0; i--, x >>= 8)
		out[i] = (uint8_t)x;
}

static void put_hex(uint64_t value, uint8_t *out)
{
	put_hex32((uint32_t)(value >> 32), out);
	put_hex32((uint32_t)value, out + 8);
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
