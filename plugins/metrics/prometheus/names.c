/* Names by the conventions of Prometheus: with prefix and base unit; those of the process are common to all programs. */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those that have a name of their own there. */
static const struct {
	const char *ours, *theirs;
} special[] = {
    {"build_information", "pluq_build_info"},
};

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), k = strlen(with);

	return n >= k && strcmp(text + n - k, with) == 0;
}

/* Metrics of other people's plugins come too: whatever stands there becomes a name. */
static void make_valid(char *name)
{
	for (char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || (*c >= '0' && *c <= '9' && c > name)))
			*c = '_';
}

static char *join(const char *a, const char *b, const char *c, const char *d)
{
	size_t n = strlen(a) + strlen(b) + strlen(c) + strlen(d) + 1;
	char *text = malloc(n);

	if (text) {
		snprintf(text, n, "%s%s%s%s", a, b, c, d);
		make_valid(text);
	}
	return text;
}

static char *name_of(const struct pluq_metric *m)
{
	bool told = !m->unit[0] || ends(m->name, m->unit);
	char *name;

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (strcmp(m->name, special[i].ours) == 0)
			return strdup(special[i].theirs);
	name = join(starts(m->name, "process_") ? "" : "pluq_", m->name, told ? "" : "_", told ? "" : m->unit);
	if (name && m->type == PLUQ_COUNTER && ends(name, "_total"))
		name[strlen(name) - strlen("_total")] = 0;
	return name;
}

/* Labels that mean something else here. */
static bool is_taken(const char *label)
{
	static const char *const taken[] = {"topic", "channel", "plugin", "le", "quantile"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(label, taken[i]) == 0)
			return true;
	return starts(label, "__");
}

static enum family_type type_of(const struct pluq_metric *m)
{
	if (m->type == PLUQ_GAUGE && m->detail && strcmp(m->detail, "quantile") == 0)
		return FAMILY_SUMMARY; /* only there quantiles may be told */
	return m->type == PLUQ_COUNTER ? FAMILY_COUNTER : m->type == PLUQ_HISTOGRAM ? FAMILY_HISTOGRAM : FAMILY_GAUGE;
}

bool family_name(struct family *f, const struct pluq_metric *m)
{
	bool detailed = m->detail && m->detail[0];

	*f = (struct family){.unit = m->unit, .help = m->help, .type = type_of(m)};
	f->of_queues = starts(m->name, "topic_") || starts(m->name, "channel_");
	f->name = name_of(m);
	if (detailed && f->type == FAMILY_SUMMARY)
		f->label = strdup("quantile");
	else
		f->label = join(detailed && !is_taken(m->detail) ? m->detail : "detail", "", "", "");
	if (f->name && f->label)
		return true;
	family_fini(f);
	return false;
}

void family_fini(struct family *f)
{
	free(f->name);
	free(f->label);
	f->name = f->label = NULL;
}
