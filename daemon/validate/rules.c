#include "rules.h"

#include <pluq/glob.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate.h"

#define REJECTED ".rejected"

int pluq__validate_check(const struct pluq_validator_conf *conf, const char *instance, struct pluq__problem *p)
{
	for (size_t i = 0; i < conf->topics.count; i++) {
		const char *glob = conf->topics.items[i], *wrong = pluq_glob_wrong(glob);
		if (wrong)
			return pluq__problem(p, PLUQ_EINVAL, "%s: topics: '%.100s' %s", instance, glob, wrong);
	}
	if (*conf->divert_to && !pluq_name_is_valid(conf->divert_to, strlen(conf->divert_to)))
		return pluq__problem(p, PLUQ_EINVAL, "%s: divert_to: '%.100s' is not a valid name of a topic", instance, conf->divert_to);
	if (*conf->divert_to && conf->on_reject != PLUQ_ON_REJECT_DIVERT)
		return pluq__problem(p, PLUQ_EINVAL, "%s: divert_to is for on_reject: divert", instance);
	return 0;
}

static const char *const *copy_texts(const struct pluq_strings *from)
{
	const char **to = calloc(from->count, sizeof(*to));

	for (size_t i = 0; to && i < from->count; i++) {
		if ((to[i] = strdup(from->items[i])))
			continue;
		while (i--)
			free((char *)(uintptr_t)to[i]);
		free(to);
		to = NULL;
	}
	return to;
}

struct pluq__rules *pluq__rules_new(const struct pluq_validator_conf *const *conf, size_t count)
{
	struct pluq__rules *r = calloc(1, sizeof(*r) + count * sizeof(r->items[0]));

	if (!r)
		return NULL;
	atomic_init(&r->refs, 1);
	r->count = count;
	for (size_t i = 0; i < count; i++) {
		struct pluq__rule *one = &r->items[i];
		one->on_reject = conf[i]->on_reject;
		snprintf(one->divert_to, sizeof(one->divert_to), "%s", conf[i]->divert_to);
		if (conf[i]->topics.count == 0)
			continue;
		if (!(one->globs = copy_texts(&conf[i]->topics))) {
			pluq__rules_unref(r);
			return NULL;
		}
		one->glob_count = conf[i]->topics.count;
	}
	return r;
}

struct pluq__rules *pluq__rules_ref(struct pluq__rules *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void pluq__rules_unref(struct pluq__rules *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < r->items[i].glob_count; k++)
			free((char *)(uintptr_t)r->items[i].globs[k]);
		free((void *)(uintptr_t)r->items[i].globs);
	}
	free(r);
}

bool pluq__rule_covers(const struct pluq__rule *rule, const char *topic, size_t length)
{
	for (size_t i = 0; i < rule->glob_count; i++)
		if (pluq_glob_match(rule->globs[i], topic, length))
			return true;
	return rule->glob_count == 0;
}

void pluq__rejected_name(char out[PLUQ_NAME_MAX + 1], const char *topic, size_t length)
{
	const char *end = pluq_name_is_ephemeral(topic, length) ? PLUQ_EPHEMERAL : "";
	size_t base = length - strlen(end), room = PLUQ_NAME_MAX - strlen(REJECTED) - strlen(end);

	snprintf(out, PLUQ_NAME_MAX + 1, "%.*s" REJECTED "%s", (int)(base < room ? base : room), topic, end);
}
