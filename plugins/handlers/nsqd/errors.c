/* Error frames: texts that several commands share. */
#include <stdarg.h>
#include <stdio.h>

#include "protocol.h"
#include "quote.h"

#define MESSAGE_ID 16

enum step fail(struct conn *c, const char *fmt, ...)
{
	char line[512];
	struct text text = {0};
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	text_add(&text, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	return answer_fatal(c, text);
}

enum step fail_quoted(struct conn *c, const char *prefix, struct span name, const char *suffix)
{
	struct text text = {0};

	text_str(&text, prefix);
	text_quote(&text, name.at, name.length);
	text_str(&text, suffix);
	return answer_fatal(c, text);
}

enum step fail_raw(struct conn *c, const char *prefix, struct span raw)
{
	struct text text = {0};

	text_str(&text, prefix);
	text_add(&text, raw.at, raw.length);
	return answer_fatal(c, text);
}

enum step fail_state(struct conn *c, const char *command)
{
	return fail(c, "E_INVALID cannot %s in current state", command);
}

enum step fail_needs_tls(struct conn *c, struct span command)
{
	struct text text = {0};

	text_str(&text, "E_INVALID cannot ");
	text_add(&text, command.at, command.length);
	text_str(&text, " in current state (TLS required)");
	return answer_fatal(c, text);
}

void fail_message(struct conn *c, const char *code, const char *command, const uint8_t *id, int status)
{
	struct text text = {0};

	text_printf(&text, "%s %s ", code, command);
	text_add(&text, id, MESSAGE_ID);
	text_printf(&text, " failed %s", status_text(status));
	answer_text(c, FRAME_ERROR, text);
}

const uint8_t *message_id(struct conn *c, const char *command, const struct line *l, unsigned words, enum step *step)
{
	if (c->state != STATE_SUBSCRIBED && c->state != STATE_CLOSING)
		*step = fail_state(c, command);
	else if (l->count < words)
		*step = fail(c, "E_INVALID %s insufficient number of params", command);
	else if (l->word[1].length != MESSAGE_ID)
		*step = fail(c, "E_INVALID invalid message ID");
	else
		return l->word[1].at;
	return NULL;
}

void missing_text(struct text *t, enum missing what, uint32_t index)
{
	static const char *const texts[] = {
		[MISSING_IDENTIFY_SIZE] = "E_BAD_BODY IDENTIFY failed to read body size",
		[MISSING_IDENTIFY_BODY] = "E_BAD_BODY IDENTIFY failed to read body",
		[MISSING_AUTH_SIZE] = "E_BAD_BODY AUTH failed to read body size",
		[MISSING_AUTH_BODY] = "E_BAD_BODY AUTH failed to read body",
		[MISSING_PUB_SIZE] = "E_BAD_MESSAGE PUB failed to read message body size",
		[MISSING_PUB_BODY] = "E_BAD_MESSAGE PUB failed to read message body",
		[MISSING_DPUB_SIZE] = "E_BAD_MESSAGE DPUB failed to read message body size",
		[MISSING_DPUB_BODY] = "E_BAD_MESSAGE DPUB failed to read message body",
		[MISSING_MPUB_SIZE] = "E_BAD_BODY MPUB failed to read body size",
		[MISSING_MPUB_COUNT] = "E_BAD_BODY MPUB failed to read message count",
		[MISSING_MPUB_MESSAGE] = "E_BAD_MESSAGE MPUB failed to read message body",
	};

	if (what == MISSING_MPUB_MESSAGE_SIZE)
		text_printf(t, "E_BAD_MESSAGE MPUB failed to read message(%u) body size", index);
	else
		text_str(t, texts[what]);
}
