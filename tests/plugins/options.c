/* One option of each type; what they say is logged at init and at each reload. Timers and letters are tried out too. */
#include <stdio.h>
#include <string.h>

#include "plain.h"

struct conf {
	bool flag;
	int64_t number, duration_ns, size, word, timeout_ns;
	const char *text, *secret;
	struct pluq_strings names;
	struct pluq_floats points;
};

#define OPTION(key_, kind, ...) { .key = #key_, .type = PLUQ_OPT_##kind, .help = "an option", __VA_ARGS__ }
#define AT(member) .offset = offsetof(struct conf, member)

static const struct pluq_option options[] = {
	OPTION(flag, BOOL, AT(flag), .standard = "yes", .flags = PLUQ_OPT_RELOAD),
	OPTION(number, INT, AT(number), .standard = "5", .min = 1, .max = 100, .flags = PLUQ_OPT_RELOAD),
	OPTION(duration, DURATION, AT(duration_ns), .standard = "250ms", .max = INT64_C(3600000000000)),
	OPTION(size, SIZE, AT(size), .standard = "64KiB", .max = 1 << 30),
	OPTION(word, ENUM, AT(word), .standard = "two", .words = "one|two|three"),
	OPTION(timeout, DURATION, AT(timeout_ns), .standard = "never", .words = "never", .max = INT64_MAX),
	OPTION(text, STRING, AT(text), .flags = PLUQ_OPT_RELOAD, .original = "options_text"),
	OPTION(secret, STRING, AT(secret), .flags = PLUQ_OPT_SECRET),
	OPTION(names, STRINGS, AT(names), .standard = "[a, b]"),
	OPTION(points, FLOATS, AT(points), .standard = "[0.5, 0.99]"),
	{ .key = NULL },
};

struct self {
	const struct pluq_host *host;
	struct pluq_timer *timer;
	int64_t set_ns;
};

static struct self self_;

static void say(const struct conf *c)
{
	char lists[256];
	size_t n = 0;

	for (size_t i = 0; i < c->names.count; i++)
		n += (size_t)snprintf(lists + n, sizeof(lists) - n, "%s,", c->names.items[i]);
	for (size_t i = 0; i < c->points.count; i++)
		n += (size_t)snprintf(lists + n, sizeof(lists) - n, "%g,", c->points.items[i]);
	lists[n] = 0;
	self_.host->log(self_.host, PLUQ_INFO, "flag=%d number=%lld duration=%lld size=%lld word=%lld timeout=%lld text=%s "
	    "lists=%s", c->flag, (long long)c->number, (long long)c->duration_ns, (long long)c->size,
	    (long long)c->word, (long long)c->timeout_ns, c->text, lists);
}

static void on_timer(void *arg)
{
	int64_t late = self_.host->now_ns(self_.host) - self_.set_ns - 20000000;

	self_.host->log(self_.host, PLUQ_INFO, "timer fired, %s", late >= 0 ? "not early" : "EARLY");
	self_.host->timer_free(&self_.timer);
}

static void on_letter(void *arg)
{
	struct pluq_option_value value;

	self_.host->log(self_.host, PLUQ_INFO, "letter on loop %d", self_.host->loop_self(self_.host));
	if (self_.host->option_get(self_.host, "options_text", &value) == 0)
		self_.host->log(self_.host, PLUQ_INFO, "option_get: %s", *(const char *const *)value.value);
	if (self_.host->option_get(self_.host, "nonsense", &value) != PLUQ_EUNKNOWN)
		self_.host->log(self_.host, PLUQ_ERROR, "an unknown option was found");
	self_.timer = self_.host->timer_new(self_.host, on_timer, NULL);
	self_.set_ns = self_.host->now_ns(self_.host);
	self_.host->timer_set(self_.timer, self_.set_ns + 20000000);
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	self_ = (struct self){ .host = host };
	*self = &self_;
	say(conf);
	return 0;
}

static int start(void *self, struct pluq_why *why)
{
	return self_.host->post(self_.host, 0, on_letter, NULL);
}

static int reload(void *self, const void *conf, struct pluq_why *why)
{
	const struct conf *c = conf;

	if (strcmp(c->text, "refuse") == 0) {
		snprintf(why->text, sizeof(why->text), "text: refuse is refused");
		return PLUQ_EINVAL;
	}
	say(c);
	return 0;
}

static void fini(void *self)
{
	self_.host->timer_free(&self_.timer);
}

static const struct pluq_handler_ops ops = { .size = sizeof(ops), .start = start };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = "options",
	.version = "1.0", .summary = "test data: one option of each type", .option_size = sizeof(struct pluq_option),
	.options = options, .conf_size = sizeof(struct conf), .init = init, .fini = fini, .reload = reload, .ops = &ops,
};
