/* Files of entries with grants: what auth-token and auth-cert read.
 *
 *	# who                      a line that is not indented begins an entry; its words are the plugin's
 *	billing sha256:...
 *		subscribe,publish  ^invoices$           # permissions, a pattern for topics,
 *		subscribe          ^orders$  ^billing$  # and patterns for channels; none: every channel
 *
 * Words are parted by blanks; a part of a word in double quotes is taken as it stands; a # that begins a word begins a comment. */
#ifndef AUTH_RULES_H
#define AUTH_RULES_H

#include <pluq/auth.h>

/* Longest file that is read, bytes. */
#define RULES_SIZE_MOST (INT64_C(16) << 20)

struct rule_word {
	const char *text;
	uint32_t column; /* from 1, in bytes */
};

struct rule_grant {
	uint32_t permissions; /* PLUQ_MAY_*, at least one */
	const char *topic;
	uint32_t first_channel, channel_count; /* of rules.channels; none: every channel */
};

struct rule_entry {
	uint32_t line; /* from 1 */
	uint32_t first_word, word_count;   /* of rules.words; at least one */
	uint32_t first_grant, grant_count; /* of rules.grants */
};

/* What a file says. All texts are terminated and live as long as this. */
struct rules {
	const char *path; /* borrowed, for messages */
	char *text;
	struct rule_entry *entries;
	struct rule_word *words;
	struct rule_grant *grants;
	const char **channels;
	size_t entry_count, word_count, grant_count, channel_count;
	size_t entry_room, word_room, grant_room, channel_room;
};

/* Any thread that may block. host, inside: as for auth_file_read. path: borrowed until rules_free. 0; PLUQ_EIO: the file cannot be read;
 * PLUQ_EINVAL: it is not as it should be; PLUQ_ENOMEM; with why. After a failure nothing is owed. */
int rules_read(struct rules *, const struct pluq_host *host, const char *path, const char *inside, struct pluq_why *why);
/* The same for bytes that are there already. Copies them. */
int rules_parse(struct rules *, const char *path, const char *bytes, size_t n, struct pluq_why *why);
void rules_free(struct rules *);

/* PLUQ_EINVAL, with "PATH:LINE:COLUMN: what is wrong" in why. */
int rules_error(const struct rules *, uint32_t line, uint32_t column, struct pluq_why *why, const char *fmt, ...)
    PLUQ_PRINTF(5, 6);
int rules_no_memory(struct pluq_why *why); /* PLUQ_ENOMEM */

static inline const struct rule_word *rules_word(const struct rules *r, const struct rule_entry *e, uint32_t i)
{
	return &r->words[e->first_word + i];
}

/* Tells the daemon the grants of an entry. */
void rules_grant(const struct rules *, const struct rule_entry *, const struct pluq_auth *, struct pluq_auth_call *);

#endif
