#include "source.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../client/command.h"
#include "../client/identify.h"

#define HANDSHAKE_MS 5000
#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 15000
/* Twice the heartbeat the server uses unless told otherwise, and some slack. */
#define SILENCE_MS 65000
/* The server closes as soon as it has read our last byte; a longer wait helps nobody. */
#define DRAIN_MS 1000

int64_t source_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void source_init(struct source *s, const struct source_params *params)
{
	memset(s, 0, sizeof *s);
	s->params = *params;
	s->retry_delay_ms = RETRY_FIRST_MS;
	pluqc_conn_init(&s->conn);
}

void source_fini(struct source *s)
{
	pluqc_conn_fini(&s->conn);
}

int source_fd(const struct source *s)
{
	return s->conn.fd;
}

short source_events(const struct source *s)
{
	return s->conn.state == PLUQC_CONN_CLOSED ? 0 : pluqc_conn_events(&s->conn);
}

int64_t source_deadline(const struct source *s)
{
	return s->state == SOURCE_DOWN ? s->retry_at_ms : s->deadline_ms;
}

/* Falls back to DOWN, with a delay that doubles until a subscription succeeds; a source that stops ends instead. */
static bool lost(struct source *s, int64_t now_ms, const char *why)
{
	bool stopping = s->state >= SOURCE_STOPPING;

	snprintf(s->why, sizeof s->why, "%s", why);
	pluqc_conn_close(&s->conn);
	if (stopping) {
		s->state = SOURCE_ENDED;
		return true;
	}
	s->state = SOURCE_DOWN;
	s->retry_at_ms = now_ms + s->retry_delay_ms;
	s->retry_delay_ms = s->retry_delay_ms * 2 < RETRY_MAX_MS ? s->retry_delay_ms * 2 : RETRY_MAX_MS;
	return false;
}

static bool failed(struct source *s, int64_t now_ms, int error)
{
	return lost(s, now_ms, error == PLUQC_ESYSTEM ? strerror(s->conn.system_error) : pluqc_strerror(error));
}

static bool begin(struct source *s, int64_t now_ms)
{
	struct pluqc_identity who = {.user_agent = s->params.user_agent};
	int error = pluqc_resolve(s->params.address, &s->addresses);

	if (!error)
		error = pluqc_conn_open(&s->conn, &s->addresses);
	if (error)
		return failed(s, now_ms, error);
	pluqc_identify_encode(&s->conn.out, &who);
	s->state = SOURCE_IDENTIFYING;
	s->deadline_ms = now_ms + HANDSHAKE_MS;
	return true;
}

static bool on_identified(struct source *s, int64_t now_ms, const struct pluqc_frame *frame)
{
	struct pluqc_features features;
	int error = pluqc_identify_decode(frame, &features);

	if (error)
		return failed(s, now_ms, error);
	if (features.auth_required)
		return lost(s, now_ms, "the server requires authorisation");
	if (s->params.ready > features.max_rdy_count)
		s->params.ready = features.max_rdy_count;
	pluqc_cmd_sub(&s->conn.out, s->params.topic, s->params.channel);
	s->state = SOURCE_SUBSCRIBING;
	return true;
}

static bool on_response(struct source *s, int64_t now_ms, const struct pluqc_frame *frame)
{
	if (pluqc_frame_is_heartbeat(frame)) {
		pluqc_cmd_nop(&s->conn.out);
	} else if (s->state == SOURCE_IDENTIFYING) {
		return on_identified(s, now_ms, frame);
	} else if (s->state == SOURCE_SUBSCRIBING) {
		pluqc_cmd_rdy(&s->conn.out, s->params.ready);
		s->state = SOURCE_RUNNING;
		s->was_running = true;
		s->deadline_ms = now_ms + SILENCE_MS;
		s->retry_delay_ms = RETRY_FIRST_MS;
	} else if (s->state == SOURCE_STOPPING && pluqc_frame_is(frame, "CLOSE_WAIT")) {
		s->state = SOURCE_DRAINING;
		s->deadline_ms = now_ms + DRAIN_MS;
	}
	return true;
}

static bool on_message(struct source *s, int64_t now_ms, const struct pluqc_frame *frame)
{
	struct pluqc_message message;
	int error = pluqc_message_decode(frame, &message);

	if (error)
		return failed(s, now_ms, error);
	if (s->params.on_message(s->params.arg, s, &message) == SOURCE_FINISH)
		pluqc_cmd_fin(&s->conn.out, message.id);
	else
		pluqc_cmd_req(&s->conn.out, message.id, 0);
	return true;
}

/* Failed FIN and REQ do no harm: that message was already somebody else's. */
static bool on_error(struct source *s, int64_t now_ms, const struct pluqc_frame *frame)
{
	char text[sizeof s->why];

	if (!pluqc_frame_is_fatal(frame))
		return true;
	snprintf(text, sizeof text, "%.*s", (int)(frame->length < sizeof text ? frame->length : sizeof text - 1),
	    (const char *)frame->data);
	return lost(s, now_ms, text);
}

static bool on_frame(struct source *s, int64_t now_ms, const struct pluqc_frame *frame)
{
	switch (frame->type) {
	case PLUQC_FRAME_RESPONSE:
		return on_response(s, now_ms, frame);
	case PLUQC_FRAME_ERROR:
		return on_error(s, now_ms, frame);
	default:
		return on_message(s, now_ms, frame);
	}
}

static bool receive(struct source *s, int64_t now_ms)
{
	struct pluqc_frame frame;
	int error = pluqc_conn_fill(&s->conn);

	if (error)
		return error == PLUQC_EMORE || failed(s, now_ms, error);
	if (s->state == SOURCE_RUNNING)
		s->deadline_ms = now_ms + SILENCE_MS;
	while (!(error = pluqc_conn_next(&s->conn, &frame)))
		if (!on_frame(s, now_ms, &frame) || s->conn.state != PLUQC_CONN_OPEN)
			return s->state != SOURCE_DOWN;
	return error == PLUQC_EMORE || failed(s, now_ms, error);
}

bool source_step(struct source *s, int64_t now_ms, short revents)
{
	if (s->state == SOURCE_ENDED)
		return true;
	if (s->state == SOURCE_DOWN)
		return now_ms < s->retry_at_ms || begin(s, now_ms);
	if ((revents & (POLLIN | POLLHUP | POLLERR)) && s->conn.state == PLUQC_CONN_OPEN && !receive(s, now_ms))
		return false;
	if (s->state != SOURCE_ENDED && s->state != SOURCE_DOWN && now_ms >= s->deadline_ms)
		return failed(s, now_ms, PLUQC_ETIMEOUT);
	return true;
}

bool source_flush(struct source *s, int64_t now_ms)
{
	int error;

	if (s->conn.state == PLUQC_CONN_CLOSED)
		return true;
	error = pluqc_conn_flush(&s->conn);
	if (error)
		return failed(s, now_ms, error);
	if (s->state == SOURCE_DRAINING && !pluqc_buf_length(&s->conn.out))
		pluqc_conn_shutdown(&s->conn);
	return true;
}

void source_stop(struct source *s, int64_t now_ms, int64_t limit_ms)
{
	if (s->state == SOURCE_RUNNING) {
		pluqc_cmd_cls(&s->conn.out);
		s->state = SOURCE_STOPPING;
		s->deadline_ms = now_ms + limit_ms;
	} else if (s->state < SOURCE_STOPPING) {
		pluqc_conn_close(&s->conn);
		s->state = SOURCE_ENDED;
	}
}
