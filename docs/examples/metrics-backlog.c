/* metrics-backlog: says in the log which channels have more messages waiting than they should. */
#include <stdlib.h>
#include <string.h>
#include <pluq/metrics.h>

struct conf { int64_t interval, most; };
struct backlog { const struct pluq_host *host; const struct conf *conf; };

static const struct pluq_option options[] = {
        {.key = "interval", .type = PLUQ_OPT_DURATION, .standard = "1m", .offset = offsetof(struct conf, interval),
         .min = 1000000, .max = INT64_MAX / 4, .help = "how often it looks"},
        {.key = "most", .type = PLUQ_OPT_INT, .standard = "1000", .offset = offsetof(struct conf, most),
         .help = "messages that may wait in a channel"},
        {.key = NULL},
};

static int64_t interval_ns(void *self)
{
        return ((struct backlog *)self)->conf->interval;
}

static int take(void *self, const struct pluq_snapshot *s, struct pluq_why *why)
{
        const struct backlog *b = self;

        (void)why;
        for (size_t i = 0; i < s->count; i++) {
                const struct pluq_sample *x = (const void *)((const char *)s->samples + i * s->stride);

                if (strcmp(x->metric->name, "channel_depth") == 0 && x->value > (double)b->conf->most)
                        b->host->log(b->host, PLUQ_WARN, "%s:%s has %.0f messages waiting", x->topic, x->channel, x->value);
        }
        return 0;
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
        struct backlog *b = *self = malloc(sizeof(*b));

        (void)why;
        if (!b)
                return PLUQ_ENOMEM;
        *b = (struct backlog){host, conf};
        return 0;
}

static const struct pluq_metrics_ops ops = {.size = sizeof(ops), .interval_ns = interval_ns, .take = take};

PLUQ_PLUGIN_ENTRY = {
        .size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_METRICS,
        .name = "metrics-backlog", .version = "1.0", .summary = "logs channels with a backlog", .options = options,
        .option_size = sizeof(struct pluq_option), .conf_size = sizeof(struct conf), .init = init, .fini = free, .ops = &ops,
};
