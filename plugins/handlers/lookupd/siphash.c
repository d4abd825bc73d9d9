#include "siphash.h"

#define ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))

struct state {
	uint64_t a, b, c, d;
};

static void round_(struct state *s)
{
	s->a += s->b;
	s->b = ROTATE(s->b, 13) ^ s->a;
	s->a = ROTATE(s->a, 32);
	s->c += s->d;
	s->d = ROTATE(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = ROTATE(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = ROTATE(s->b, 17) ^ s->c;
	s->c = ROTATE(s->c, 32);
}

static uint64_t word(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

	for (size_t i = 0; i < n; i++)
		w |= (uint64_t)p[i] << 8 * i;
	return w;
}

static void take(struct state *s, uint64_t w)
{
	s->d ^= w;
	round_(s);
	s->a ^= w;
}

uint64_t siphash(const uint64_t key[2], const void *bytes, size_t n)
{
	struct state s = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *p = bytes;
	size_t left = n;

	for (; left >= 8; left -= 8, p += 8)
		take(&s, word(p, 8));
	take(&s, word(p, left) | (uint64_t)n << 56);
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		round_(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
