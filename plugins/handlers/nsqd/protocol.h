/* The commands. */
#ifndef NSQD_PROTOCOL_H
#define NSQD_PROTOCOL_H

#include "conn.h"

/* Runs the command that begins at in->at, if it is wholly there (dispatch.c). */
enum step dispatch(struct conn *, struct input *in);

/* One command each, in the file of the same name. in->at stands at the command's first byte; the dispatcher moves it
 * behind the line when a command without a body returns STEP_NEXT, commands with one do it themselves. */
typedef enum step (*command_fn)(struct conn *, const struct line *, struct input *in);
enum step proto_auth(struct conn *, const struct line *, struct input *);
enum step proto_cls(struct conn *, const struct line *, struct input *);
enum step proto_dpub(struct conn *, const struct line *, struct input *);
enum step proto_fin(struct conn *, const struct line *, struct input *);
enum step proto_identify(struct conn *, const struct line *, struct input *);
enum step proto_mpub(struct conn *, const struct line *, struct input *);
enum step proto_nop(struct conn *, const struct line *, struct input *);
enum step proto_pub(struct conn *, const struct line *, struct input *);
enum step proto_rdy(struct conn *, const struct line *, struct input *);
enum step proto_req(struct conn *, const struct line *, struct input *);
enum step proto_sub(struct conn *, const struct line *, struct input *);
enum step proto_touch(struct conn *, const struct line *, struct input *);

/* The body of IDENTIFY and of AUTH is there. */
enum step identify_body(struct conn *, const uint8_t *body, size_t length);
enum step auth_body(struct conn *, const uint8_t *body, size_t length);

/* FIN in its usual form. false: look at the line. */
bool proto_fin_fast(struct conn *, struct input *in);

/* errors.c */

/* E_INVALID and others, fatal, formatted; no bytes of the client's in it. */
enum step fail(struct conn *, const char *fmt, ...) PLUQ_PRINTF(2, 3);
/* PREFIX + quoted name + SUFFIX, fatal. */
enum step fail_quoted(struct conn *, const char *prefix, struct span name, const char *suffix);
/* PREFIX + the client's bytes as they are, fatal. */
enum step fail_raw(struct conn *, const char *prefix, struct span raw);
enum step fail_state(struct conn *, const char *command);
enum step fail_needs_tls(struct conn *, struct span command);
/* CODE COMMAND id failed CAUSE; the connection goes on. */
void fail_message(struct conn *, const char *code, const char *command, const uint8_t *id, int status);
/* The id of FIN, REQ, TOUCH: state, number of parameters, length. NULL: *step is what the error came to. */
const uint8_t *message_id(struct conn *, const char *command, const struct line *, unsigned words, enum step *step);
void missing_text(struct text *, enum missing what, uint32_t index);

#endif
