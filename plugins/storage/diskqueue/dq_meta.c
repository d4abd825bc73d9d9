#include "dq_meta.h"

#include <inttypes.h>
#include <stdio.h>

struct cursor {
	const char *p, *end;
};

/* Far above any real number, far below overflow when sums are made of them. */
#define MOST (INT64_C(1) << 60)

static bool number(struct cursor *c, int64_t *out)
{
	bool minus = c->p < c->end && *c->p == '-';
	const char *first = c->p += minus;
	int64_t v = 0;
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
		if (v > MOST / 10)
			return false;
		v = v * 10 + (*c->p - '0');
	}
	*out = minus ? -v : v;
	return c->p != first;
}

static bool mark(struct cursor *c, char what)
{
	if (c->p == c->end || *c->p != what)
		return false;
	c->p++;
	return true;
}

static bool place(struct cursor *c, struct dq_at *a)
{
	return number(c, &a->file) && mark(c, ',') && number(c, &a->pos) && a->file >= 0 && a->pos >= 0 && a->pos <= DQ_POS_MAX;
}

bool dq_meta_parse(const char *text, size_t length, struct dq_state *s)
{
	struct cursor c = { .p = text, .end = text + length };
	if (!number(&c, &s->depth) || !mark(&c, '\n') || !place(&c, &s->read) || !mark(&c, '\n') || !place(&c, &s->end))
		return false;
	mark(&c, '\n');
	return c.p == c.end && !dq_at_before(s->end, s->read) && s->end.file - s->read.file <= DQ_FILE_MASK;
}

size_t dq_meta_print(char text[DQ_META_TEXT], const struct dq_state *s)
{
	return (size_t)snprintf(text, DQ_META_TEXT, "%" PRId64 "\n%" PRId64 ",%" PRId64 "\n%" PRId64 ",%" PRId64 "\n", s->depth,
	    s->read.file, s->read.pos, s->end.file, s->end.pos);
}
