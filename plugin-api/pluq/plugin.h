/* <pluq/plugin.h>: what every plugin exports, and how its options are declared.
 *
 * A plugin is one shared object that exports one symbol, `pluq_plugin_entry`, of type `const struct pluq_plugin`.
 * It is constant data: nothing of the plugin runs before the daemon has checked it.
 *
 *	PLUQ_PLUGIN_ENTRY = {
 *		.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_STORAGE,
 *		.name = "memory", .version = "1.0", .summary = "keeps nothing outside memory",
 *		.option_size = sizeof(struct pluq_option), .options = options, .conf_size = sizeof(struct conf),
 *		.init = init, .fini = fini, .ops = &ops,
 *	};
 *
 * Changes of the ABI (the major stays 0 until every kind has been built once):
 *	0.1	2026-11-22	handler and storage kinds
 *	0.2	2026-11-25	net: connect, conn_set_peer_timeout; http: get, cancel, json_quote; broker: watch, each, gate, gate_open;
 *			health: retrying; <pluq/name.h>
 *	0.3	2026-11-25	auth kind; net: TLS and compression (tls_new, tls_change, tls_check, conn_tls, conn_upgrade, on_upgraded; listen and connect
 *			with TLS); http: listen takes a struct; TLS and auth of requests (may); get: other methods, TLS, any loop, call_header;
 *			check
 *	0.4	2026-11-26	metrics and validator kinds; broker: limits with e2e percentiles, stats with more counters; <pluq/glob.h>
 */
#ifndef PLUQ_PLUGIN_H
#define PLUQ_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pluq/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQ_ABI_MAJOR 0
#define PLUQ_ABI_MINOR 4
#define PLUQ_PLUGIN_ABI .abi_major = PLUQ_ABI_MAJOR, .abi_minor = PLUQ_ABI_MINOR

struct pluq_host;

enum pluq_kind {
	PLUQ_KIND_HANDLER = 1,  /* ops: struct pluq_handler_ops, <pluq/handler.h> */
	PLUQ_KIND_AUTH = 2,     /* ops: struct pluq_auth_ops, <pluq/auth.h> */
	PLUQ_KIND_METRICS = 3,  /* ops: struct pluq_metrics_ops, <pluq/metrics.h> */
	PLUQ_KIND_STORAGE = 4,  /* ops: struct pluq_storage_ops, <pluq/storage.h> */
	PLUQ_KIND_VALIDATOR = 5 /* ops: struct pluq_validator_ops, <pluq/validator.h> */
};

/* Type of an option and of the member of the conf struct at its offset. */
enum pluq_option_type {
	PLUQ_OPT_BOOL = 1,     /* bool */
	PLUQ_OPT_INT = 2,      /* int64_t, within min..max */
	PLUQ_OPT_STRING = 3,   /* const char *, never NULL, "" when absent */
	PLUQ_OPT_DURATION = 4, /* int64_t, nanoseconds within min..max; a bare number means milliseconds */
	PLUQ_OPT_SIZE = 5,     /* int64_t, bytes within min..max */
	PLUQ_OPT_ENUM = 6,     /* int64_t, index of the word in `words` */
	PLUQ_OPT_STRINGS = 7,  /* struct pluq_strings */
	PLUQ_OPT_FLOATS = 8    /* struct pluq_floats */
};

struct pluq_strings {
	const char *const *items; /* terminated strings */
	size_t count;
};

struct pluq_floats {
	const double *items;
	size_t count;
};

enum {
	PLUQ_OPT_RELOAD = 1u << 0, /* SIGHUP takes a changed value (through `reload`); others need a restart */
	PLUQ_OPT_SECRET = 1u << 1, /* never printed */
	PLUQ_OPT_REQUIRED = 1u << 2 /* has no default; must be given */
};

/* One option. The table ends with an entry whose key is NULL. All strings are constant for the life of the process. */
struct pluq_option {
	const char *key;      /* as in YAML: lower case, digits and _ */
	uint32_t type;        /* enum pluq_option_type */
	uint32_t flags;       /* PLUQ_OPT_RELOAD ... */
	const char *standard; /* the default in YAML notation ("250ms", "64KiB", "true"); NULL: 0, false, "" or empty */
	size_t offset;        /* of the member in the conf struct */
	int64_t min, max;     /* inclusive, in the member's unit; both 0: no bound but the type's */
	const char *words;    /* PLUQ_OPT_ENUM: the words, separated by '|'. PLUQ_OPT_INT, _DURATION, _SIZE: one word that
	                       * stands for min ("auto", "none"; no number then does), or NULL */
	const char *original; /* the key of the same option in the original's config file, or NULL */
	const char *help;     /* one sentence without a final dot */
};

/* The exported descriptor. The first three members never move. */
struct pluq_plugin {
	uint32_t size; /* sizeof(struct pluq_plugin) when the plugin was built */
	uint16_t abi_major, abi_minor;
	uint32_t kind;        /* enum pluq_kind */
	uint32_t option_size; /* sizeof(struct pluq_option) when the plugin was built: the stride of `options` */
	const char *name;     /* as in the configuration: lower case, digits and - */
	const char *version;
	const char *summary; /* one line */
	const struct pluq_option *options; /* may be NULL */
	size_t conf_size;                  /* the daemon allocates and fills a block of this size per instance */

	/* Called once per configured instance, on the main thread, before any other thread exists. `conf` stays valid
	 * until fini has returned (after a reload: until the next reload). All or nothing: after a failure nothing is
	 * owed, and fini is not called. On failure `why` says in one line what and where. */
	int (*init)(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why);

	/* Called on the main thread after every other thread has ended, in reverse order of init. */
	void (*fini)(void *self);

	/* SIGHUP, or NULL. Called on the I/O pool; `conf` replaces the one given before once 0 is returned; that one stays
	 * readable until every loop has ended the step that it was in. On failure the old one stays in force. */
	int (*reload)(void *self, const void *conf, struct pluq_why *why);

	const void *ops; /* the kind's table; its first member is its own size */

	/* For --check-config, or NULL: would init take this conf? Called on the main thread instead of init, in a process that serves
	 * nothing: it reads the files that are named, and leaves everything else alone. On failure `why` as for init. */
	int (*check)(const void *conf, struct pluq_why *why);
};

/* Reads a member that a plugin built against an older header may not have. */
#define PLUQ_HAS(p, m) ((p)->size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m) && (p)->m)

#if defined(__GNUC__)
#define PLUQ_EXPORT __attribute__((visibility("default")))
#else
#define PLUQ_EXPORT
#endif
#define PLUQ_PLUGIN_ENTRY                                                                                              \
	extern PLUQ_EXPORT const struct pluq_plugin pluq_plugin_entry;                                                 \
	PLUQ_EXPORT const struct pluq_plugin pluq_plugin_entry

#ifdef __cplusplus
}
#endif
#endif
