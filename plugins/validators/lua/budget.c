#include "budget.h"

#include <stdlib.h>
#include <time.h>

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct budget *budget_of(lua_State *L)
{
	return *(struct budget **)lua_getextraspace(L);
}

void budget_init(struct budget *b, size_t most)
{
	*b = (struct budget){ .most = most, .left = INT64_MAX };
	b->all.next = b->all.before = &b->all;
	b->texts.next = b->texts.before = &b->texts;
}

static void empty(struct budget_block *ring)
{
	for (struct budget_block *k = ring->next, *next; k != ring; k = next) {
		next = k->next;
		free(k);
	}
	ring->next = ring->before = ring;
}

void budget_fini(struct budget *b)
{
	empty(&b->all);
	empty(&b->texts);
}

/* realloc; ring: where a new block goes. */
static void *change(struct budget_block *ring, void *block, size_t size)
{
	struct budget_block *k = block ? (struct budget_block *)block - 1 : NULL;

	k = realloc(k, sizeof(*k) + size);
	if (!k)
		return NULL;
	if (!block) {
		k->next = ring;
		k->before = ring->before;
	}
	k->next->before = k->before->next = k;
	return k + 1;
}

static void drop(void *block)
{
	struct budget_block *k = (struct budget_block *)block - 1;

	k->next->before = k->before;
	k->before->next = k->next;
	free(k);
}

static void on_count(lua_State *L, lua_Debug *ar);

/* Sees to it that the hook comes as often as it must now. Lua lets a hook be set at any time, within the allocator too. */
static void look(struct budget *b)
{
	int step = BUDGET_STEP;

	if (b->end || b->left < 0)
		step = 1;
	else if (b->texts.next != &b->texts)
		step = b->longest / BUDGET_LONG < BUDGET_STEP ? (int)(BUDGET_STEP / (b->longest / BUDGET_LONG)) : 1;
	if (step == b->step || !b->L)
		return;
	b->step = step;
	lua_sethook(b->L, on_count, LUA_MASKCOUNT, step);
}

_Noreturn void budget_overrun(lua_State *L, enum budget_end end)
{
	struct budget *b = budget_of(L);

	if (!b->end)
		b->end = end;
	look(b);
	lua_pushlightuserdata(L, b); /* needs no memory, as a text would */
	lua_error(L);
	abort();
}

/* Time by the wall is cheap to read and never less than the processor's; only when that is over is the dear clock looked at. */
static bool took_too_long(struct budget *b)
{
	int64_t wall = clock_ns(CLOCK_MONOTONIC_COARSE);

	if (!b->wall_ns)
		b->wall_ns = wall;
	if (wall - b->wall_ns <= b->limit_ns)
		return false;
	if (!b->processor_ns)
		b->processor_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	return clock_ns(CLOCK_THREAD_CPUTIME_ID) - b->processor_ns > b->limit_ns;
}

/* lua_Hook */
static void on_count(lua_State *L, lua_Debug *ar)
{
	struct budget *b = budget_of(L);

	(void)ar;
	b->left -= b->step;
	if (b->end || b->left < 0 || took_too_long(b))
		budget_overrun(L, BUDGET_NO_INSTRUCTIONS);
	look(b);
}

/* Slots that Lua keeps behind the stack's end. */
#define STACK_EXTRA 5

/* Is this the stack on its way to twice its size, and too far? A new block that is no object, or the stack's own. */
static bool is_too_high(const struct budget *b, const void *block, size_t after)
{
	size_t slots = b->stack_size / BUDGET_SLOT;

	if (after <= BUDGET_STACK_MAX || slots < STACK_EXTRA)
		return false;
	return block ? block == b->stack : after == (2 * (slots - STACK_EXTRA) + STACK_EXTRA) * BUDGET_SLOT;
}

static void note(struct budget *b, bool was_stack, bool object, void *fresh, size_t size)
{
	if ((b->blocks < 2 && ++b->blocks == 2) || was_stack) {
		b->stack = fresh;
		b->stack_size = size;
	} else if (!object) {
		b->newest = fresh;
		b->newest_size = size;
	}
}

static void give_back(struct budget *b, void *block, size_t size)
{
	if (block && block == b->stack) {
		b->stack = b->newest;
		b->stack_size = b->newest_size;
	}
	if (block)
		drop(block);
	b->used -= size;
}

/* True: Lua must not have so many bytes more. A refusal makes it collect all its garbage and ask again; that is charged too, as a script
 * that lives at its limit would have it done for each string. */
static bool is_refused(struct budget *b, const void *block, bool object, size_t more, size_t after)
{
	if (b->left < 0 || (!object && is_too_high(b, block, after)))
		return true;
	if (b->used <= b->most && more <= b->most - b->used)
		return false;
	b->left -= (int64_t)(b->used / BUDGET_GRAIN);
	return true;
}

/* Where a new block goes; kind: of the object, 0 if it is none. */
static struct budget_block *ring_for(struct budget *b, size_t kind, size_t size)
{
	if (kind != LUA_TSTRING || size <= BUDGET_LONG)
		return &b->all;
	if (b->texts.next == &b->texts || size > b->longest)
		b->longest = size;
	return &b->texts;
}

/* lua_Alloc. What shrinks must not fail. */
void *budget_alloc(void *ud, void *block, size_t before, size_t after)
{
	struct budget *b = ud;
	bool object = !block && before, was_stack = block && block == b->stack;
	size_t old = block ? before : 0; /* else it is the kind of the new object */
	void *fresh;

	if (after == 0) {
		give_back(b, block, old);
		return NULL;
	}
	if (after > old && is_refused(b, block, object, after - old, after)) {
		look(b);
		return NULL;
	}
	fresh = change(ring_for(b, block ? 0 : before, after), block, after);
	if (!fresh && after <= old)
		return block;
	if (!fresh) {
		b->starved = true;
		return NULL;
	}
	if (object && after > BUDGET_LONG)
		look(b);
	if (!block || was_stack)
		note(b, was_stack, object, fresh, after);
	if (after > old)
		b->left -= (int64_t)(after / BUDGET_GRAIN) + 1;
	b->used += after - old;
	return fresh;
}

void budget_begin(struct budget *b, lua_State *L, int64_t units)
{
	b->L = L;
	b->step = 0;
	b->left = units;
	b->limit_ns = units * BUDGET_NS > 10000000 ? units * BUDGET_NS : 10000000;
	b->wall_ns = 0;
	b->processor_ns = 0;
	b->end = BUDGET_GOES_ON;
	b->starved = false;
	look(b);
}

void budget_charge(lua_State *L, uint64_t units)
{
	struct budget *b = budget_of(L);

	if (b->left < 0 || units > (uint64_t)b->left) {
		b->left = -1;
		budget_overrun(L, BUDGET_NO_INSTRUCTIONS);
	}
	b->left -= (int64_t)units;
}
