/* What the original does not send: all other samples, under names made of theirs. */
#include <stdio.h>
#include <string.h>

#include "keys.h"

/* The metric's name without what it begins with if that is said already, with its unit. */
static const char *name_of(const struct pluq_sample *s)
{
	const char *before = s->channel ? "channel_" : s->topic ? "topic_" : "";
	size_t n = strlen(before);

	return strncmp(s->metric->name, before, n) == 0 ? s->metric->name + n : s->metric->name;
}

static void put_name(const struct lines *l, const struct pluq_sample *s, const char *part)
{
	struct text *t = &l->to->text;
	bool plain = !l->settings->dogstatsd;

	text_put(t, l->prefix, l->prefix_length);
	if (s->topic && plain)
		text_printf(t, "topic.%s.", s->topic);
	else if (s->topic)
		text_put_string(t, s->channel ? "channel." : "topic.");
	if (s->channel && plain)
		text_printf(t, "channel.%s.", s->channel);
	text_put_string(t, name_of(s));
	if (*s->metric->unit && !(part && strcmp(part, "count") == 0))
		text_printf(t, "_%s", s->metric->unit);
	for (int i = 0; i < 2 && plain; i++) {
		const char *label = i ? s->detail : s->plugin;

		if (!label)
			continue;
		text_put(t, ".", 1);
		keys_put_label(l, label);
	}
	if (part)
		text_printf(t, ".%s", part);
}

/* Whole as it is, else to the millionth. */
static void put_number(struct text *t, double value)
{
	char number[64];
	int n = snprintf(number, sizeof(number), "%.6f", value);

	if (n <= 0 || (size_t)n >= sizeof(number))
		n = snprintf(number, sizeof(number), "%.6g", value);
	while (n > 1 && strchr(number, '.') && number[n - 1] == '0')
		n--;
	if (n > 1 && number[n - 1] == '.')
		n--;
	text_put(t, number, (size_t)n);
}

static void put_line(const struct lines *l, const struct pluq_sample *s, const char *part, double value, char type)
{
	put_name(l, s, part);
	text_put(&l->to->text, ":", 1);
	put_number(&l->to->text, value);
	text_printf(&l->to->text, "|%c", type);
	keys_put_tags(l, s, true);
	packets_end_line(l->to);
}

static void put_sample(const struct lines *l, const struct pluq_sample *s, struct past *now, struct past *before)
{
	struct past_values is = past_values_of(s), was = {{0, 0}};
	bool out = keys_leave_out(l->settings, s);

	if (s->metric->type != PLUQ_GAUGE)
		was = past_pass(now, before, s);
	if (!l->first && !before->known)
		was = is;
	if (out)
		return;
	if (s->metric->type == PLUQ_GAUGE) {
		put_line(l, s, NULL, s->value, 'g');
		return;
	}
	if (s->metric->type == PLUQ_COUNTER) {
		put_line(l, s, NULL, is.of[0] - was.of[0], 'c');
		return;
	}
	if (!s->histogram)
		return;
	put_line(l, s, "count", is.of[0] - was.of[0], 'c');
	put_line(l, s, "sum", is.of[1] - was.of[1], 'c');
}

void more_put(const struct lines *l, struct past *now, struct past *before)
{
	for (size_t i = 0; i < l->snapshot->count; i++)
		if (!keys_have(sample_at(l->snapshot, i)))
			put_sample(l, sample_at(l->snapshot, i), now, before);
}
