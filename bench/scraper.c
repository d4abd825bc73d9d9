#define _GNU_SOURCE /* strcasestr */
#include "scraper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"

#define AT_ONCE (8u << 20) /* bytes thrown away with one call */

void scraper_init(struct scraper *s, const struct bench *b, bool gzip)
{
	memset(s, 0, sizeof *s);
	s->gzip = gzip;
	s->fd = http_connect(b);
}

void scraper_fini(struct scraper *s)
{
	close(s->fd);
}

void scraper_ask(struct scraper *s)
{
	static const char plain[] = "GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n";
	static const char packed[] = "GET /metrics HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n\r\n";
	const char *request = s->gzip ? packed : plain;

	s->head_used = 0;
	s->in_body = false;
	s->asked_ns = bench_now_ns();
	s->next_ns = s->asked_ns + s->interval_ns;
	if (send(s->fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
		bench_fail("GET /metrics: cannot send");
}

/* What came behind the head is of the body. */
static void read_head(struct scraper *s)
{
	const char *end, *field;
	uint64_t length, after;

	s->head[s->head_used] = 0;
	end = strstr(s->head, "\r\n\r\n");
	if (!end) {
		if (s->head_used == sizeof s->head - 1)
			bench_fail("GET /metrics: the head of the answer is too long");
		return;
	}
	if (strncmp(s->head, "HTTP/1.1 200", 12))
		bench_fail("GET /metrics: %.*s (is the plugin prometheus configured?)", (int)strcspn(s->head, "\r\n"), s->head);
	field = strcasestr(s->head, "\r\ncontent-length:");
	if (!field || field > end)
		bench_fail("GET /metrics: the answer does not tell its length");
	length = strtoull(field + 17, NULL, 10);
	after = s->head_used - (size_t)(end + 4 - s->head);
	if (after > length)
		bench_fail("GET /metrics: more came than was asked for");
	s->bytes = length;
	s->left = length - after;
	s->in_body = true;
}

static ssize_t receive(struct scraper *s)
{
	if (!s->in_body)
		return recv(s->fd, s->head + s->head_used, sizeof s->head - 1 - s->head_used, MSG_DONTWAIT);
	return recv(s->fd, NULL, s->left < AT_ONCE ? s->left : AT_ONCE, MSG_DONTWAIT | MSG_TRUNC);
}

static void take(struct scraper *s)
{
	ssize_t k = receive(s);

	if (k < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (k <= 0)
		bench_fail("GET /metrics: %s", k ? strerror(errno) : "connection closed");
	if (s->in_body) {
		s->left -= (uint64_t)k;
		return;
	}
	s->head_used += (size_t)k;
	read_head(s);
}

bool scraper_turn(struct scraper *s)
{
	if (!s->asked_ns) {
		if (s->interval_ns && bench_now_ns() >= s->next_ns)
			scraper_ask(s);
		return false;
	}
	take(s);
	if (!s->in_body || s->left)
		return false;
	histogram_record(&s->times, bench_now_ns() - s->asked_ns);
	s->count++;
	s->asked_ns = 0;
	return true;
}
