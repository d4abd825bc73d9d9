#include "packets.h"

#include <stdlib.h>

void packets_begin(struct packets *p, size_t most)
{
	text_clear(&p->text);
	p->count = 0;
	p->most = most;
	p->start = p->line = 0;
	p->failed = false;
}

/* The datagram that is being filled ends there. */
static void cut(struct packets *p, size_t end)
{
	if (p->count == p->room) {
		size_t room = p->room ? p->room * 2 : 64;
		size_t *ends = realloc(p->ends, room * sizeof(*ends));

		if (!ends) {
			p->failed = true;
			return;
		}
		p->ends = ends;
		p->room = room;
	}
	p->ends[p->count++] = end;
	p->start = end;
}

void packets_end_line(struct packets *p)
{
	text_put(&p->text, "\n", 1);
	if (p->line > p->start && p->text.length - p->start > p->most)
		cut(p, p->line);
	p->line = p->text.length;
}

bool packets_end(struct packets *p)
{
	if (p->text.length > p->start)
		cut(p, p->text.length);
	return !p->failed && !p->text.failed;
}

const char *packets_at(const struct packets *p, size_t i, size_t *length)
{
	size_t start = i ? p->ends[i - 1] : 0;

	*length = p->ends[i] - start;
	return p->text.bytes + start;
}

void packets_fini(struct packets *p)
{
	text_fini(&p->text);
	free(p->ends);
	*p = (struct packets){0};
}
