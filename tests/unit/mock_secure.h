/* For mock_broker: the daemon's auth chain, TLS and compression. */
#ifndef MOCK_SECURE_H
#define MOCK_SECURE_H

#include <pluq/auth.h>
#include <pluq/net.h>

/* How they behave, and what they were told. All zero: no auth plugin, upgrades succeed at once. */
struct mock_secure {
	bool auth;            /* there is an auth plugin */
	bool auth_later;      /* questions wait for mock_auth_answer; else they are answered in the next step */
	int open_status;      /* of AUTH */
	int check_status;     /* 0, PLUQ_ELATER (asked again each time), or a refusal */
	bool deny_d;          /* a late verdict on a topic that begins with 'd' is a refusal */
	bool upgrades_later;  /* upgrades wait for mock_upgrade_answer */
	bool refuse_upgrade;  /* conn_upgrade fails */
	const char *no_file;  /* why no certificate can be read; NULL: it can */

	/* what was told */
	char secret[64], remote_ip[64], common_name[64];
	bool tls, verified;
	char checked[160];    /* "PERMISSION TOPIC CHANNEL" of the last check */
	char watched[160];    /* "TOPIC CHANNEL" */
	size_t checks;
	int sessions;         /* open: 0 in the end */
	struct pluq_tls_params params; /* of TLS, the last ones */
	int32_t deflate_level;
	int64_t handshake_ns;
};

extern const struct pluq_auth mock_auth;

int mock_tls_new(const struct pluq_host *, const struct pluq_tls_params *, struct pluq_tls **, struct pluq_why *);
int mock_tls_check(const struct pluq_tls_params *, struct pluq_why *);
int mock_tls_change(struct pluq_tls *, const struct pluq_tls_params *, struct pluq_why *);
bool mock_conn_tls(const struct pluq_conn *, struct pluq_tls_info *);
int mock_conn_upgrade(struct pluq_conn *, const struct pluq_upgrade *);

/* The question that is open, or the upgrade, is answered. */
bool mock_auth_asked(void);
void mock_auth_answer(int status);
void mock_upgrade_answer(struct pluq_conn *, int status, const char *why);
/* The right to subscribe is gone. */
void mock_auth_revoke(int status);
/* A step of the loop: what needs no answer of the test is answered. false: there was nothing. */
bool mock_secure_step(struct pluq_conn *);

#endif
