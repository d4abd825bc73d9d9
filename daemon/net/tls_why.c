#define _GNU_SOURCE /* strerrordesc_np */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conn.h"
#include "tls.h"

/* OpenSSL's words where they tell a stranger what is the matter; these where they do not. NULL: see special(). */
struct words {
	int reason;
	const char *text;
};

static const char not_tls[] = "the peer speaks no TLS (plain text?)";
static const char no_cipher[] = "no shared cipher";

static const struct words table[] = {
	{SSL_R_WRONG_VERSION_NUMBER, not_tls},
	{SSL_R_HTTP_REQUEST, "the peer speaks no TLS (plain HTTP)"},
	{SSL_R_HTTPS_PROXY_REQUEST, "the peer speaks no TLS (plain HTTP)"},
	{SSL_R_PACKET_LENGTH_TOO_LONG, not_tls},
	{SSL_R_ENCRYPTED_LENGTH_TOO_LONG, not_tls},
	{SSL_R_DATA_LENGTH_TOO_LONG, not_tls},
	{SSL_R_UNEXPECTED_MESSAGE, "the peer does not keep to the protocol (unexpected message)"},
	{SSL_R_NO_SHARED_CIPHER, no_cipher},
	{SSL_R_NO_CIPHERS_SPECIFIED, no_cipher},
	{SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "no shared signature algorithm"},
	{SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "no shared signature algorithm"},
	{SSL_R_NO_SHARED_GROUPS, "no shared group for the key exchange"},
	{SSL_R_NO_SUITABLE_KEY_SHARE, "no shared group for the key exchange"},
	{SSL_R_NO_SUITABLE_GROUPS, "no shared group for the key exchange"},
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the client shows no certificate"},
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, "the peer has closed the connection"},
	{SSL_R_NO_PROTOCOLS_AVAILABLE, "no TLS version is left by the settings"},
	{SSL_R_UNSUPPORTED_PROTOCOL, NULL},
	{SSL_R_VERSION_TOO_LOW, NULL},
	{SSL_R_CERTIFICATE_VERIFY_FAILED, NULL},
};

static void put(struct pluq_why *why, const char *fmt, ...) PLUQ_PRINTF(2, 3);

static void put(struct pluq_why *why, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
}

/* A client that asks for a version that is too low has said which is its highest; from a server we have only heard which it has chosen. */
static void version_why(const SSL *ssl, struct pluq_why *why)
{
	static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2"};
	int version = SSL_is_server(ssl) ? SSL_client_version(ssl) : SSL_version(ssl);
	unsigned i = version >= SSL3_VERSION ? (unsigned)(version - SSL3_VERSION) : 0;
	if (!SSL_is_server(ssl))
		put(why, "the server offers no TLS version that is allowed here");
	else
		put(why, "the client offers only %s or older", names[i < 4 ? i : 3]);
}

static void reason_why(const SSL *ssl, unsigned long e, struct pluq_why *why)
{
	int reason = ERR_GET_REASON(e);
	if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
		put(why, "the peer refuses: %s", SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
		return;
	}
	for (size_t i = 0; ERR_GET_LIB(e) == ERR_LIB_SSL && i < sizeof table / sizeof *table; i++) {
		if (table[i].reason != reason)
			continue;
		if (table[i].text)
			put(why, "%s", table[i].text);
		else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
			put(why, "certificate verification failed: %s", X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
		else
			version_why(ssl, why);
		return;
	}
	const char *text = ERR_reason_error_string(e);
	put(why, "%s", text ? text : "unknown error of the TLS library");
}

void pluq__tls_handshake_why(const SSL *ssl, int error, int system, struct pluq_why *why)
{
	unsigned long e = ERR_peek_error();
	if (error == SSL_ERROR_SYSCALL && system != 0)
		put(why, "%s", pluq__io_cause(system));
	else if (error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN || e == 0)
		put(why, "the peer has closed the connection");
	else
		reason_why(ssl, e, why);
	ERR_clear_error();
}

const char *pluq__tls_reason(void)
{
	unsigned long e = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(e) ? pluq__io_cause(ERR_GET_REASON(e)) : ERR_reason_error_string(e);
	ERR_clear_error();
	return text ? text : "unknown error of the TLS library";
}
