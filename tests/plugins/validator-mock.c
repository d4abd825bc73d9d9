/* A validator that does what a message says: "reject REASON", "divert TOPIC", "divert", "sleep"; all others are accepted. `begin: fail`
 * makes its loop_begin fail. */
#include <pluq/validator.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

struct conf {
	struct pluq_validator_conf common; /* first */
	int64_t begin;
};

static const struct pluq_option options[] = {
	PLUQ_VALIDATOR_OPTIONS,
	{.key = "begin", .type = PLUQ_OPT_ENUM, .standard = "well", .words = "well|fail", .flags = PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, begin), .help = "whether loop_begin succeeds"},
	{.key = NULL},
};

static const struct conf *_Atomic current;

static const char *behind(const struct pluq_candidate *c, const char *word)
{
	size_t n = strlen(word);

	return c->length >= n && memcmp(c->body, word, n) == 0 ? (const char *)c->body + n : NULL;
}

static void copy(char *to, size_t room, const struct pluq_candidate *c, const char *from)
{
	const char *end = (const char *)c->body + c->length;

	while (from < end && *from == ' ')
		from++;
	snprintf(to, room, "%.*s", (int)(end - from), from);
}

static int judge(void *self, const struct pluq_candidate *c, struct pluq_finding *finding)
{
	const char *rest;

	(void)self;
	if ((rest = behind(c, "reject"))) {
		copy(finding->reason, sizeof(finding->reason), c, rest);
		return PLUQ_REJECT;
	}
	if ((rest = behind(c, "divert"))) {
		copy(finding->topic, sizeof(finding->topic), c, rest);
		return PLUQ_DIVERT;
	}
	if (behind(c, "sleep"))
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	return PLUQ_ACCEPT;
}

static int loop_begin(void *self, uint32_t loop)
{
	(void)self;
	(void)loop;
	return current->begin ? PLUQ_ENOMEM : 0;
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	(void)host;
	(void)why;
	current = conf;
	*self = NULL;
	return 0;
}

static int reload(void *self, const void *conf, struct pluq_why *why)
{
	(void)self;
	(void)why;
	current = conf;
	return 0;
}

static void fini(void *self)
{
	(void)self;
}

static const struct pluq_validator_ops ops = {.size = sizeof(ops), .judge = judge, .loop_begin = loop_begin};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_VALIDATOR, .name = "validator-mock", .version = "1",
	.summary = "does as it is told", .options = options, .option_size = sizeof(struct pluq_option), .conf_size = sizeof(struct conf),
	.init = init, .fini = fini, .reload = reload, .ops = &ops,
};
