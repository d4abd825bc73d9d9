/* From a line to its command. */
#include <stdio.h>

#include <pluq/name.h>

#include "conn.h"

static const char ok[] = {'O', 'K'};

static enum step reply_ok(struct conn *c)
{
	conn_reply(c, ok, sizeof(ok));
	return STEP_NEXT;
}

static enum step ping(struct conn *c, const char *name, const struct line *l)
{
	(void)name;
	(void)l;
	if (c->peer)
		c->peer->active_ns = c->lookupd->host->now_ns(c->lookupd->host);
	return reply_ok(c);
}

static enum step identify(struct conn *c, const char *name, const struct line *l)
{
	(void)name;
	(void)l;
	if (c->peer)
		return conn_fail(c, "E_INVALID cannot IDENTIFY again");
	c->state = STATE_SIZE;
	return STEP_NEXT;
}

static enum step bad_name(struct conn *c, const char *code, const char *command, const char *what, struct span name)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "%s %s %s name '", code, command, what);
	return conn_fail_raw(c, prefix, name, "' is not valid");
}

/* Topic and, perhaps, channel (length 0: none) of REGISTER and UNREGISTER. STEP_CLOSE: they are not good. */
static enum step names(struct conn *c, const char *command, const struct line *l, struct span *topic, struct span *channel)
{
	if (!c->peer)
		return conn_fail(c, "E_INVALID client must IDENTIFY");
	if (l->count < 2)
		return conn_fail(c, "E_INVALID %s insufficient number of params", command);
	*topic = l->word[1];
	*channel = l->count > 2 ? l->word[2] : (struct span){NULL, 0};
	if (!pluq_name_is_valid(topic->at, topic->length))
		return bad_name(c, "E_BAD_TOPIC", command, "topic", *topic);
	if (channel->length && !pluq_name_is_valid(channel->at, channel->length))
		return bad_name(c, "E_BAD_CHANNEL", command, "channel", *channel);
	return STEP_NEXT;
}

static void log_names(struct conn *c, const char *command, struct span topic, struct span channel)
{
	const struct pluq_host *host = c->lookupd->host;

	host->log(host, PLUQ_DEBUG, "client(%s): %s topic:%.*s channel:%.*s", c->lookupd->net->conn_remote(c->net), command,
	    (int)topic.length, topic.at, (int)channel.length, channel.length ? channel.at : "");
}

static enum step register_(struct conn *c, const char *name, const struct line *l)
{
	struct span topic, channel;

	if (names(c, name, l, &topic, &channel) != STEP_NEXT)
		return STEP_CLOSE;
	if (db_register(&c->lookupd->db, c->peer, topic, channel) < 0) {
		c->lookupd->net->conn_close(c->net, false);
		return STEP_CLOSE;
	}
	log_names(c, name, topic, channel);
	return reply_ok(c);
}

static enum step unregister(struct conn *c, const char *name, const struct line *l)
{
	struct span topic, channel;

	if (names(c, name, l, &topic, &channel) != STEP_NEXT)
		return STEP_CLOSE;
	db_unregister(&c->lookupd->db, c->peer, topic, channel);
	log_names(c, name, topic, channel);
	return reply_ok(c);
}

static const struct command {
	const char *name;
	size_t length;
	enum step (*run)(struct conn *, const char *name, const struct line *);
} commands[] = {
#define COMMAND(name, run) {name, sizeof(name) - 1, run}
	COMMAND("REGISTER", register_),
	COMMAND("PING", ping),
	COMMAND("UNREGISTER", unregister),
	COMMAND("IDENTIFY", identify),
#undef COMMAND
};

enum step command_run(struct conn *c, const struct line *l)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (span_is(l->word[0], commands[i].name, commands[i].length))
			return commands[i].run(c, commands[i].name, l);
	return conn_fail_raw(c, "E_INVALID invalid command ", l->word[0], "");
}
