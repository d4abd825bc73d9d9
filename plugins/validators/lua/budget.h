/* What one message may cost: instructions, memory, and what library functions do between two instructions.
 *
 * 1. The unit is an instruction of Lua's machine. They are counted BUDGET_STEP at a time, by a hook; fewer at a time while there are texts
 *    of more than BUDGET_LONG bytes, as one instruction can go over all of such a text (to compare it, to read it as a number).
 * 2. The hook does not run inside of C functions. Those whose work grows with what they are given charge for it before they begin
 *    (guards.c, match.c, decode.c), or pay by what they allocate: every BUDGET_GRAIN bytes are one unit.
 * 3. There is a limit on the processor's time too, which no ordinary instruction comes near: BUDGET_NS for each unit of the budget.
 * 4. Lua's stack is kept far below its own limit, as some of its loops go over all of it without an instruction in between (a table
 *    whose __call is the table itself moves the whole stack for each slot that it adds). The allocator knows which block is the stack:
 *    a state's second, then the one that is taken just before that is given back. It grows to its double; guards.c sees to it that nobody
 *    asks for more.
 * 5. Every block is in a list, and the end of a state gives back all of them. Lua may lose one: the buffers of its library are freed by
 *    finalizers, which need memory themselves.
 * 6. Once it is over, it stays over: `pcall` hands the error on, and every instruction that a closing variable or a second pcall still
 *    tries raises it again. What still asks for memory then would have all garbage collected each time: the hook comes after each
 *    instruction from the first refusal on.
 */
#ifndef LUA_BUDGET_H
#define LUA_BUDGET_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUDGET_STEP 128
#define BUDGET_LONG (64 << 10)
#define BUDGET_GRAIN 16
#define BUDGET_NS 100
#define BUDGET_STACK_MAX (20500 * BUDGET_SLOT) /* bytes: calls of calls, and values at once */
#define BUDGET_SLOT 16
#define BUDGET_VALUES_MAX 8000 /* that a library function may return */

enum budget_end { BUDGET_GOES_ON = 0, BUDGET_NO_INSTRUCTIONS, BUDGET_NO_MEMORY };

/* In front of every block. */
struct budget_block {
	_Alignas(16) struct budget_block *next;
	struct budget_block *before;
};

/* One per state. Used by the thread that uses the state. */
struct budget {
	lua_State *L; /* NULL: nothing has begun */
	struct budget_block all, texts; /* rings; texts: those of more than BUDGET_LONG bytes */
	size_t longest;        /* bytes of the longest of `texts` since there were none */
	size_t used, most;     /* bytes that the state holds, and may hold */
	int64_t left;          /* units */
	int step;              /* instructions from one hook to the next */
	int64_t limit_ns;      /* of the processor's time */
	int64_t wall_ns;       /* when the first step was counted; 0: not yet */
	int64_t processor_ns;  /* since when processor time is counted; 0: it is not yet worth the look */
	enum budget_end end;
	bool starved;          /* the system refused memory that the state may have */
	unsigned blocks;       /* taken so far; counted up to 2 */
	void *stack, *newest;  /* newest: of the blocks that are no objects */
	size_t stack_size, newest_size; /* bytes */
};

/* Without a limit of work, at first. It must not move. */
void budget_init(struct budget *, size_t most);
void budget_fini(struct budget *); /* gives back all that the state has, which is gone then; lua_close need not be called */

/* lua_Alloc; ud: the budget. */
void *budget_alloc(void *ud, void *block, size_t before, size_t after);

/* Before L is given something to do that may cost so many units. */
void budget_begin(struct budget *, lua_State *L, int64_t units);

struct budget *budget_of(lua_State *L); /* it lies where lua_getextraspace points to; there is one thread per state */

/* Charges so many units; raises an error when there are none left. */
void budget_charge(lua_State *L, uint64_t units);

/* Raises the error that says that it is over. */
_Noreturn void budget_overrun(lua_State *L, enum budget_end);

#endif
