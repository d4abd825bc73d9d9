/* validator-sender: a message begins with who sends it, and a colon; those who are not known do not get in. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pluq/validator.h>

struct conf { struct pluq_validator_conf common; struct pluq_strings senders; }; /* first what every validator has */
struct sender { const struct conf *_Atomic conf; };

static const struct pluq_option options[] = {
        PLUQ_VALIDATOR_OPTIONS,
        {.key = "senders", .type = PLUQ_OPT_STRINGS, .flags = PLUQ_OPT_REQUIRED | PLUQ_OPT_RELOAD,
         .offset = offsetof(struct conf, senders), .help = "who is known"},
        {.key = NULL},
};

static int judge(void *self, const struct pluq_candidate *message, struct pluq_finding *finding)
{
        const struct conf *conf = atomic_load(&((struct sender *)self)->conf);
        const uint8_t *colon = memchr(message->body, ':', message->length);

        for (size_t i = 0; colon && i < conf->senders.count; i++) {
                const char *known = conf->senders.items[i];

                if (strlen(known) == (size_t)(colon - message->body) && memcmp(known, message->body, strlen(known)) == 0)
                        return PLUQ_ACCEPT;
        }
        snprintf(finding->reason, sizeof(finding->reason), "%s", colon ? "the sender is not known" : "it has no sender");
        return PLUQ_REJECT;
}

/* On SIGHUP. Loops may still be reading the options before; the daemon keeps those until none does. */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
        (void)why;
        atomic_store(&((struct sender *)self)->conf, conf);
        return 0;
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
        (void)host;
        *self = malloc(sizeof(struct sender));
        return *self ? reload(*self, conf, why) : PLUQ_ENOMEM;
}

static const struct pluq_validator_ops ops = {.size = sizeof(ops), .judge = judge};

PLUQ_PLUGIN_ENTRY = {
        .size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_VALIDATOR,
        .name = "validator-sender", .version = "1.0", .summary = "lets in what known senders send", .options = options,
        .option_size = sizeof(struct pluq_option), .conf_size = sizeof(struct conf), .init = init, .fini = free, .reload = reload, .ops = &ops,
};
