/* What messages carry. The same in every run. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static uint32_t x;

static uint32_t any(void)
{
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void fill_noise(uint8_t *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)any();
}

/* Events of a shop, one behind the other as far as there is room. */
static void fill_text(uint8_t *to, size_t n)
{
	static const char *const kinds[] = {"view", "click", "search", "cart", "purchase", "login"};
	static const char *const agents[] = {"Mozilla/5.0 (X11; Linux x86_64)", "okhttp/4.9.3", "curl/7.88.1"};
	char event[256];

	while (n) {
		int length = snprintf(event, sizeof event,
		    "{\"id\":\"%08x%08x\",\"ts\":17%08u,\"kind\":\"%s\",\"user\":%u,\"path\":\"/shop/%u/item/%u\",\"agent\":\"%s\","
		    "\"price\":%u.%02u,\"ok\":%s}",
		    any(), any(), any() % 100000000, kinds[any() % 6], any() % 1000000, any() % 500, any() % 100000, agents[any() % 3],
		    any() % 500, any() % 100, any() % 8 ? "true" : "false");
		size_t part = (size_t)length < n ? (size_t)length : n;

		memcpy(to, event, part);
		to += part;
		n -= part;
	}
}

void bench_make_bodies(struct bench *b)
{
	size_t size = b->opt.size;

	x = 2463534242u;
	b->bodies = bench_alloc(b->opt.text ? BENCH_BODIES : 1, size);
	if (!b->opt.text)
		fill_noise(b->bodies, size);
	for (uint64_t i = 0; b->opt.text && i < BENCH_BODIES; i++)
		fill_text(b->bodies + i * size, size);
}

const uint8_t *bench_body(const struct bench *b, uint64_t i)
{
	return b->bodies + (b->opt.text ? i % BENCH_BODIES * b->opt.size : 0);
}
