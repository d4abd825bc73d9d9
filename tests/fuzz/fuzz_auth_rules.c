/* Files of auth-token and auth-cert. Whatever is in one, it is refused with a place in it, or its texts are whole and its lists agree;
 * and the names and hashes in it are judged without a look beyond them. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "../../plugins/auth/cert/names.h"
#include "../../plugins/auth/token/table.h"

static void grant(struct pluq_auth_call *call, uint32_t permissions, const char *topic, const char *const *channels, size_t n)
{
	size_t *total = (size_t *)call;

	assert(permissions && !(permissions & ~(uint32_t)(PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN)) && n > 0);
	*total += strlen(topic);
	for (size_t i = 0; i < n; i++)
		*total += strlen(channels[i]);
}

static void check_names(const struct rules *r, const struct pluq_auth_query *q)
{
	for (size_t i = 0; i < r->word_count; i++)
		if (!names_check(r->words[i].text))
			names_match(r->words[i].text, q);
}

static void check_rules(const struct rules *r)
{
	static const struct pluq_auth auth = {.size = sizeof(auth), .grant = grant};
	static const char *const alt[] = {"DNS:a.example", "IP:10.0.0.1", "IP:FE80::1", "URI:x", "email:a@b"};
	struct pluq_auth_query q = {.common_name = "a.example", .alt_names = {alt, 5}};
	size_t total = 0;

	for (size_t i = 0; i < r->entry_count; i++) {
		assert(r->entries[i].word_count > 0);
		assert(r->entries[i].first_word + (size_t)r->entries[i].word_count <= r->word_count);
		assert(r->entries[i].first_grant + (size_t)r->entries[i].grant_count <= r->grant_count);
		rules_grant(r, &r->entries[i], &auth, (struct pluq_auth_call *)&total);
	}
	check_names(r, &q);
}

static void check_place(const struct pluq_why *why)
{
	unsigned line, column;

	assert(sscanf(why->text, "F:%u:%u: ", &line, &column) == 2 && line > 0 && column > 0);
	assert(!strchr(why->text, '\n'));
}

static void check_table(const struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct secret_hash again;
		char text[SECRET_TEXT_ROOM];

		assert(table_find(t, t->secrets[i].name, strlen(t->secrets[i].name)) == &t->secrets[i]);
		secret_format(&t->secrets[i].hash, text);
		assert(!secret_parse(text, &again) && memcmp(&again, &t->secrets[i].hash, sizeof(again)) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pluq_why why = {""};
	struct rules r;

	if (rules_parse(&r, "F", (const char *)data, size, &why) < 0) {
		check_place(&why);
		return 0;
	}
	check_rules(&r);
	struct table *t = table_new(&r, &why);
	if (t)
		check_table(t);
	else
		check_place(&why);
	table_unref(&t);
	return 0;
}
