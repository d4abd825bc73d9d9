/* prometheus: what requests ask for, numbers, names, and whole expositions of snapshots made by hand. */
#include "cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

#include "../../plugins/metrics/prometheus/accept.h"
#include "../../plugins/metrics/prometheus/number.h"
#include "../../plugins/metrics/prometheus/options.h"
#include "../../plugins/metrics/prometheus/out.h"
#include "mock_host.h"

extern const struct pluq_plugin pluq_plugin_entry;

/* --- what is asked for */

static void openmetrics_is_asked_for_by_name(void **state)
{
	static const struct {
		const char *accept;
		bool open;
	} cases[] = {
	    {NULL, false}, {"", false}, {"*/*", false}, {"text/plain", false}, {"text/*", false}, {",,;;,", false},
	    {"application/openmetrics-text", true}, {"Application/OpenMetrics-Text ; Version=1.0.0", true},
	    {"application/openmetrics-text;version=\"1.0.0\"", true}, {"application/openmetrics-text; version=0.0.1", false},
	    {"application/openmetrics-text;version=2.0.0", false}, {"application/openmetrics-text;q=0", false},
	    {"application/openmetrics-text;q=0.000", false}, {"application/openmetrics-text;q=1.5", false},
	    {"application/openmetrics-text;q=x", false}, {"application/openmetrics-text;q=", false},
	    {"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.25,*/*;q=0.1", true},
	    {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true},
	    {"application/openmetrics-text;q=0.3, text/plain;q=0.5", false}, {"text/plain;q=0.2,application/openmetrics-text;q=0.2", true},
	    {"application/openmetrics-text;q=0.3, */*;q=0.5", false}, {"application/openmetrics-text;q=0.3, text/plain;q=0.1, */*;q=0.5", true},
	    {"application/vnd.google.protobuf;proto=\"a,b;c\";q=0.9,application/openmetrics-text;q=0.8", true},
	    {"x;y=\"application/openmetrics-text", false}, {"x;y=\"\\", false}, {"application/openmetrics-text-not", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (accept_openmetrics(cases[i].accept) != cases[i].open)
			fail_msg("Accept: %s", cases[i].accept ? cases[i].accept : "(none)");
}

static void gzip_is_taken_by_weight(void **state)
{
	static const struct {
		const char *accept;
		bool gzip;
	} cases[] = {
	    {NULL, false}, {"", false}, {"gzip", true}, {"GZIP", true}, {"x-gzip", true}, {"deflate, br", false}, {"deflate, gzip;q=1.0, *;q=0.5", true},
	    {"gzip;q=0", false}, {"gzip; q=0.0", false}, {"gzip ; q = 0.001", true}, {"*", true}, {"*;q=0", false}, {"gzip;q=0, *", false},
	    {"identity, gzip;q=0.5", false}, {"identity;q=0.5, gzip;q=0.5", true}, {"identity;q=0.5, *;q=0.4", false}, {"identity", false},
	    {"gzip;q=1.001", false}, {"gzip;q=0.1234", false}, {"gzip;q=-1", false}, {"gzipped", false}, {"gzip;q=0.9;x", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (accept_gzip(cases[i].accept) != cases[i].gzip)
			fail_msg("Accept-Encoding: %s", cases[i].accept ? cases[i].accept : "(none)");
}

/* --- numbers */

static const char *text_of(double value)
{
	static char text[NUMBER_ROOM + 1];

	text[number_put(text, value)] = 0;
	return text;
}

static void numbers_read_back_as_they_were(void **state)
{
	uint64_t x = 88172645463325252u;

	assert_string_equal(text_of(0), "0");
	assert_string_equal(text_of(-3), "-3");
	assert_string_equal(text_of(9007199254740991.0), "9007199254740991");
	assert_string_equal(text_of(0.5), "0.5");
	assert_string_equal(text_of(1.000000001), "1.000000001");
	assert_string_equal(text_of(-0.25), "-0.25");
	assert_string_equal(text_of(1e300), "1e+300");
	assert_string_equal(text_of(NAN), "NaN");
	assert_string_equal(text_of(INFINITY), "+Inf");
	assert_string_equal(text_of(-INFINITY), "-Inf");
	for (int i = 0; i < 200000; i++) {
		double value;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		value = i % 3 == 0 ? (double)(x >> 20) / 1e9 : i % 3 == 1 ? (double)(x >> 11) / 3.7 : ldexp((double)x, -(int)(x % 200));
		if (strtod(text_of(value), NULL) != value)
			fail_msg("%.17g became %s", value, text_of(value));
	}
}

/* --- expositions */

static const struct pluq_metric build = {"build_information", "", "1, for the version", "version", PLUQ_GAUGE};
static const struct pluq_metric cpu = {"process_cpu", "seconds", "Time", NULL, PLUQ_COUNTER};
static const struct pluq_metric turns = {"loop_turn", "seconds", "How \"long\"\nit \\ lasts", NULL, PLUQ_HISTOGRAM};
static const struct pluq_metric published = {"topic_published", "bytes", "Bodies", NULL, PLUQ_COUNTER};
static const struct pluq_metric depth = {"channel_depth", "", "Messages", NULL, PLUQ_GAUGE};
static const struct pluq_metric latency = {"channel_finish_latency", "seconds", "Latency", NULL, PLUQ_HISTOGRAM};
static const struct pluq_metric e2e = {"channel_e2e_latency", "seconds", "Recent", "quantile", PLUQ_GAUGE};
static const struct pluq_metric strange = {"My-metric_total", "", "", "le", PLUQ_COUNTER};
static const struct pluq_metric twin = {"channel_depth", "", "Another", NULL, PLUQ_GAUGE};
static const struct pluq_metric impostor = {"channel_depth", "", "Another", NULL, PLUQ_HISTOGRAM};

static const struct pluq_bucket buckets[] = {{0.0000098, 1}, {0.00045, 2}, {0.0005, 3}, {0.00050001, 4}, {59, 5}, {7200, 6}};
static const struct pluq_histogram histogram = {buckets, 6, 21, 100.25};

struct world {
	struct mock_host host;
	struct conf conf;
	void *self;
	struct pluq_snapshot snapshot;
	char *text; /* what was rendered last */
	struct pluq_render render;
};

static const struct pluq_metrics_ops *ops(void)
{
	return pluq_plugin_entry.ops;
}

static void *world_new(const struct conf *conf)
{
	struct world *w = calloc(1, sizeof(*w));
	struct pluq_why why = {""};

	mock_host_init(&w->host);
	w->conf = *conf;
	assert_int_equal(pluq_plugin_entry.init(&w->host.pub, &w->conf, &w->self, &why), 0);
	return w;
}

static void world_free(struct world *w)
{
	pluq_plugin_entry.fini(w->self);
	mock_host_fini(&w->host);
	free(w->text);
	free(w);
}

static char *unpacked(const struct pluq_render *r)
{
	size_t room = 1 << 20;
	char *text = malloc(room);
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)r->body, .avail_in = (uInt)r->length, .next_out = (uint8_t *)text, .avail_out = (uInt)room - 1};

	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	text[z.total_out] = 0;
	inflateEnd(&z);
	return text;
}

static const char *rendered(struct world *w, const struct pluq_sample *samples, size_t count, const char *accept, const char *encoding)
{
	struct pluq_why why = {""};
	struct pluq_render *r = &w->render;

	*r = (struct pluq_render){.size = sizeof(*r), .accept = accept, .accept_encoding = encoding};
	w->snapshot = (struct pluq_snapshot){.size = sizeof(w->snapshot), .samples = samples, .count = count, .stride = sizeof(*samples), .host = ""};
	assert_int_equal(ops()->render(w->self, &w->snapshot, r, &why), 0);
	assert_int_equal(r->status, 200);
	free(w->text);
	w->text = r->encoding ? unpacked(r) : strndup((const char *)r->body, r->length);
	r->release(r->own);
	return w->text;
}

/* The part that tells of what is left out is the same each time; told apart. */
static const char omitted[] =
    "# HELP pluq_prometheus_omitted_channels What is left out here: channels beyond max_channels, and ephemeral ones if they are excluded\n"
    "# TYPE pluq_prometheus_omitted_channels gauge\n"
    "pluq_prometheus_omitted_channels{plugin=\"test\",reason=\"limit\"} 0\n"
    "pluq_prometheus_omitted_channels{plugin=\"test\",reason=\"ephemeral\"} 0\n"
    "# HELP pluq_prometheus_omitted_topics What is left out here: topics beyond max_topics, and ephemeral ones if they are excluded\n"
    "# TYPE pluq_prometheus_omitted_topics gauge\n"
    "pluq_prometheus_omitted_topics{plugin=\"test\",reason=\"limit\"} 0\n"
    "pluq_prometheus_omitted_topics{plugin=\"test\",reason=\"ephemeral\"} 0\n";

static const struct conf open_conf = {.path = "/metrics", .max_topics = NO_LIMIT, .max_channels = NO_LIMIT, .compress = true};

static void is(const char *text, const char *before, const char *after)
{
	char *wanted = malloc(strlen(before) + sizeof(omitted) + strlen(after));

	strcpy(wanted, before);
	strcat(wanted, omitted);
	strcat(wanted, after);
	assert_string_equal(text, wanted);
	free(wanted);
}

static void families_stand_together(void **state)
{
	struct world *w = world_new(&open_conf);
	const struct pluq_sample samples[] = {
	    {.metric = &build, .detail = "0.1", .value = 1}, {.metric = &cpu, .value = 1.5}, {.metric = &published, .topic = "a", .value = 7},
	    {.metric = &depth, .topic = "a", .channel = "x", .value = 1}, {.metric = &depth, .topic = "a", .channel = "y", .value = 2},
	    {.metric = &published, .topic = "b", .value = 8}, {.metric = &depth, .topic = "b", .channel = "x", .value = 3}};

	is(rendered(w, samples, 7, NULL, NULL),
	    "# HELP pluq_build_info 1, for the version\n# TYPE pluq_build_info gauge\npluq_build_info{version=\"0.1\"} 1\n"
	    "# HELP pluq_channel_depth Messages\n# TYPE pluq_channel_depth gauge\n"
	    "pluq_channel_depth{topic=\"a\",channel=\"x\"} 1\npluq_channel_depth{topic=\"a\",channel=\"y\"} 2\n"
	    "pluq_channel_depth{topic=\"b\",channel=\"x\"} 3\n",
	    "# HELP pluq_topic_published_bytes_total Bodies\n# TYPE pluq_topic_published_bytes_total counter\n"
	    "pluq_topic_published_bytes_total{topic=\"a\"} 7\npluq_topic_published_bytes_total{topic=\"b\"} 8\n"
	    "# HELP process_cpu_seconds_total Time\n# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.5\n");
	assert_string_equal(w->render.type, "text/plain; version=0.0.4; charset=utf-8");
	assert_null(w->render.encoding);
	world_free(w);
}

static void nothing_is_measured(void **state)
{
	struct world *w = world_new(&open_conf);

	is(rendered(w, NULL, 0, NULL, NULL), "", "");
	world_free(w);
}

static void histograms_are_cumulative(void **state)
{
	struct world *w = world_new(&open_conf);
	const struct pluq_sample samples[] = {
	    {.metric = &turns, .histogram = &histogram}, {.metric = &latency, .topic = "t", .channel = "c", .histogram = &histogram}};

	is(rendered(w, samples, 2, NULL, NULL),
	    "# HELP pluq_channel_finish_latency_seconds Latency\n# TYPE pluq_channel_finish_latency_seconds histogram\n"
#define B(le, n) "pluq_channel_finish_latency_seconds_bucket{topic=\"t\",channel=\"c\",le=\"" le "\"} " n "\n"
	    B("0.0001", "1") B("0.0005", "6") B("0.001", "10") B("0.005", "10") B("0.01", "10") B("0.05", "10") B("0.1", "10") B("0.5", "10")
	    B("1", "10") B("5", "10") B("10", "10") B("60", "15") B("600", "15") B("3600", "15") B("+Inf", "21")
	    "pluq_channel_finish_latency_seconds_sum{topic=\"t\",channel=\"c\"} 100.25\n"
	    "pluq_channel_finish_latency_seconds_count{topic=\"t\",channel=\"c\"} 21\n"
	    "# HELP pluq_loop_turn_seconds How \"long\"\\nit \\\\ lasts\n# TYPE pluq_loop_turn_seconds histogram\n"
#define L(le, n) "pluq_loop_turn_seconds_bucket{le=\"" le "\"} " n "\n"
	    L("1e-05", "1") L("2.5e-05", "1") L("5e-05", "1") L("0.0001", "1") L("0.00025", "1") L("0.0005", "6") L("0.001", "10")
	    L("0.0025", "10") L("0.005", "10") L("0.01", "10") L("0.025", "10") L("0.05", "10") L("0.1", "10") L("0.25", "10") L("0.5", "10")
	    L("1", "10") L("2.5", "10") L("5", "10") L("10", "10") L("+Inf", "21")
	    "pluq_loop_turn_seconds_sum 100.25\npluq_loop_turn_seconds_count 21\n", "");
	world_free(w);
}

static void openmetrics_differs_in_details(void **state)
{
	struct world *w = world_new(&open_conf);
	const struct pluq_sample samples[] = {{.metric = &turns, .histogram = &histogram}, {.metric = &cpu, .value = 1.5},
	    {.metric = &e2e, .topic = "t", .channel = "c", .detail = "1", .value = 2},
	    {.metric = &e2e, .topic = "t", .channel = "c", .detail = "0.99", .value = 1}};
	const char *text = rendered(w, samples, 4, "application/openmetrics-text", NULL);

	assert_non_null(strstr(text, "# HELP process_cpu_seconds Time\n# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n"
	                             "process_cpu_seconds_total 1.5\n"));
	assert_non_null(strstr(text, "# HELP pluq_loop_turn_seconds How \\\"long\\\"\\nit \\\\ lasts\n"));
	assert_non_null(strstr(text, "pluq_loop_turn_seconds_bucket{le=\"1.0\"} 10\n"));
	assert_non_null(strstr(text, "pluq_loop_turn_seconds_bucket{le=\"+Inf\"} 21\n"));
	assert_non_null(strstr(text, "# TYPE pluq_channel_e2e_latency_seconds summary\n# UNIT pluq_channel_e2e_latency_seconds seconds\n"
	                             "pluq_channel_e2e_latency_seconds{topic=\"t\",channel=\"c\",quantile=\"1.0\"} 2\n"
	                             "pluq_channel_e2e_latency_seconds{topic=\"t\",channel=\"c\",quantile=\"0.99\"} 1\n"));
	assert_null(strstr(text, "_created"));
	assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
	assert_string_equal(w->render.type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
	world_free(w);
}

static void names_and_labels_of_others_are_made_valid(void **state)
{
	struct world *w = world_new(&open_conf);
	const struct pluq_sample samples[] = {
	    {.metric = &strange, .plugin = "a\"b", .detail = "c\\d\ne", .value = 1}, {.metric = &strange, .channel = "only", .value = 2}};

	is(rendered(w, samples, 2, NULL, NULL),
	    "# HELP pluq_My_metric_total \n# TYPE pluq_My_metric_total counter\n"
	    "pluq_My_metric_total{plugin=\"a\\\"b\",detail=\"c\\\\d\\ne\"} 1\npluq_My_metric_total{channel=\"only\"} 2\n", "");
	world_free(w);
}

/* Two plugins have a metric of the same name: one family, if they agree on what it is. */
static void a_name_is_used_once(void **state)
{
	struct world *w = world_new(&open_conf);
	const struct pluq_sample samples[] = {{.metric = &depth, .plugin = "a", .value = 1}, {.metric = &impostor, .plugin = "b", .histogram = &histogram},
	    {.metric = &twin, .plugin = "c", .value = 3}};

	is(rendered(w, samples, 3, NULL, NULL),
	    "# HELP pluq_channel_depth Messages\n# TYPE pluq_channel_depth gauge\npluq_channel_depth{plugin=\"a\"} 1\npluq_channel_depth{plugin=\"c\"} 3\n", "");
	world_free(w);
}

static const struct pluq_sample many[] = {
    {.metric = &published, .topic = "a", .value = 1}, {.metric = &depth, .topic = "a", .channel = "1", .value = 1},
    {.metric = &depth, .topic = "a", .channel = "2#ephemeral", .value = 1}, {.metric = &depth, .topic = "a", .channel = "3", .value = 1},
    {.metric = &published, .topic = "b#ephemeral", .value = 1}, {.metric = &depth, .topic = "b#ephemeral", .channel = "1", .value = 1},
    {.metric = &published, .topic = "c", .value = 1}, {.metric = &depth, .topic = "c", .channel = "1", .value = 1},
    {.metric = &published, .topic = "d", .value = 1}, {.metric = &depth, .topic = "d", .channel = "1", .value = 1},
};

/* What comes behind the next occurrence; NULL: there is none. */
static const char *after(const char *text, const char *part)
{
	const char *at = strstr(text, part);

	return at ? at + strlen(part) : NULL;
}

static unsigned long omitted_of(const char *text, const char *what)
{
	char front[128];

	snprintf(front, sizeof(front), "\npluq_prometheus_omitted_%s\"} ", what);
	return strtoul(after(text, front), NULL, 10);
}

/* The topics' letters, each channel with its topic's, and what is left out: topics, by limit and as ephemeral; channels likewise. */
static const char *seen(const char *text)
{
	static char out[256];
	size_t n = 0;

	for (const char *p = text; (p = after(p, "\npluq_topic_published_bytes_total{topic=\""));)
		out[n++] = *p;
	for (const char *p = text; (p = after(p, "\npluq_channel_depth{topic=\""));) {
		out[n++] = ' ';
		out[n++] = *p;
		out[n++] = *after(p, "channel=\"");
	}
	snprintf(out + n, sizeof(out) - n, " -%lu -%lu -%lu -%lu", omitted_of(text, "topics{plugin=\"test\",reason=\"limit"),
	    omitted_of(text, "topics{plugin=\"test\",reason=\"ephemeral"), omitted_of(text, "channels{plugin=\"test\",reason=\"limit"),
	    omitted_of(text, "channels{plugin=\"test\",reason=\"ephemeral"));
	return out;
}

static void what_is_beyond_the_limits_is_counted(void **state)
{
	static const struct {
		int64_t topics, channels;
		bool exclude;
		const char *wanted;
	} cases[] = {
	    {NO_LIMIT, NO_LIMIT, false, "abcd a1 a2 a3 b1 c1 d1 -0 -0 -0 -0"}, {4, 6, false, "abcd a1 a2 a3 b1 c1 d1 -0 -0 -0 -0"},
	    {3, NO_LIMIT, false, "abc a1 a2 a3 b1 c1 -1 -0 -1 -0"}, {NO_LIMIT, 2, false, "abcd a1 a2 -0 -0 -4 -0"},
	    {NO_LIMIT, NO_LIMIT, true, "acd a1 a3 c1 d1 -0 -1 -0 -2"}, {2, 3, true, "ac a1 a3 c1 -1 -1 -1 -2"},
	    {0, NO_LIMIT, false, " -4 -0 -6 -0"}, {NO_LIMIT, 0, false, "abcd -0 -0 -6 -0"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct conf conf = {.path = "/metrics", .max_topics = cases[i].topics, .max_channels = cases[i].channels,
		    .exclude_ephemeral = cases[i].exclude};
		struct world *w = world_new(&conf);

		assert_string_equal(seen(rendered(w, many, 10, NULL, NULL)), cases[i].wanted);
		world_free(w);
	}
}

static void a_reload_changes_limits(void **state)
{
	struct world *w = world_new(&open_conf);
	const struct conf less = {.path = "/metrics", .max_topics = 1, .max_channels = 1};
	struct pluq_why why = {""};

	assert_int_equal(pluq_plugin_entry.reload(w->self, &less, &why), 0);
	assert_string_equal(seen(rendered(w, many, 10, NULL, "gzip")), "a a1 -3 -0 -5 -0");
	assert_null(w->render.encoding); /* compress is off now */
	world_free(w);
}

/* Large enough to go through in many pieces; and the same each time. */
static void compressed_it_is_the_same(void **state)
{
	static char names[5000][16];
	static struct pluq_sample samples[5000];
	struct world *w = world_new(&open_conf);
	char *plain;

	for (int i = 0; i < 5000; i++) {
		snprintf(names[i], sizeof(names[i]), "t%06d", i);
		samples[i] = (struct pluq_sample){.metric = &published, .topic = names[i], .value = i * 12345};
	}
	plain = strdup(rendered(w, samples, 5000, NULL, NULL));
	assert_true(strlen(plain) > 250000);
	assert_string_equal(rendered(w, samples, 5000, "text/plain", "deflate;q=0.5, gzip"), plain);
	assert_string_equal(w->render.encoding, "gzip");
	assert_true(w->render.length < strlen(plain) / 4);
	assert_string_equal(rendered(w, samples, 5000, NULL, NULL), plain);
	free(plain);
	world_free(w);
}

static void samples_of_a_longer_kind_are_stepped_over(void **state)
{
	struct longer {
		struct pluq_sample sample;
		char more[24];
	} samples[] = {{.sample = {.metric = &cpu, .value = 1}}, {.sample = {.metric = &published, .topic = "t", .value = 2}}};
	struct world *w = world_new(&open_conf);
	struct pluq_why why = {""};
	struct pluq_render r = {.size = sizeof(r)};
	char *text;

	w->snapshot = (struct pluq_snapshot){.size = sizeof(w->snapshot), .samples = &samples[0].sample, .count = 2, .stride = sizeof(samples[0])};
	assert_int_equal(ops()->render(w->self, &w->snapshot, &r, &why), 0);
	text = strndup((const char *)r.body, r.length);
	r.release(r.own);
	assert_non_null(strstr(text, "process_cpu_seconds_total 1\n"));
	assert_non_null(strstr(text, "pluq_topic_published_bytes_total{topic=\"t\"} 2\n"));
	free(text);
	world_free(w);
}

/* --- where */

static void paths(void **state)
{
	static const struct {
		const char *path;
		bool good;
	} cases[] = {{"/metrics", true}, {"/a/b-c_d.e~1", true}, {"", true}, {"metrics", false}, {"/a?b", false}, {"/a b", false}, {"/\xC3\xA9", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf conf = open_conf;
		struct pluq_why why = {""};
		struct world *w;

		conf.path = cases[i].path;
		assert_int_equal(pluq_plugin_entry.check(&conf, &why) == 0, cases[i].good);
		assert_int_equal(strlen(why.text) > 0, !cases[i].good);
		if (!cases[i].good)
			continue;
		w = world_new(&conf);
		if (*conf.path)
			assert_string_equal(ops()->path_of(w->self), conf.path);
		else
			assert_null(ops()->path_of(w->self));
		world_free(w);
	}
}

/* --- where the text goes */

static void write_pieces(struct out *o, size_t until)
{
	char piece[1001];
	size_t n;

	for (size_t i = 0; i < until; i += n) {
		n = 1 + i % sizeof(piece) < until - i ? 1 + i % sizeof(piece) : until - i;
		for (size_t k = 0; k < n; k++)
			piece[k] = (char)((i + k) * (i + k) >> 7);
		assert_true(out_need(o, n));
		out_put(o, piece, n);
	}
}

static void check_pieces(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		assert_int_equal(bytes[i], (uint8_t)(i * i >> 7));
}

/* From heap to mapped pages, and moved there; or through gzip, of nothing too. */
static void text_of_any_size_comes_out(void **state)
{
	static const size_t sizes[] = {0, 1, 16 << 10, (16 << 10) + 1, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 9 << 20};

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		size_t size = sizes[i / 2], length;
		const uint8_t *bytes;
		struct out o;

		out_init(&o, i % 2);
		write_pieces(&o, size);
		assert_true(out_finish(&o, &bytes, &length));
		if (i % 2) {
			uint8_t *plain = malloc(size + 1);
			z_stream z = {.next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (uInt)length, .next_out = plain, .avail_out = (uInt)size + 1};

			assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
			assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
			assert_int_equal(z.avail_in, 0);
			assert_int_equal(z.total_out, size);
			check_pieces(plain, size);
			inflateEnd(&z);
			free(plain);
		} else {
			assert_int_equal(length, size);
			check_pieces(bytes, length);
		}
		out_fini(&o);
	}
}

static void one_piece_may_be_larger_than_all_before(void **state)
{
	for (int gzip = 0; gzip < 2; gzip++) {
		struct out o;

		out_init(&o, gzip);
		assert_true(out_need(&o, 5 << 20));
		memset(o.text, 'x', 5 << 20);
		o.used = 5 << 20;
		assert_true(out_need(&o, 30 << 20));
		memset(o.text + o.used, 'y', 30 << 20);
		assert_true(gzip || o.text[(5 << 20) - 1] == 'x');
		out_fini(&o);
	}
}

/* No memory for what is to be mapped, and to be mapped anew. */
static void text_without_room_fails(void **state)
{
	static const size_t before[] = {1 << 20, 3 << 20};

	for (size_t i = 0; i < 2; i++) {
		struct rlimit limit, none;
		const uint8_t *bytes;
		size_t length;
		struct out o;

		out_init(&o, false);
		write_pieces(&o, before[i]);
		assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
		none = (struct rlimit){.rlim_cur = 1 << 20, .rlim_max = limit.rlim_max};
		setrlimit(RLIMIT_AS, &none);
		bool good = out_need(&o, 64 << 20);
		setrlimit(RLIMIT_AS, &limit);
		assert_false(good);
		assert_false(out_need(&o, 64 << 20));
		check_pieces((const uint8_t *)o.text, before[i]);
		assert_false(out_finish(&o, &bytes, &length));
		out_fini(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openmetrics_is_asked_for_by_name),
		cmocka_unit_test(gzip_is_taken_by_weight),
		cmocka_unit_test(numbers_read_back_as_they_were),
		cmocka_unit_test(families_stand_together),
		cmocka_unit_test(nothing_is_measured),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(openmetrics_differs_in_details),
		cmocka_unit_test(names_and_labels_of_others_are_made_valid),
		cmocka_unit_test(a_name_is_used_once),
		cmocka_unit_test(what_is_beyond_the_limits_is_counted),
		cmocka_unit_test(a_reload_changes_limits),
		cmocka_unit_test(compressed_it_is_the_same),
		cmocka_unit_test(samples_of_a_longer_kind_are_stepped_over),
		cmocka_unit_test(paths),
		cmocka_unit_test(text_of_any_size_comes_out),
		cmocka_unit_test(one_piece_may_be_larger_than_all_before),
		cmocka_unit_test(text_without_room_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
