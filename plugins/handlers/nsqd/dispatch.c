/* From a line to its command. */
#include <string.h>

#include "metrics.h"
#include "protocol.h"

struct command {
	const char *name;
	size_t length;
	command_fn run;
	bool has_body; /* uses its bytes by itself */
};

#define COMMAND(name, run, has_body) {name, sizeof(name) - 1, run, has_body}

/* The frequent ones first; the first three are named in metrics.h. */
static const struct command commands[NSQD_COMMANDS] = {
	COMMAND("PUB", proto_pub, true),
	COMMAND("MPUB", proto_mpub, true),
	COMMAND("FIN", proto_fin, false),
	COMMAND("RDY", proto_rdy, false),
	COMMAND("REQ", proto_req, false),
	COMMAND("DPUB", proto_dpub, true),
	COMMAND("NOP", proto_nop, false),
	COMMAND("TOUCH", proto_touch, false),
	COMMAND("SUB", proto_sub, false),
	COMMAND("CLS", proto_cls, false),
	COMMAND("IDENTIFY", proto_identify, true),
	COMMAND("AUTH", proto_auth, true),
};

const char *command_name(size_t command)
{
	return commands[command].name;
}

static const struct command *find(struct span verb)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].length == verb.length && memcmp(commands[i].name, verb.at, verb.length) == 0)
			return &commands[i];
	return NULL;
}

static enum step no_line(struct conn *c, const struct input *in, enum line_status status)
{
	if (status == LINE_TOO_LONG)
		return STEP_CLOSE; /* without a frame, as in the original */
	c->scanned = (uint32_t)(in->end - in->at);
	return STEP_MORE;
}

enum step dispatch(struct conn *c, struct input *in)
{
	struct line line;

	if (answers_full(&c->answers)) {
		conn_pause(c, PAUSE_ANSWERS);
		return STEP_STOP;
	}
	if (proto_fin_fast(c, in)) {
		c->scanned = 0;
		metrics_command(c, COMMAND_FIN);
		return STEP_NEXT;
	}
	enum line_status status = line_split(in->at, (size_t)(in->end - in->at), c->scanned, &line);
	if (status != LINE_COMPLETE)
		return no_line(c, in, status);
	c->scanned = 0;
	const struct command *command = find(line.word[0]);
	if (c->clear && (!command || command->run != proto_identify))
		return fail_needs_tls(c, line.word[0]);
	if (!command)
		return fail_raw(c, "E_INVALID invalid command ", line.word[0]);
	const uint8_t *start = in->at;
	enum step step = command->run(c, &line, in);
	if (step == STEP_NEXT || step == STEP_CLOSE || in->at != start || c->ending) /* else it is parsed again */
		metrics_command(c, (size_t)(command - commands));
	if (step == STEP_NEXT && !command->has_body)
		in->at = line.after;
	return step;
}
