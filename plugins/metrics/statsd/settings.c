#include "settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

#define OPTION(member, kind, more, help_) \
	{ .key = #member, .type = PLUQ_OPT_##kind, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, member), .help = help_, more }
#define MORE(...) __VA_ARGS__

const struct pluq_option settings_options[] = {
	{ .key = "address", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED | PLUQ_OPT_RELOAD, .original = "statsd_address",
	    .offset = offsetof(struct conf, address),
	    .help = "where statsd listens: host:port over UDP, or a unix datagram socket, unix:///path or /path" },
	OPTION(prefix, STRING, MORE(.standard = "nsq.%s", .original = "statsd_prefix"),
	    "begins all names; %s stands for the announced host and HTTP port, with _ for . and :"),
	OPTION(interval, DURATION, MORE(.standard = "1m", .min = SECOND + 1, .max = INT64_MAX / 4, .original = "statsd_interval"),
	    "how often metrics are sent, more than 1s; the datagrams of a round are spread over 1s less than that"),
	OPTION(exclude_ephemeral, BOOL, .original = "statsd_exclude_ephemeral", "leaves out ephemeral topics and channels"),
	OPTION(mem_stats, BOOL, MORE(.standard = "true", .original = "statsd_mem_stats"), "sends mem.*"),
	OPTION(udp_packet_size, SIZE, MORE(.standard = "508", .min = 1, .max = 65507, .original = "statsd_udp_packet_size"),
	    "bytes per datagram; a longer line goes alone"),
	OPTION(dogstatsd, BOOL, , "names without topic and channel in them, which are told as tags, as dogstatsd knows them"),
	OPTION(all, BOOL, , "sends everything that is measured, behind what the original sends"),
	{ .key = NULL },
};

static int fail(struct pluq_why *why, int code, const char *fmt, ...) PLUQ_PRINTF(3, 4);
static int fail(struct pluq_why *why, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return code;
}

static int fill(struct settings *s, const struct conf *conf, struct pluq_why *why)
{
	const char *wrong = address_parse(&s->address, conf->address);

	if (wrong)
		return fail(why, PLUQ_EINVAL, "address '%.100s': %s", conf->address, wrong);
	if (conf->interval <= SECOND)
		return fail(why, PLUQ_EINVAL, "interval: it must be more than 1s");
	if (strpbrk(conf->prefix, ":|\n"))
		return fail(why, PLUQ_EINVAL, "prefix '%.100s': no name has a ':', '|' or line break in it", conf->prefix);
	if (!(s->prefix = strdup(conf->prefix)))
		return fail(why, PLUQ_ENOMEM, "out of memory");
	s->interval_ns = conf->interval;
	s->packet_size = (size_t)conf->udp_packet_size;
	s->exclude_ephemeral = conf->exclude_ephemeral;
	s->mem_stats = conf->mem_stats;
	s->dogstatsd = conf->dogstatsd;
	s->all = conf->all;
	return 0;
}

int settings_new(const struct conf *conf, struct settings **out, struct pluq_why *why)
{
	struct settings *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return fail(why, PLUQ_ENOMEM, "out of memory");
	atomic_init(&s->refs, 1);
	if ((rc = fill(s, conf, why)))
		settings_unref(s);
	else
		*out = s;
	return rc;
}

struct settings *settings_ref(struct settings *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void settings_unref(struct settings *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	address_fini(&s->address);
	free(s->prefix);
	free(s);
}

/* host:port, as the original makes a name of it. */
static void put_host(const char *host, int32_t port, struct text *t)
{
	char own[256] = "", key[600];
	bool brackets;

	if (!*host && gethostname(own, sizeof(own) - 1) == 0)
		host = own;
	brackets = strpbrk(host, ":%") != NULL;
	snprintf(key, sizeof(key), "%s%.500s%s:%d", brackets ? "[" : "", host, brackets ? "]" : "", (int)port);
	for (char *c = key; *c; c++)
		if (*c == '.' || *c == ':')
			*c = '_';
	text_put_string(t, key);
}

void settings_put_prefix(const struct settings *s, const char *host, int32_t port, struct text *t)
{
	const char *from = s->prefix, *at;
	size_t begin = t->length;

	for (; (at = strstr(from, "%s")); from = at + 2) {
		text_put(t, from, (size_t)(at - from));
		put_host(host, port, t);
	}
	text_put_string(t, from);
	if (!t->failed && t->length > begin && t->bytes[t->length - 1] != '.')
		text_put(t, ".", 1);
}
