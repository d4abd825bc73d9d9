/* A script, read from its file. */
#ifndef LUA_PROGRAM_H
#define LUA_PROGRAM_H

#include <pluq/error.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_SIZE_MAX (1 << 20)

/* Constant once made; held by the plugin and by each state that runs it. */
struct program {
	atomic_uint refs;
	int64_t max_instructions; /* per message */
	int64_t max_memory;       /* bytes per state */
	size_t length;
	char *text;       /* without a byte order mark */
	char *path;       /* as configured */
	const char *name; /* the path's last part: what Lua's messages begin with */
};

/* Pool or main: reads the file. PLUQ_EINVAL, PLUQ_ENOMEM with why. *out: one reference. */
int program_load(const char *path, int64_t max_instructions, int64_t max_memory, struct program **out, struct pluq_why *why);

/* Any thread. */
struct program *program_ref(struct program *);
void program_unref(struct program **); /* accepts NULL inside */

#endif
