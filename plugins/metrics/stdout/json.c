/* One sample per line, as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "writing.h"

/* Length of the UTF-8 sequence that begins there, 0: none does. */
static size_t sequence(const unsigned char *c)
{
	size_t n = c[0] >= 0xf0 && c[0] < 0xf5 ? 4 : c[0] >= 0xe0 && c[0] < 0xf0 ? 3 : c[0] >= 0xc2 && c[0] < 0xe0 ? 2 : 0;

	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80) /* the end of the text is none either */
			return 0;
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf0 && c[1] < 0x90) ||
	    (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return n;
}

static void put_string(struct text *t, const char *s)
{
	text_put(t, "\"", 1);
	while (*s) {
		unsigned char c = (unsigned char)*s;
		size_t n = c < 0x80 ? 1 : sequence((const unsigned char *)s);

		if (c == '"' || c == '\\')
			text_printf(t, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			text_printf(t, "\\u%04x", c);
		else if (n)
			text_put(t, s, n);
		else
			text_put_string(t, "\\ufffd");
		s += n ? n : 1;
	}
	text_put(t, "\"", 1);
}

static void put_label(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	text_printf(t, ",\"%s\":", name);
	put_string(t, value);
}

/* It can be read back as the same number. */
static void put_number(struct text *t, double value)
{
	char number[32];

	if (!isfinite(value)) {
		text_put_string(t, "null");
		return;
	}
	if (fabs(value) < 1e15 && value == (double)(int64_t)value) {
		text_printf(t, "%lld", (long long)value);
		return;
	}
	snprintf(number, sizeof(number), "%.15g", value);
	if (strtod(number, NULL) != value)
		snprintf(number, sizeof(number), "%.17g", value);
	text_put_string(t, number);
}

static void put_member(struct text *t, const char *name, double value)
{
	text_printf(t, ",\"%s\":", name);
	put_number(t, value);
}

static void put_histogram(struct text *t, const struct pluq_histogram *h)
{
	put_member(t, "count", (double)h->count);
	put_member(t, "sum", h->sum);
	text_put_string(t, ",\"buckets\":[");
	for (size_t i = 0; i < h->bucket_count; i++) {
		text_put_string(t, i ? ",[" : "[");
		put_number(t, h->buckets[i].upper);
		text_printf(t, ",%llu]", (unsigned long long)h->buckets[i].count);
	}
	text_put(t, "]", 1);
}

static const char *type_of(const struct pluq_metric *m)
{
	return m->type == PLUQ_COUNTER ? "counter" : m->type == PLUQ_HISTOGRAM ? "histogram" : "gauge";
}

static void put_values(const struct writing *w, const struct pluq_sample *s)
{
	struct past_values change;

	if (s->histogram)
		put_histogram(w->to, s->histogram);
	else
		put_member(w->to, "value", s->value);
	if (s->metric->type == PLUQ_GAUGE)
		return;
	change = writing_change(w, s);
	if (w->seconds <= 0)
		return;
	put_member(w->to, "change", change.of[0]);
	put_member(w->to, "rate", change.of[0] / w->seconds);
}

/* head: what all lines of a snapshot begin with. */
static void put_sample(const struct writing *w, const struct pluq_sample *s, const struct text *head)
{
	struct text *t = w->to;

	text_put(t, head->bytes, head->length);
	put_label(t, "metric", s->metric->name);
	put_label(t, "type", type_of(s->metric));
	put_label(t, "unit", *s->metric->unit ? s->metric->unit : NULL);
	put_label(t, "topic", s->topic);
	put_label(t, "channel", s->channel);
	put_label(t, "plugin", s->plugin);
	if (s->detail) {
		text_put_string(t, ",\"labels\":{");
		put_string(t, s->metric->detail ? s->metric->detail : "detail");
		text_put(t, ":", 1);
		put_string(t, s->detail);
		text_put(t, "}", 1);
	}
	put_values(w, s);
	text_put_string(t, "}\n");
}

void json_write(const struct writing *w)
{
	const struct pluq_snapshot *snapshot = w->snapshot;
	struct text head = {0};
	char time[TIME_ROOM];

	write_time(snapshot->real_ns, time);
	text_printf(&head, "{\"time\":\"%s\"", time);
	put_label(&head, "host", *snapshot->host ? snapshot->host : NULL);
	if (snapshot->port)
		put_member(&head, "port", snapshot->port);
	for (size_t i = 0; i < snapshot->count; i++)
		if (pick_wants(w->pick, sample_at(snapshot, i)->metric))
			put_sample(w, sample_at(snapshot, i), &head);
	w->to->failed |= head.failed;
	text_fini(&head);
}
