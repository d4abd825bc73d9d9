/* Lines for people: what is about the daemon, then topic by topic and channel by channel, in columns. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "writing.h"

#define LABEL_ROOM 512
#define VALUE_ROOM 64

struct columns {
	int label, value, unit; /* widths */
};

/* ---- cells ---- */

void write_time(int64_t real_ns, char out[TIME_ROOM])
{
	time_t seconds = (time_t)(real_ns / 1000000000);
	struct tm tm;
	char text[TIME_ROOM] = "";

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, TIME_ROOM, "%.32s.%03dZ", text, (int)(real_ns / 1000000 % 1000));
}

/* What a terminal would make something else of is no text. */
static void plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static int label_of(const struct pluq_sample *s, char out[LABEL_ROOM])
{
	const struct pluq_metric *m = s->metric;
	const char *detail = m->detail ? m->detail : "detail";
	int n;

	if (s->plugin && s->detail)
		snprintf(out, LABEL_ROOM, "%.100s{plugin=%.100s, %.60s=%.200s}", m->name, s->plugin, detail, s->detail);
	else if (s->plugin)
		snprintf(out, LABEL_ROOM, "%.100s{plugin=%.100s}", m->name, s->plugin);
	else if (s->detail)
		snprintf(out, LABEL_ROOM, "%.100s{%.60s=%.200s}", m->name, detail, s->detail);
	else
		snprintf(out, LABEL_ROOM, "%.100s", m->name);
	plain(out);
	n = (int)strlen(out);
	return n;
}

static int number(double value, char out[VALUE_ROOM])
{
	if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value)
		return snprintf(out, VALUE_ROOM, "%lld", (long long)value);
	return snprintf(out, VALUE_ROOM, "%.6g", value);
}

static int value_of(const struct pluq_sample *s, char out[VALUE_ROOM])
{
	return number(s->histogram ? (double)s->histogram->count : s->value, out);
}

/* Of a histogram it is the count that stands in the column. */
static const char *unit_of(const struct pluq_sample *s)
{
	return s->histogram ? "" : s->metric->unit;
}

static void put_measure(struct text *t, const char *name, double value, const char *unit)
{
	if (strcmp(unit, "seconds") != 0)
		text_printf(t, "  %s %.4g %s", name, value, unit);
	else if (value < 1e-3)
		text_printf(t, "  %s %.4g us", name, value * 1e6);
	else if (value < 1)
		text_printf(t, "  %s %.4g ms", name, value * 1e3);
	else
		text_printf(t, "  %s %.4g s", name, value);
}

/* The bound below which so much of it lies. */
static double quantile(const struct pluq_histogram *h, double q)
{
	double rank = q * (double)h->count, seen = 0;

	for (size_t i = 0; i < h->bucket_count; i++)
		if ((seen += (double)h->buckets[i].count) >= rank)
			return h->buckets[i].upper;
	return h->bucket_count ? h->buckets[h->bucket_count - 1].upper : 0;
}

static void put_histogram(const struct writing *w, const struct pluq_sample *s)
{
	const struct pluq_histogram *h = s->histogram;
	const char *unit = s->metric->unit;

	if (!h || !h->count)
		return;
	put_measure(w->to, "mean", h->sum / (double)h->count, unit);
	put_measure(w->to, "p50", quantile(h, 0.5), unit);
	put_measure(w->to, "p99", quantile(h, 0.99), unit);
	put_measure(w->to, "max", quantile(h, 1), unit);
}

/* ---- lines ---- */

static void widen(int *width, int other)
{
	if (other > *width)
		*width = other;
}

static struct columns measure(const struct writing *w)
{
	struct columns c = {0, 0, 0};
	char label[LABEL_ROOM], value[VALUE_ROOM];

	for (size_t i = 0; i < w->snapshot->count; i++) {
		const struct pluq_sample *s = sample_at(w->snapshot, i);

		if (!pick_wants(w->pick, s->metric))
			continue;
		widen(&c.label, label_of(s, label));
		widen(&c.value, value_of(s, value));
		widen(&c.unit, (int)strlen(unit_of(s)));
	}
	return c;
}

static void put_rate(const struct writing *w, const struct pluq_sample *s)
{
	char rate[VALUE_ROOM];
	double change;

	if (s->metric->type == PLUQ_GAUGE)
		return;
	change = writing_change(w, s).of[0];
	if (w->seconds <= 0)
		return;
	snprintf(rate, sizeof(rate), "%.4g/s", change / w->seconds);
	text_printf(w->to, "  %11s", rate);
}

/* Nothing to the right of what is there. */
static void trim(struct text *t)
{
	while (t->length && t->bytes[t->length - 1] == ' ')
		t->length--;
}

static void put_sample(const struct writing *w, const struct pluq_sample *s, const struct columns *c)
{
	char label[LABEL_ROOM], value[VALUE_ROOM];

	label_of(s, label);
	value_of(s, value);
	text_printf(w->to, "  %-*s  %*s %-*s", c->label, label, c->value, value, c->unit, unit_of(s));
	put_rate(w, s);
	put_histogram(w, s);
	trim(w->to);
	text_put(w->to, "\n", 1);
}

static void put_head(const struct writing *w, const struct pluq_sample *s)
{
	if (s->channel)
		text_printf(w->to, "topic %s, channel %s\n", s->topic, s->channel);
	else if (s->topic)
		text_printf(w->to, "topic %s\n", s->topic);
}

void people_write(const struct writing *w)
{
	const struct pluq_snapshot *snapshot = w->snapshot;
	struct columns c = measure(w);
	char time[TIME_ROOM];

	write_time(snapshot->real_ns, time);
	text_put_string(w->to, time);
	if (*snapshot->host)
		text_printf(w->to, " %s:%d", snapshot->host, (int)snapshot->port);
	text_put(w->to, "\n", 1);
	for (size_t i = 0, end; i < snapshot->count; i = end) {
		bool told = false;

		end = samples_end(snapshot, i);
		for (size_t k = i; k < end; k++) {
			if (!pick_wants(w->pick, sample_at(snapshot, k)->metric))
				continue;
			if (!told)
				put_head(w, sample_at(snapshot, k));
			told = true;
			put_sample(w, sample_at(snapshot, k), &c);
		}
	}
	text_put(w->to, "\n", 1);
}
