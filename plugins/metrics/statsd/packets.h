/* Lines, packed into datagrams. One thread at a time. */
#ifndef STATSD_PACKETS_H
#define STATSD_PACKETS_H

#include "../common/text.h"

/* Zero-initialised it is empty. */
struct packets {
	struct text text;  /* all datagrams, one behind the other */
	size_t *ends;      /* of each datagram in it, but for the one that is being filled */
	size_t count, room;
	size_t most;       /* bytes per datagram */
	size_t start;      /* of the one that is being filled */
	size_t line;       /* start of the line that is being written */
	bool failed;       /* no memory */
};

void packets_begin(struct packets *, size_t most); /* makes it empty */
/* Whatever was put into `text` since the line before, a newline added, is one line. It is never split; one that is too long goes alone. */
void packets_end_line(struct packets *);
/* No more lines. false: no memory. */
bool packets_end(struct packets *);
const char *packets_at(const struct packets *, size_t i, size_t *length);
void packets_fini(struct packets *);

#endif
