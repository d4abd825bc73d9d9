/* <pluq/error.h>: the codes that cross the plugin border.
 *
 * A call returns 0 or one of these negative values; nothing else. PLUQ_ELATER is not a fault: it says that the
 * promised callback will run, and only then does it run (a call that fails never runs its callback).
 */
#ifndef PLUQ_ERROR_H
#define PLUQ_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/*	name, value, text. Values never change; new ones are added at the end. */
#define PLUQ_ERRORS(X)                                                                                                 \
	X(EINVAL, -1, "invalid argument")                                                                              \
	X(ENOMEM, -2, "out of memory")                                                                                 \
	X(ELATER, -3, "the answer comes later")                                                                        \
	X(EEXITING, -4, "exiting")                                                                                     \
	X(ESTALE, -5, "topic was deleted")                                                                             \
	X(ENOTOPIC, -6, "topic not found")                                                                             \
	X(ENOCHANNEL, -7, "channel not found")                                                                         \
	X(ELIMIT, -8, "limit reached")                                                                                 \
	X(EFULL, -9, "queue is full")                                                                                  \
	X(EIO, -10, "storage failed")                                                                                  \
	X(ECORRUPT, -11, "data is damaged")                                                                            \
	X(ENOTINFLIGHT, -12, "ID not in flight")                                                                       \
	X(ENOTOWNER, -13, "client does not own message")                                                               \
	X(EPRESSURE, -14, "memory limit reached")                                                                      \
	X(ECLOSED, -15, "connection is closed")                                                                        \
	X(EADDRESS, -16, "address cannot be used")                                                                     \
	X(EUNKNOWN, -17, "no such name")                                                                               \
	X(EBUSY, -18, "in use")                                                                                        \
	X(EDENIED, -19, "not permitted")                                                                               \
	X(ENOGRANT, -20, "no authorizations found")                                                                    \
	X(EAUTH, -21, "authorization cannot be found out")                                                             \
	X(ETLS, -22, "TLS failed")                                                                                     \
	X(EREFUSED, -23, "refused")

enum pluq_error {
#define PLUQ_ERROR_ENUM(name, value, text) PLUQ_##name = value,
	PLUQ_ERRORS(PLUQ_ERROR_ENUM)
#undef PLUQ_ERROR_ENUM
};

/* What went wrong, in one line for people: filled by a call that failed where a parameter of this type is offered.
 * The caller provides it (text[0] set to 0); the text is always terminated and has no line break. */
struct pluq_why {
	char text[256];
};

#ifdef __cplusplus
}
#endif
#endif
