/* What validate-lua costs on one core: the plugin's own code, without its daemon. Prints messages per second, median of rounds. */
#include <pluq/validator.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES 100000
#define ROUNDS 9
#define LENGTH 200

extern const struct pluq_plugin pluq_plugin_entry;

static const struct {
	const char *what, *script;
} scripts[] = {
	{ "nothing but true", "function validate(topic, body) return true end" },
	{ "length, first byte, a search", "function validate(topic, body)\n"
	                                  "  if #body > 65536 then return false, 'too long' end\n"
	                                  "  if body:byte(1) ~= 123 then return false, 'not an object' end\n"
	                                  "  return body:find('\"o\":', 1, true) ~= nil, 'no o'\nend" },
	{ "a pattern with captures", "function validate(topic, body)\n"
	                             "  local o, id = body:match('^{\"o\":\"([+-])\",\"id\":(%d+),')\n"
	                             "  return o ~= nil and tonumber(id) < 100000, 'no o or id'\nend" },
	{ "json.decode, two members", "function validate(topic, body)\n"
	                              "  local v, why = json.decode(body)\n"
	                              "  if v == nil then return false, why end\n"
	                              "  return v.o == '+' and v.l ~= nil, 'neither'\nend" },
};

/* Of this thread's own work: what else the machine does is not measured. */
static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t host_now(const struct pluq_host *h)
{
	(void)h;
	return now_ns();
}

static void host_log(const struct pluq_host *h, enum pluq_level level, const char *fmt, ...)
{
	(void)h;
	(void)level;
	(void)fmt;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void make_body(char *body)
{
	int n = snprintf(body, LENGTH + 1, "{\"o\":\"+\",\"id\":1234,\"user\":{\"id\":\"u-000037\",\"name\":\"J\303\274rgen M\",\"tags\":"
	                                   "[\"a\",\"b\",true,null]},\"price\":3.07,\"l\":\"https://example.com/o/101\",\"note\":\"");

	memset(body + n, 'x', (size_t)(LENGTH - 2 - n));
	memcpy(body + LENGTH - 2, "\"}", 3);
}

static void *start(const struct pluq_host *host, const char *script, const char *path)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;
	char *conf = calloc(1, pluq_plugin_entry.conf_size);
	struct pluq_why why = {""};
	FILE *f = fopen(path, "w");
	void *self;

	if (!conf || !f)
		abort();
	fputs(script, f);
	fclose(f);
	for (const struct pluq_option *o = pluq_plugin_entry.options; o->key; o++) {
		if (strcmp(o->key, "script") == 0)
			*(const char **)(conf + o->offset) = path;
		else if (strcmp(o->key, "max_instructions") == 0)
			*(int64_t *)(conf + o->offset) = 1000000;
		else if (strcmp(o->key, "max_memory") == 0)
			*(int64_t *)(conf + o->offset) = 16 << 20;
	}
	if (pluq_plugin_entry.init(host, conf, &self, &why) || ops->loop_begin(self, 0)) {
		fprintf(stderr, "validate-lua: %s\n", why.text);
		exit(EXIT_FAILURE);
	}
	free(conf); /* it is not looked at again */
	return self;
}

static double round_of(void *self, const char *body)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;
	struct pluq_finding finding;
	int64_t begin = now_ns();

	for (int i = 0; i < MESSAGES; i++) {
		struct pluq_candidate c = {.size = sizeof c, .topic = "orders", .topic_length = 6, .body = (const uint8_t *)body, .length = LENGTH};

		finding.reason[0] = finding.topic[0] = 0;
		if (ops->judge(self, &c, &finding) != PLUQ_ACCEPT) {
			fprintf(stderr, "validate-lua: %s\n", finding.reason);
			exit(EXIT_FAILURE);
		}
	}
	return MESSAGES * 1e9 / (double)(now_ns() - begin);
}

int main(void)
{
	const struct pluq_host host = {.size = sizeof host, .instance = "bench", .loops = 1, .now_ns = host_now, .log = host_log};
	char path[] = "/tmp/pluq-bench-lua-XXXXXX", body[LENGTH + 1];
	int fd = mkstemp(path);

	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	make_body(body);
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		void *self = start(&host, scripts[i].script, path);
		double rounds[ROUNDS];

		for (int r = 0; r < ROUNDS; r++)
			rounds[r] = round_of(self, body);
		qsort(rounds, ROUNDS, sizeof *rounds, by_value);
		printf("%-34s %6.2f M/s\n", scripts[i].what, rounds[ROUNDS / 2] / 1e6);
		pluq_plugin_entry.fini(self);
	}
	unlink(path);
	return 0;
}
