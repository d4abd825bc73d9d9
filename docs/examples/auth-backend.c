/* auth-backend: asks a program on this machine, and waits for it.
 *
 * The secret and a line end go to its unix socket; it answers with a line: the pattern of the topics that the client may use, or an empty
 * one for somebody whom it does not know. Because `ops` says PLUQ_AUTH_BLOCKS, `ask` is called on the pool, where waiting costs
 * nobody else anything; without that flag it would run on the loop of the connection and hold up every client there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <pluq/auth.h>

struct conf {
        const char *socket;
        int64_t ttl; /* ns */
};

struct backend {
        const struct pluq_host *host;
        const struct conf *conf;
};

static const struct pluq_option options[] = {
        {.key = "socket", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED, .offset = offsetof(struct conf, socket),
         .help = "path of the program's unix socket"},
        {.key = "ttl", .type = PLUQ_OPT_DURATION, .standard = "10m", .offset = offsetof(struct conf, ttl), .min = 1000000000,
         .max = 86400 * INT64_C(1000000000), .help = "how long its answer is good"},
        {.key = NULL},
};

/* A descriptor, or -1. */
static int dial(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        strcpy(address.sun_path, path); /* init has looked at its length */
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                close(fd);
                return -1;
        }
        return fd;
}

/* Whether a whole line came back; it is put into `line` without its end. */
static int exchange(int fd, const struct pluq_auth_query *query, char *line, size_t room)
{
        size_t used = 0;

        if (send(fd, query->secret, query->secret_length, MSG_NOSIGNAL) != (ssize_t)query->secret_length ||
            send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
                return 0;
        while (used < room) {
                ssize_t n = recv(fd, line + used, 1, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return 0;
                if (line[used] == '\n') {
                        line[used] = 0;
                        return 1;
                }
                used++;
        }
        return 0;
}

static int ask(void *self, const struct pluq_auth_query *query, struct pluq_auth_call *call, struct pluq_why *why)
{
        static const char *const every_channel[] = {".*"};
        const struct backend *b = self;
        const struct pluq_auth *auth = b->host->auth;
        char topics[256];
        int fd, told;

        if (memchr(query->secret, '\n', query->secret_length))
                return PLUQ_AUTH_SILENT; /* it would be two lines */
        fd = dial(b->conf->socket);
        told = fd >= 0 && exchange(fd, query, topics, sizeof(topics));
        if (fd >= 0)
                close(fd);
        if (!told) {
                snprintf(why->text, sizeof(why->text), "%.200s gives no answer", b->conf->socket);
                return PLUQ_AUTH_ERROR;
        }
        if (!*topics)
                return PLUQ_AUTH_SILENT;
        auth->live(call, b->conf->ttl);
        auth->grant(call, PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH, topics, every_channel, 1);
        return PLUQ_AUTH_ALLOW;
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
        const struct conf *c = conf;
        struct backend *b;

        if (strlen(c->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
                snprintf(why->text, sizeof(why->text), "socket: no path of a unix socket is that long");
                return PLUQ_EINVAL;
        }
        if (!(b = *self = malloc(sizeof(*b))))
                return PLUQ_ENOMEM;
        *b = (struct backend){host, conf};
        return 0;
}

static const struct pluq_auth_ops ops = {.size = sizeof(ops), .flags = PLUQ_AUTH_BLOCKS, .ask = ask};

PLUQ_PLUGIN_ENTRY = {
        .size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_AUTH,
        .name = "auth-backend", .version = "1.0", .summary = "asks a program on this machine", .options = options,
        .option_size = sizeof(struct pluq_option), .conf_size = sizeof(struct conf), .init = init, .fini = free, .ops = &ops,
};
