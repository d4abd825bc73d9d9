#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "wire.h"

/* Longest command line here: verb, two names, a number of 20 digits, blanks and the line end. */
#define LINE_MAX_LENGTH (8 + 2 * (PLUQC_NAME_MAX + 1) + 21 + 2)

static void fail(struct pluqc_buf *b, int error)
{
	if (!b->error)
		b->error = error;
}

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	    c == '-';
}

bool pluqc_name_valid(const char *name)
{
	size_t i = 0, length = strlen(name);

	if (length > PLUQC_NAME_MAX)
		return false;
	while (name_byte(name[i]))
		i++;
	return i > 0 && (i == length || !strcmp(name + i, "#ephemeral"));
}

static bool checked_name(struct pluqc_buf *b, const char *name)
{
	if (pluqc_name_valid(name))
		return true;
	fail(b, PLUQC_EINVAL);
	return false;
}

/* A size of the wire: positive and signed 32-bit. */
static bool checked_size(struct pluqc_buf *b, size_t length)
{
	if (length > 0 && length <= INT32_MAX)
		return true;
	fail(b, length ? PLUQC_ETOOBIG : PLUQC_EINVAL);
	return false;
}

/* A line, and behind it a size and a body; the body is appended by the caller. */
static uint8_t *reserve_body(struct pluqc_buf *b, const char *line, size_t length)
{
	size_t head = strlen(line);
	uint8_t *p;

	if (!checked_size(b, length))
		return NULL;
	p = pluqc_buf_reserve(b, head + 4 + length);
	if (!p)
		return NULL;
	memcpy(p, line, head);
	pluqc_put32(p + head, (uint32_t)length);
	pluqc_buf_commit(b, head + 4 + length);
	return p + head + 4;
}

static void line_and_body(struct pluqc_buf *b, const char *line, const void *body, size_t length)
{
	uint8_t *p = reserve_body(b, line, length);

	if (p)
		memcpy(p, body, length);
}

static void verb_and_id(struct pluqc_buf *b, const char *verb, size_t verb_length, const uint8_t *id)
{
	uint8_t *p = pluqc_buf_reserve(b, verb_length + PLUQC_ID_LENGTH + 1);

	if (!p)
		return;
	memcpy(p, verb, verb_length);
	memcpy(p + verb_length, id, PLUQC_ID_LENGTH);
	p[verb_length + PLUQC_ID_LENGTH] = '\n';
	pluqc_buf_commit(b, verb_length + PLUQC_ID_LENGTH + 1);
}

void pluqc_cmd_magic(struct pluqc_buf *b)
{
	pluqc_buf_append(b, "  V2", 4);
}

void pluqc_cmd_identify(struct pluqc_buf *b, const char *json, size_t length)
{
	line_and_body(b, "IDENTIFY\n", json, length);
}

void pluqc_cmd_auth(struct pluqc_buf *b, const char *secret)
{
	line_and_body(b, "AUTH\n", secret, strlen(secret));
}

void pluqc_cmd_sub(struct pluqc_buf *b, const char *topic, const char *channel)
{
	char line[LINE_MAX_LENGTH];
	int n;

	if (!checked_name(b, topic) || !checked_name(b, channel))
		return;
	n = snprintf(line, sizeof line, "SUB %s %s\n", topic, channel);
	pluqc_buf_append(b, line, (size_t)n);
}

void pluqc_cmd_rdy(struct pluqc_buf *b, uint32_t count)
{
	char line[LINE_MAX_LENGTH];
	int n = snprintf(line, sizeof line, "RDY %" PRIu32 "\n", count);

	pluqc_buf_append(b, line, (size_t)n);
}

void pluqc_cmd_pub(struct pluqc_buf *b, const char *topic, const void *body, size_t length)
{
	char line[LINE_MAX_LENGTH];

	if (!checked_name(b, topic))
		return;
	snprintf(line, sizeof line, "PUB %s\n", topic);
	line_and_body(b, line, body, length);
}

void pluqc_cmd_dpub(struct pluqc_buf *b, const char *topic, uint64_t delay_ms, const void *body, size_t length)
{
	char line[LINE_MAX_LENGTH];

	if (!checked_name(b, topic))
		return;
	snprintf(line, sizeof line, "DPUB %s %" PRIu64 "\n", topic, delay_ms);
	line_and_body(b, line, body, length);
}

/* Length of an MPUB body: the count, then a size before each message. 0: a sticky error was set. */
static size_t mpub_length(struct pluqc_buf *b, const struct pluqc_body *bodies, size_t n)
{
	size_t length = 4;

	if (n == 0) {
		fail(b, PLUQC_EINVAL);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (!checked_size(b, bodies[i].length))
			return 0;
		length += 4 + bodies[i].length;
		if (!checked_size(b, length)) /* at each step: the sum stays far from wrapping */
			return 0;
	}
	return length;
}

void pluqc_cmd_mpub(struct pluqc_buf *b, const char *topic, const struct pluqc_body *bodies, size_t n)
{
	char line[LINE_MAX_LENGTH];
	size_t length;
	uint8_t *p;

	if (!checked_name(b, topic))
		return;
	length = mpub_length(b, bodies, n);
	if (!length)
		return;
	snprintf(line, sizeof line, "MPUB %s\n", topic);
	p = reserve_body(b, line, length);
	if (!p)
		return;
	pluqc_put32(p, (uint32_t)n);
	p += 4;
	for (size_t i = 0; i < n; i++) {
		pluqc_put32(p, (uint32_t)bodies[i].length);
		memcpy(p + 4, bodies[i].bytes, bodies[i].length);
		p += 4 + bodies[i].length;
	}
}

void pluqc_cmd_fin(struct pluqc_buf *b, const uint8_t *id)
{
	verb_and_id(b, "FIN ", 4, id);
}

void pluqc_cmd_req(struct pluqc_buf *b, const uint8_t *id, uint64_t delay_ms)
{
	char line[LINE_MAX_LENGTH];
	int n = snprintf(line, sizeof line, "REQ %.*s %" PRIu64 "\n", PLUQC_ID_LENGTH, "0123456789abcdef", delay_ms);

	memcpy(line + 4, id, PLUQC_ID_LENGTH); /* an id may hold any byte, so it does not go through the format */
	pluqc_buf_append(b, line, (size_t)n);
}

void pluqc_cmd_touch(struct pluqc_buf *b, const uint8_t *id)
{
	verb_and_id(b, "TOUCH ", 6, id);
}

void pluqc_cmd_cls(struct pluqc_buf *b)
{
	pluqc_buf_append(b, "CLS\n", 4);
}

void pluqc_cmd_nop(struct pluqc_buf *b)
{
	pluqc_buf_append(b, "NOP\n", 4);
}
