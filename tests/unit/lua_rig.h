/* For the tests of validate-lua: an instance of the plugin with a mock host and a script of the test's. */
#ifndef LUA_RIG_H
#define LUA_RIG_H

#include <pluq/metrics.h>
#include <pluq/validator.h>

#include "mock_host.h"

struct lua_rig {
	struct mock_host host;
	struct pluq_metrics metrics;
	pluq_gather_fn gather;
	void *gather_arg;
	void *self;
	void *conf;     /* as the daemon would fill it, from the option table */
	char path[64];  /* of the script */
	char dir[32];
	struct pluq_why why;
	struct pluq_finding finding; /* of the last message */
};

void lua_rig_init(struct lua_rig *, uint32_t loops);
void lua_rig_fini(struct lua_rig *);

void lua_rig_set(struct lua_rig *, const char *option, int64_t value);
void lua_rig_write(struct lua_rig *, const char *script); /* the file; at once, so that a reload sees the old one or this */

/* Writes and starts; the plugin's code, and why. */
int lua_rig_try(struct lua_rig *, const char *script);
void lua_rig_start(struct lua_rig *, const char *script); /* which must succeed; begins all loops */
int lua_rig_reload(struct lua_rig *);                     /* and begins all loops */
void lua_rig_stop(struct lua_rig *);

int lua_rig_judge_on(struct lua_rig *, uint32_t loop, const char *topic, const void *body, size_t length);
int lua_rig_judge(struct lua_rig *, const char *topic, const char *body); /* loop 0 */

/* A sample of all loops by the metric's name and the detail (NULL: none). */
double lua_rig_sample(struct lua_rig *, const char *metric, const char *detail);

#endif
