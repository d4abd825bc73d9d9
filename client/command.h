/* client/command.h: the commands of the V2 protocol, encoded into a buffer.
 *
 * Each call appends one whole command or, on failure, nothing, and leaves the reason in the buffer's sticky error:
 * PLUQC_EINVAL (a name that no broker accepts, an empty body), PLUQC_ETOOBIG (a size the protocol cannot express),
 * PLUQC_ENOMEM. What the caller passes is copied.
 */
#ifndef PLUQC_COMMAND_H
#define PLUQC_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQC_NAME_MAX 64 /* bytes of a topic's or channel's name, "#ephemeral" included */

struct pluqc_body {
	const void *bytes;
	size_t length;
};

/* 1 .. 64 bytes of A-Z a-z 0-9 . _ -, and perhaps "#ephemeral" at the end. */
bool pluqc_name_valid(const char *name);

void pluqc_cmd_magic(struct pluqc_buf *); /* the first four bytes of a connection */
void pluqc_cmd_identify(struct pluqc_buf *, const char *json, size_t length);
void pluqc_cmd_sub(struct pluqc_buf *, const char *topic, const char *channel);
void pluqc_cmd_rdy(struct pluqc_buf *, uint32_t count);

void pluqc_cmd_pub(struct pluqc_buf *, const char *topic, const void *body, size_t length);
void pluqc_cmd_dpub(struct pluqc_buf *, const char *topic, uint64_t delay_ms, const void *body, size_t length);
void pluqc_cmd_mpub(struct pluqc_buf *, const char *topic, const struct pluqc_body *bodies, size_t n);

/* secret: ends with its NUL, which is not sent. */
void pluqc_cmd_auth(struct pluqc_buf *, const char *secret);

/* id: PLUQC_ID_LENGTH bytes. */
void pluqc_cmd_fin(struct pluqc_buf *, const uint8_t *id);
void pluqc_cmd_req(struct pluqc_buf *, const uint8_t *id, uint64_t delay_ms);
void pluqc_cmd_touch(struct pluqc_buf *, const uint8_t *id);

void pluqc_cmd_cls(struct pluqc_buf *);
void pluqc_cmd_nop(struct pluqc_buf *);

#ifdef __cplusplus
}
#endif
#endif
