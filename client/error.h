/* client/error.h: the codes a call of the client returns.
 *
 * A call returns 0 or one of these negative values; pluqc_strerror gives the text. With PLUQC_ESYSTEM the cause is an
 * errno value, kept by the object that failed.
 */
#ifndef PLUQC_ERROR_H
#define PLUQC_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/*	name, value, text. Values never change; new ones are added at the end. */
#define PLUQC_ERRORS(X)                                                                                                \
	X(EMORE, -1, "the rest has not arrived yet")                                                                   \
	X(ECLOSED, -2, "connection closed by the server")                                                              \
	X(ESYSTEM, -3, "system error")                                                                                 \
	X(ENOMEM, -4, "out of memory")                                                                                 \
	X(EFRAME, -5, "malformed frame")                                                                               \
	X(ETOOBIG, -6, "size limit exceeded")                                                                          \
	X(EHTTP, -7, "the server speaks HTTP here: give the port of its TCP listener")                                 \
	X(EADDRESS, -8, "not an address of the form HOST:PORT, [IPV6]:PORT or /PATH/OF/SOCKET")                        \
	X(ERESOLVE, -9, "host name cannot be resolved")                                                                \
	X(EINVAL, -10, "invalid argument")                                                                             \
	X(ETIMEOUT, -11, "timed out")

enum pluqc_error {
#define PLUQC_ERROR_ENUM(name, value, text) PLUQC_##name = value,
	PLUQC_ERRORS(PLUQC_ERROR_ENUM)
#undef PLUQC_ERROR_ENUM
};

/* Any thread. Static text; "ok" for 0, "unknown error" for a value not listed. */
const char *pluqc_strerror(int error);

#ifdef __cplusplus
}
#endif
#endif
