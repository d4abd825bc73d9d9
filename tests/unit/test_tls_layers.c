/* Compression over TLS: what both layers and the socket hold between them must neither be forgotten nor come twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "tls_rig.h"

static SSL_CTX *any;

/* ---- a peer that speaks deflate, over TLS or in the clear ---- */

struct squeezed {
	struct peer tls; /* ssl NULL: in the clear */
	z_stream in, out;
	uint8_t raw[16384];
};

static void send_raw(struct squeezed *s, const void *bytes, size_t n)
{
	if (s->tls.ssl)
		assert_true(peer_tls_send(&s->tls, bytes, n));
	else
		peer_send(s->tls.fd, bytes, n);
}

static void say(struct squeezed *s, const char *text)
{
	uint8_t packed[65536];
	s->out.next_in = (uint8_t *)(uintptr_t)text;
	s->out.avail_in = (unsigned)strlen(text);
	do {
		s->out.next_out = packed;
		s->out.avail_out = sizeof packed;
		deflate(&s->out, Z_SYNC_FLUSH);
		send_raw(s, packed, sizeof packed - s->out.avail_out);
	} while (s->out.avail_out == 0);
}

static bool hear(struct squeezed *s, void *to, size_t n)
{
	s->in.next_out = to;
	s->in.avail_out = (unsigned)n;
	while (s->in.avail_out > 0) {
		int result = inflate(&s->in, Z_SYNC_FLUSH);
		if (result != Z_OK && result != Z_BUF_ERROR)
			return false;
		if (s->in.avail_out == 0)
			break;
		ssize_t got = s->tls.ssl ? SSL_read(s->tls.ssl, s->raw, sizeof s->raw) : read(s->tls.fd, s->raw, sizeof s->raw);
		if (got <= 0)
			return false;
		s->in.next_in = s->raw;
		s->in.avail_in = (unsigned)got;
	}
	return true;
}

static bool hears(struct squeezed *s, const char *text)
{
	char got[1000];
	size_t n = strlen(text);
	assert_true(n < sizeof got);
	return hear(s, got, n) && memcmp(got, text, n) == 0;
}

static struct squeezed *squeeze(bool tls)
{
	struct squeezed *s = calloc(1, sizeof *s);
	assert_non_null(s);
	s->tls.fd = tls_rig_dial();
	if (tls) {
		peer_say(s->tls.fd, "upgrade and deflate\n");
		assert_true(peer_hears(s->tls.fd, "go\n"));
		assert_true(peer_shake(&s->tls, s->tls.fd, any, NULL));
		assert_true(peer_tls_hears(&s->tls, "up\n"));
	} else {
		peer_say(s->tls.fd, "deflate\necho dropped\n");
		assert_true(peer_hears(s->tls.fd, "go\n"));
	}
	inflateInit2(&s->in, -15);
	deflateInit2(&s->out, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	assert_true(hears(s, "up\n"));
	return s;
}

static void end(struct squeezed *s)
{
	inflateEnd(&s->in);
	deflateEnd(&s->out);
	if (s->tls.ssl)
		peer_end(&s->tls);
	else
		close(s->tls.fd);
	free(s);
}

/* ---- both ways ---- */

static int start(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	tls_rig_start(2, 0, &p, false);
	return 0;
}

static int stop(void **state)
{
	tls_rig_stop();
	return 0;
}

static void words_go_through_both(void **state)
{
	for (int tls = 0; tls < 2; tls++) {
		struct squeezed *s = squeeze(tls);
		for (int i = 0; i < 50; i++) {
			say(s, "echo one\necho two\n");
			assert_true(hears(s, "one\ntwo\n"));
		}
		say(s, "info\n");
		assert_true(hears(s, tls ? "304 1302 TLS_AES_256_GCM_SHA384 fresh unverified <>\n" : "clear\n"));
		say(s, "deflate\n"); /* no compression on compression */
		assert_true(hears(s, "go\nrefused\n"));
		end(s);
	}
}

/* A small input becomes many commands, and between any two of them reading stops, or goes on elsewhere. */
static void nothing_is_forgotten_over_pauses_and_moves(void **state)
{
	enum { TIMES = 3000 };
	for (int tls = 0; tls < 2; tls++) {
		char *all = calloc(TIMES, 24), *want = calloc(TIMES, 10), *got = malloc(TIMES * 10), *to = all;
		size_t n = 0;
		struct squeezed *s = squeeze(tls);
		for (int i = 0; i < TIMES; i++) {
			to += i % 3 == 0 ? sprintf(to, "move %d\n", i / 3 % 2) : sprintf(to, "pause\necho %d\n", i);
			if (i % 3)
				n += (size_t)sprintf(want + n, "%d\n", i);
		}
		say(s, all);
		assert_true(hear(s, got, n));
		assert_memory_equal(got, want, n);
		free(all);
		free(want);
		free(got);
		end(s);
	}
}

static void bodies_are_received_in_place(void **state)
{
	enum { BODY = 2000000 };
	struct squeezed *s = squeeze(true);
	char *all = malloc(BODY + 100), want[100];
	uint32_t sum = 0;
	size_t head = (size_t)sprintf(all, "body %d\n", BODY);
	for (size_t i = 0; i < BODY; i++) {
		all[head + i] = (char)('a' + i % 26 * (i % 7 == 0));
		sum = sum * 31 + (uint8_t)all[head + i];
	}
	strcpy(all + head + BODY, "echo z\n");
	say(s, all);
	snprintf(want, sizeof want, "sum %u\nz\n", (unsigned)sum);
	assert_true(hears(s, want));
	free(all);
	end(s);
}

static void large_output_arrives_whole(void **state)
{
	enum { TIMES = 40 };
	for (int tls = 0; tls < 2; tls++) {
		uint8_t *got = malloc(sizeof attached);
		struct squeezed *s = squeeze(tls);
		for (int i = 0; i < TIMES; i++)
			say(s, "attach\n");
		for (int i = 0; i < TIMES; i++) {
			assert_true(hear(s, got, sizeof attached));
			assert_memory_equal(got, attached, sizeof attached);
		}
		say(s, "quit\n");
		assert_true(hears(s, "bye\n"));
		free(got);
		end(s);
	}
}

static void a_producer_is_told_when_output_has_drained(void **state)
{
	enum { MUCH = 8 * 1024 * 1024 };
	struct squeezed *s = squeeze(true);
	char *got = malloc(MUCH);
	char text[40];
	snprintf(text, sizeof text, "flood %d\n", MUCH);
	say(s, text);
	assert_true(hear(s, got, MUCH));
	for (size_t i = 0; i < MUCH; i += 16)
		assert_memory_equal(got + i, "0123456789abcde\n", 16);
	free(got);
	end(s);
}

static void a_damaged_stream_ends_its_connection_only(void **state)
{
	struct squeezed *s = squeeze(true), *other = squeeze(true);
	char byte;
	send_raw(s, "\xff\xff\xff\xff", 4);
	assert_false(hear(s, &byte, 1));
	assert_true(rig_await(&rig.closed, 1));
	say(other, "echo still\n");
	assert_true(hears(other, "still\n"));
	end(s);
	end(other);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(words_go_through_both),
		TEST(nothing_is_forgotten_over_pauses_and_moves),
		TEST(bodies_are_received_in_place),
		TEST(large_output_arrives_whole),
		TEST(a_producer_is_told_when_output_has_drained),
		TEST(a_damaged_stream_ends_its_connection_only),
	};
	certs_begin();
	any = peer_context(NULL, TLS1_3_VERSION, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	SSL_CTX_free(any);
	certs_end();
	return failed;
}
