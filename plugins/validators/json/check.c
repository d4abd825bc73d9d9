#include "check.h"

#include <stdio.h>
#include <stdlib.h>

int checks_new(struct checks **out, const struct conf *conf, struct pluq_why *why)
{
	struct checks *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	c->max_size = (size_t)conf->max_size;
	c->max_depth = (uint32_t)conf->max_depth;
	c->root = conf->root;
	c->unique = conf->duplicates == DUPLICATES_REJECT;
	int status = rules_compile(&c->rules, &conf->require, &conf->accept_if, why);
	if (status < 0)
		checks_free(&c);
	*out = c;
	return status;
}

void checks_free(struct checks **out)
{
	if (*out)
		rules_fini(&(*out)->rules);
	free(*out);
	*out = NULL;
}

static void tell(const struct checks *c, const struct scan *scan, enum scan_status status, char *reason, size_t size)
{
	switch (status) {
	case SCAN_DEEP:
		snprintf(reason, size, "nested deeper than %u at byte %zu", c->max_depth, scan->where);
		break;
	case SCAN_TWICE:
		snprintf(reason, size, "a member that is there already at byte %zu", scan->where);
		break;
	case SCAN_TOO_MANY:
		snprintf(reason, size, "too many members to tell that none is there twice");
		break;
	case SCAN_NO_MEMORY:
		snprintf(reason, size, "out of memory");
		break;
	default:
		snprintf(reason, size, "not JSON: %s at byte %zu", scan->what, scan->where);
	}
}

int checks_judge(const struct checks *c, struct keys *keys, const uint8_t *body, size_t length, char *reason, size_t size)
{
	struct json_value values[RULES_SLOTS_MOST];
	struct scan scan = {.names = &c->rules.names, .keys = c->unique ? keys : NULL, .depth = c->max_depth, .values = values};

	if (c->max_size && length > c->max_size) {
		snprintf(reason, size, "longer than %zu bytes", c->max_size);
		return PLUQ_REJECT;
	}
	enum scan_status status = json_scan(&scan, body, length);
	if (status != SCAN_OK) {
		tell(c, &scan, status, reason, size);
		return status == SCAN_NO_MEMORY ? PLUQ_ENOMEM : PLUQ_REJECT;
	}
	if ((c->root == ROOT_OBJECT && scan.type != VALUE_OBJECT) || (c->root == ROOT_ARRAY && scan.type != VALUE_ARRAY)) {
		snprintf(reason, size, c->root == ROOT_OBJECT ? "not an object" : "not an array");
		return PLUQ_REJECT;
	}
	return rules_hold(&c->rules, values, reason, size) ? PLUQ_ACCEPT : PLUQ_REJECT;
}
