#include "exposition.h"

#include <sched.h>

#include "number.h"

/* Bounds of histograms, in seconds. Those of channels are fewer, as there are so many channels. A bound falls within a bucket of the
 * daemon's here and there: what is in such a one is counted above it, so that a bound may be off by less than 2 %. */
struct bound {
	double upper;
	const char *text, *open; /* its label, as 0.0.4 and as OpenMetrics write it */
};
#define LABEL(text) "le=\"" text "\""
#define WHOLE(n) {n, LABEL(#n), LABEL(#n ".0")}
#define PART(n) {n, LABEL(#n), LABEL(#n)}
static const struct bound of_queues[] = {
    PART(0.0001), PART(0.0005), PART(0.001), PART(0.005), PART(0.01), PART(0.05), PART(0.1), PART(0.5), WHOLE(1), WHOLE(5), WHOLE(10),
    WHOLE(60), WHOLE(600), WHOLE(3600),
};
static const struct bound of_daemon[] = {
    PART(1e-05), PART(2.5e-05), PART(5e-05), PART(0.0001), PART(0.00025), PART(0.0005), PART(0.001), PART(0.0025), PART(0.005), PART(0.01),
    PART(0.025), PART(0.05), PART(0.1), PART(0.25), PART(0.5), WHOLE(1), PART(2.5), WHOLE(5), WHOLE(10),
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Longer ones are cut, which no metric of ours is. */
#define NAME_MOST 500

/* What is the same in all lines of a family. */
struct writing {
	struct out *out;
	const struct families *families;
	const struct family *family;
	bool open; /* OpenMetrics */
	const struct bound *bounds;
	size_t bound_count;
	char name[NAME_MOST + sizeof("_bucket")]; /* of the lines, with its suffix */
	size_t family_length, name_length;        /* without it, with it */
	char labels[4096]; /* those of a line beside its place's, with a comma behind each */
	size_t labels_length;
};

#define PUT(out, literal) out_put(out, literal, sizeof(literal) - 1)

static void put_text(struct out *o, const char *text)
{
	size_t n = strlen(text);

	if (out_need(o, n))
		out_put(o, text, n);
}

/* ---- heads ---- */

/* In OpenMetrics quotes are escaped too. */
static void put_help(struct out *o, const char *text, bool open)
{
	if (!out_need(o, 2 * strlen(text)))
		return;
	for (; *text; text++) {
		if (*text == '\\' || *text == '\n' || (open && *text == '"'))
			o->text[o->used++] = '\\';
		o->text[o->used++] = *text == '\n' ? 'n' : *text;
	}
}

static bool names_unit(const struct family *f)
{
	size_t n = strlen(f->name), k = strlen(f->unit);

	return k && n > k && f->name[n - k - 1] == '_' && strcmp(f->name + n - k, f->unit) == 0;
}

static void put_words(struct out *o, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_text(o, words[i]);
}

static void put_head(const struct writing *w)
{
	static const char *const types[] = {
	    [FAMILY_COUNTER] = "counter", [FAMILY_GAUGE] = "gauge", [FAMILY_HISTOGRAM] = "histogram", [FAMILY_SUMMARY] = "summary"};
	const struct family *f = w->family;
	const char *total = f->type == FAMILY_COUNTER && !w->open ? "_total" : "";

	put_words(w->out, (const char *const[]){"# HELP ", f->name, total, " "}, 4);
	put_help(w->out, f->help, w->open);
	put_words(w->out, (const char *const[]){"\n# TYPE ", f->name, total, " ", types[f->type], "\n"}, 6);
	if (w->open && names_unit(f))
		put_words(w->out, (const char *const[]){"# UNIT ", f->name, " ", f->unit, "\n"}, 5);
}

/* ---- lines ---- */

static void begin_name(struct writing *w)
{
	size_t n = strlen(w->family->name);

	w->family_length = n < NAME_MOST ? n : NAME_MOST;
	memcpy(w->name, w->family->name, w->family_length);
}

static void end_name(struct writing *w, const char *suffix)
{
	size_t n = strlen(suffix);

	memcpy(w->name + w->family_length, suffix, n);
	w->name_length = w->family_length + n;
}

/* One that does not fit is left out. */
static void add_label(struct writing *w, const char *name, const char *value)
{
	size_t n = strlen(name), most = n + 2 * strlen(value) + 4;
	char *at = w->labels + w->labels_length;

	if (most > sizeof(w->labels) - w->labels_length)
		return;
	memcpy(at, name, n);
	at += n;
	*at++ = '=';
	*at++ = '"';
	at += label_escape(at, value);
	*at++ = '"';
	*at++ = ',';
	w->labels_length = (size_t)(at - w->labels);
}

/* A quantile is a number, which OpenMetrics wants with a point. */
static void add_quantile(struct writing *w, const char *value)
{
	if (!w->open || strpbrk(value, ".e"))
		add_label(w, "quantile", value);
	else
		add_label(w, "quantile", value[0] == '1' ? "1.0" : "0.0");
}

static void set_labels(struct writing *w, const struct pluq_sample *x)
{
	w->labels_length = 0;
	if (x->plugin)
		add_label(w, "plugin", x->plugin);
	if (x->detail && w->family->type == FAMILY_SUMMARY)
		add_quantile(w, x->detail);
	else if (x->detail)
		add_label(w, w->family->label, x->detail);
}

/* The line up to its value; `last` is a further label, or "". With room for the value and the end of the line. */
static bool put_front(const struct writing *w, uint32_t place, const char *last, size_t last_length)
{
	const struct place *p = &w->families->places[place];
	struct out *o = w->out;
	size_t labels = w->labels_length;

	if (!out_need(o, w->name_length + p->length + labels + last_length + NUMBER_ROOM + 8))
		return false;
	out_put(o, w->name, w->name_length);
	if (!p->length && !labels && !last_length) {
		o->text[o->used++] = ' ';
		return true;
	}
	o->text[o->used++] = '{';
	out_put(o, w->families->texts + p->at, p->length);
	if (p->length && (labels || last_length))
		o->text[o->used++] = ',';
	out_put(o, w->labels, labels && !last_length ? labels - 1 : labels);
	out_put(o, last, last_length);
	PUT(o, "} ");
	return true;
}

static void put_whole(struct out *o, uint64_t value)
{
	o->used += number_put_whole(o->text + o->used, value);
	o->text[o->used++] = '\n';
}

static void put_number(struct out *o, double value)
{
	o->used += number_put(o->text + o->used, value);
	o->text[o->used++] = '\n';
}

/* ---- histograms ---- */

static void put_bucket(const struct writing *w, uint32_t place, const char *bound, uint64_t count)
{
	if (put_front(w, place, bound, strlen(bound)))
		put_whole(w->out, count);
}

static void put_histogram(struct writing *w, const struct line *l)
{
	const struct pluq_histogram *h = l->sample->histogram;
	uint64_t below = 0;
	size_t k = 0;

	set_labels(w, l->sample);
	end_name(w, "_bucket");
	for (size_t i = 0; i < w->bound_count; i++) {
		for (; k < h->bucket_count && h->buckets[k].upper <= w->bounds[i].upper; k++)
			below += h->buckets[k].count;
		put_bucket(w, l->place, w->open ? w->bounds[i].open : w->bounds[i].text, below);
	}
	put_bucket(w, l->place, LABEL("+Inf"), h->count);
	end_name(w, "_sum");
	if (put_front(w, l->place, "", 0))
		put_number(w->out, h->sum);
	end_name(w, "_count");
	if (put_front(w, l->place, "", 0))
		put_whole(w->out, h->count);
}

static void put_line(struct writing *w, const struct line *l)
{
	w->labels_length = 0;
	if (!l->bare)
		set_labels(w, l->sample);
	if (put_front(w, l->place, "", 0))
		put_number(w->out, l->value);
}

/* Where the pool has no core of its own, an event loop that has something to do gets it now, and not only after the milliseconds that the
 * kernel lets a thread go on: some 15 us of lines, twice that if they are compressed. */
#define YIELD_LINES 256

static void put_family(struct writing *w, const struct family *f)
{
	const struct line *lines = w->families->lines + f->first;
	size_t written = 0;

	w->family = f;
	w->bounds = f->of_queues ? of_queues : of_daemon;
	w->bound_count = f->of_queues ? COUNT(of_queues) : COUNT(of_daemon);
	put_head(w);
	begin_name(w);
	end_name(w, f->type == FAMILY_COUNTER ? "_total" : "");
	for (uint32_t i = 0; i < f->count && !w->out->failed; i++) {
		if (f->type == FAMILY_HISTOGRAM)
			put_histogram(w, &lines[i]);
		else
			put_line(w, &lines[i]);
		written += f->type == FAMILY_HISTOGRAM ? w->bound_count + 3 : 1;
		if (written >= YIELD_LINES) {
			written = 0;
			sched_yield();
		}
	}
}

void exposition_write(struct out *o, const struct families *f, bool openmetrics)
{
	struct writing w = {.out = o, .families = f, .open = openmetrics};

	for (uint32_t i = 0; i < f->count; i++)
		if (f->list[i].count)
			put_family(&w, &f->list[i]);
	if (openmetrics)
		put_text(o, "# EOF\n");
}
