#include "fleet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../client/buffer.h"

#define ANSWERS_ROOM 16384

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void broker_open(const struct bench *b, struct broker *br)
{
	int error = 0;

	for (size_t i = 0; i < b->server.count; i++) {
		const struct pluqc_address *a = &b->server.list[i];

		br->fd = socket(a->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (br->fd >= 0 && !connect(br->fd, (const struct sockaddr *)&a->name, a->length))
			return;
		error = errno;
		if (br->fd >= 0)
			close(br->fd);
	}
	bench_fail("%s: %s", b->opt.address, strerror(error));
}

static void broker_send(struct broker *br, const void *bytes, size_t n, uint64_t commands)
{
	const char *at = bytes;

	while (n) {
		ssize_t k = send(br->fd, at, n, MSG_NOSIGNAL);

		if (k < 0)
			bench_fail("connection: %s", strerror(errno));
		at += k;
		n -= (size_t)k;
	}
	br->owed += commands;
}

/* Takes the whole answers off the beginning; the bytes they have. */
static size_t take_answers(struct broker *br, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	while (n - at >= 4) {
		uint32_t size = be32(bytes + at);

		if (size > ANSWERS_ROOM - 4)
			bench_fail("an answer of %" PRIu32 " bytes", size);
		if (n - at - 4 < size)
			break;
		if (size >= 2 && !memcmp(bytes + at + 4, "E_", 2))
			bench_fail("the server answers: %.*s", (int)size, (const char *)bytes + at + 4);
		if (!br->owed--)
			bench_fail("an answer came where none was expected");
		at += 4 + size;
	}
	return at;
}

/* Waits until nothing is owed. */
static void broker_await(struct broker *br)
{
	uint8_t bytes[ANSWERS_ROOM];
	size_t have = 0;

	while (br->owed) {
		ssize_t k = recv(br->fd, bytes + have, sizeof bytes - have, 0);
		size_t used;

		if (k <= 0)
			bench_fail("connection: %s", k ? strerror(errno) : "closed by the server");
		have += (size_t)k;
		used = take_answers(br, bytes, have);
		have -= used;
		memmove(bytes, bytes + used, have);
	}
}

static void add(struct pluqc_buf *out, const char *text)
{
	pluqc_buf_append(out, text, strlen(text));
}

static void encode_identify(struct pluqc_buf *out, size_t i)
{
	char body[256];
	int n = snprintf(body, sizeof body,
	    "{\"broadcast_address\":\"broker-%zu.bench.example\",\"hostname\":\"broker-%zu\",\"tcp_port\":4150,"
	    "\"http_port\":4151,\"version\":\"1.3.0\"}", i, i);
	uint8_t size[4] = {0, 0, (uint8_t)(n >> 8), (uint8_t)n};

	add(out, "  V1IDENTIFY\n");
	pluqc_buf_append(out, size, sizeof size);
	add(out, body);
}

/* What every broker says after it: the same topics on all, as in a cluster. */
static void encode_registrations(const struct fleet *f, struct pluqc_buf *out)
{
	char line[2 * BENCH_NAME_ROOM + 64];

	for (uint64_t t = 0; t < f->bench->opt.count; t++)
		for (uint64_t c = 0; c < f->bench->opt.channels; c++) {
			snprintf(line, sizeof line, "REGISTER %s-%" PRIu64 " channel-%" PRIu64 "\n", f->topics, t, c);
			add(out, line);
		}
}

void fleet_register(struct fleet *f)
{
	struct pluqc_buf identify = {0}, all = {0};

	encode_registrations(f, &all);
	for (size_t i = 0; i < f->count; i++) {
		struct broker *br = &f->list[i];

		broker_open(f->bench, br);
		pluqc_buf_consume(&identify, pluqc_buf_length(&identify));
		encode_identify(&identify, i);
		if (identify.error || all.error)
			bench_fail("out of memory");
		broker_send(br, pluqc_buf_data(&identify), pluqc_buf_length(&identify), 1);
		broker_send(br, pluqc_buf_data(&all), pluqc_buf_length(&all), fleet_registrations(f));
	}
	fleet_await(f);
	pluqc_buf_fini(&identify);
	pluqc_buf_fini(&all);
}

void fleet_ping(struct fleet *f, size_t i)
{
	broker_await(&f->list[i]);
	broker_send(&f->list[i], "PING\n", 5, 1);
}

void fleet_await(struct fleet *f)
{
	for (size_t i = 0; i < f->count; i++)
		broker_await(&f->list[i]);
}

void fleet_init(struct fleet *f, const struct bench *b)
{
	*f = (struct fleet){.bench = b, .count = b->opt.connections};
	f->list = bench_alloc(f->count, sizeof *f->list);
	bench_topic_name(f->topics);
}

void fleet_fini(struct fleet *f)
{
	for (size_t i = 0; i < f->count; i++)
		close(f->list[i].fd);
	free(f->list);
}
