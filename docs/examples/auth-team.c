/* auth-team: whoever knows the team's secret may use the team's topics. */
#include <stdlib.h>
#include <string.h>
#include <pluq/auth.h>

struct conf { const char *secret, *topics; };
struct team { const struct pluq_host *host; const struct conf *conf; };

static const struct pluq_option options[] = {
        {.key = "secret", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED | PLUQ_OPT_SECRET,
         .offset = offsetof(struct conf, secret), .help = "what members show"},
        {.key = "topics", .type = PLUQ_OPT_STRING, .standard = "^team-", .offset = offsetof(struct conf, topics),
         .help = "pattern of the topics that they may use"},
        {.key = NULL},
};

static int ask(void *self, const struct pluq_auth_query *query, struct pluq_auth_call *call, struct pluq_why *why)
{
        static const char *const every_channel[] = {".*"};
        const struct team *team = self;
        const struct pluq_auth *auth = team->host->auth;
        unsigned char differs = query->secret_length != strlen(team->conf->secret);

        (void)why;
        for (size_t i = 0; i < query->secret_length && team->conf->secret[i]; i++)
                differs |= query->secret[i] ^ (unsigned char)team->conf->secret[i]; /* takes as long wherever they differ */
        if (differs)
                return PLUQ_AUTH_SILENT; /* no opinion: the next plugin is asked */
        auth->identify(call, "team", "");
        auth->live(call, 600 * INT64_C(1000000000)); /* after ten minutes the daemon asks again */
        auth->grant(call, PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH, team->conf->topics, every_channel, 1);
        return PLUQ_AUTH_ALLOW;
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
        struct team *team = *self = malloc(sizeof(*team));

        (void)why;
        if (!team)
                return PLUQ_ENOMEM;
        *team = (struct team){host, conf};
        return 0;
}

static const struct pluq_auth_ops ops = {.size = sizeof(ops), .ask = ask};

PLUQ_PLUGIN_ENTRY = {
        .size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_AUTH,
        .name = "auth-team", .version = "1.0", .summary = "one secret, some topics", .options = options,
        .option_size = sizeof(struct pluq_option), .conf_size = sizeof(struct conf), .init = init, .fini = free, .ops = &ops,
};
