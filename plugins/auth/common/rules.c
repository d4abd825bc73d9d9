/* An entry's words and grants, from its lines. */
#include "rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../file.h"
#include "../pattern.h"
#include "words.h"

int rules_error(const struct rules *r, uint32_t line, uint32_t column, struct pluq_why *why, const char *fmt, ...)
{
	int n = snprintf(why->text, sizeof(why->text), "%.100s:%u:%u: ", r->path, line, column);
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text + n, sizeof(why->text) - (size_t)n, fmt, args);
	va_end(args);
	return PLUQ_EINVAL;
}

int rules_no_memory(struct pluq_why *why)
{
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

void rules_free(struct rules *r)
{
	free(r->text);
	free(r->entries);
	free(r->words);
	free(r->grants);
	free(r->channels);
	*r = (struct rules){0};
}

/* --- adding to the lists */

#define ADD(r, list, count, room, value)                                                                               \
	({                                                                                                             \
		void *there = list_room((r)->list, &(r)->room, (r)->count, sizeof(*(r)->list));                        \
		if (there) {                                                                                           \
			(r)->list = there;                                                                             \
			(r)->list[(r)->count++] = (value);                                                             \
		}                                                                                                      \
		there != NULL;                                                                                         \
	})

static bool add_grant(struct rules *r, uint32_t permissions, const char *topic, uint32_t first_channel, uint32_t channels)
{
	struct rule_grant g = {permissions, topic, first_channel, channels};

	if (!ADD(r, grants, grant_count, grant_room, g))
		return false;
	r->entries[r->entry_count - 1].grant_count++;
	return true;
}

static bool add_entry(struct rules *r, uint32_t line, const struct words *w)
{
	struct rule_entry e = {line, (uint32_t)r->word_count, (uint32_t)w->count, (uint32_t)r->grant_count, 0};

	for (size_t i = 0; i < w->count; i++)
		if (!ADD(r, words, word_count, word_room, w->items[i]))
			return false;
	return ADD(r, entries, entry_count, entry_room, e);
}

/* --- grants */

static uint32_t permission(const char *word, size_t n)
{
	static const struct {
		const char *word;
		uint32_t bit;
	} table[] = {{"subscribe", PLUQ_MAY_SUBSCRIBE}, {"publish", PLUQ_MAY_PUBLISH}, {"admin", PLUQ_MAY_ADMIN}};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (n == strlen(table[i].word) && memcmp(word, table[i].word, n) == 0)
			return table[i].bit;
	return 0;
}

static int read_permissions(const struct rules *r, uint32_t line, const struct rule_word *w, uint32_t *out,
    struct pluq_why *why)
{
	const char *at = w->text;

	*out = 0;
	for (;;) {
		size_t n = strcspn(at, ",");
		uint32_t bit = permission(at, n);

		if (!bit)
			return rules_error(r, line, w->column + (uint32_t)(at - w->text), why,
			    "'%.*s' is no permission: subscribe, publish, admin, or several with commas between", (int)(n < 40 ? n : 40),
			    at);
		*out |= bit;
		if (!at[n])
			return 0;
		at += n + 1;
	}
}

static int check_pattern(const struct rules *r, uint32_t line, const struct rule_word *w, struct pluq_why *why)
{
	char text[160];

	if (auth_pattern_is_good(w->text, strlen(w->text), text, sizeof(text)))
		return 0;
	return rules_error(r, line, w->column, why, "not a pattern: %s", text);
}

/* Publishing is judged without a channel: what an entry says about channels must not take it away. */
static bool add_grants(struct rules *r, uint32_t permissions, const char *topic, uint32_t first, uint32_t channels)
{
	uint32_t rest = channels ? permissions & ~(uint32_t)PLUQ_MAY_PUBLISH : permissions;

	return (!rest || add_grant(r, rest, topic, first, channels)) &&
	       (rest == permissions || add_grant(r, PLUQ_MAY_PUBLISH, topic, 0, 0));
}

static int read_grant(struct rules *r, uint32_t line, const struct words *w, struct pluq_why *why)
{
	const struct rule_word *first = w->items;
	uint32_t permissions, channel = (uint32_t)r->channel_count;
	int status;

	if (r->entry_count == 0)
		return rules_error(r, line, first->column, why, "a grant (an indented line) before the first entry");
	if ((status = read_permissions(r, line, first, &permissions, why)) < 0)
		return status;
	if (w->count < 2)
		return rules_error(r, line, first->column + (uint32_t)strlen(first->text), why, "a pattern for topics is missing");
	if (w->count > 2 && permissions == PLUQ_MAY_PUBLISH)
		return rules_error(r, line, w->items[2].column, why, "publishing has no channel");
	for (size_t i = 1; i < w->count; i++) {
		if ((status = check_pattern(r, line, &w->items[i], why)) < 0)
			return status;
		if (i > 1 && !ADD(r, channels, channel_count, channel_room, w->items[i].text))
			return rules_no_memory(why);
	}
	if (!add_grants(r, permissions, first[1].text, channel, (uint32_t)w->count - 2))
		return rules_no_memory(why);
	return 0;
}

/* --- lines */

static int read_line(struct rules *r, uint32_t line, char *at, size_t n, struct words *w, struct pluq_why *why)
{
	bool indented = n > 0 && (*at == ' ' || *at == '\t');
	const char *bad = words_split(w, at, n);

	if (bad)
		return rules_error(r, line, w->bad_column, why, "%s", bad);
	if (w->count == 0)
		return 0;
	if (indented)
		return read_grant(r, line, w, why);
	return add_entry(r, line, w) ? 0 : rules_no_memory(why);
}

static int read_lines(struct rules *r, size_t n, struct words *w, struct pluq_why *why)
{
	size_t at = n >= 3 && memcmp(r->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	uint32_t line = 0;
	int status = 0;

	while (at < n && status == 0) {
		char *end = memchr(r->text + at, '\n', n - at);
		size_t length = end ? (size_t)(end - r->text) - at : n - at, used = length;

		if (used > 0 && r->text[at + used - 1] == '\r')
			used--;
		status = read_line(r, ++line, r->text + at, used, w, why);
		at += length + 1;
	}
	return status;
}

int rules_parse(struct rules *r, const char *path, const char *bytes, size_t n, struct pluq_why *why)
{
	struct words w = {0};
	int status;

	*r = (struct rules){.path = path, .text = malloc(n + 1)};
	if (!r->text)
		return rules_no_memory(why);
	memcpy(r->text, bytes, n);
	r->text[n] = 0;
	status = read_lines(r, n, &w, why);
	free(w.items);
	if (status < 0)
		rules_free(r);
	return status;
}

int rules_read(struct rules *r, const struct pluq_host *host, const char *path, const char *inside, struct pluq_why *why)
{
	size_t length;
	char *bytes;
	int status = auth_file_read(host, path, RULES_SIZE_MOST, inside, &bytes, &length, why);

	if (status == 0) {
		status = rules_parse(r, path, bytes, length, why);
		free(bytes);
	}
	return status;
}

void rules_grant(const struct rules *r, const struct rule_entry *e, const struct pluq_auth *auth, struct pluq_auth_call *call)
{
	static const char *const every[] = {".*"};

	for (uint32_t i = 0; i < e->grant_count; i++) {
		const struct rule_grant *g = &r->grants[e->first_grant + i];

		if (g->channel_count)
			auth->grant(call, g->permissions, g->topic, &r->channels[g->first_channel], g->channel_count);
		else
			auth->grant(call, g->permissions, g->topic, every, 1);
	}
}
