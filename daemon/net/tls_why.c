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

/* OpenSSL has no words for some of TLS 1.3. */
static const char *refusal(int alert)
{
#define REFUSAL(code, text) {code, "the peer refuses: " text}
	static const struct words known[] = {
		REFUSAL(SSL_AD_UNEXPECTED_MESSAGE, "unexpected message"),
		REFUSAL(SSL_AD_BAD_RECORD_MAC, "bad record mac"),
		REFUSAL(SSL_AD_DECRYPTION_FAILED, "decryption failed"),
		REFUSAL(SSL_AD_RECORD_OVERFLOW, "record overflow"),
		REFUSAL(SSL_AD_HANDSHAKE_FAILURE, "handshake failure"),
		REFUSAL(SSL_AD_NO_CERTIFICATE, "no certificate"),
		REFUSAL(SSL_AD_BAD_CERTIFICATE, "bad certificate"),
		REFUSAL(SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported certificate"),
		REFUSAL(SSL_AD_CERTIFICATE_REVOKED, "certificate revoked"),
		REFUSAL(SSL_AD_CERTIFICATE_EXPIRED, "certificate expired"),
		REFUSAL(SSL_AD_CERTIFICATE_UNKNOWN, "certificate unknown"),
		REFUSAL(SSL_AD_ILLEGAL_PARAMETER, "illegal parameter"),
		REFUSAL(SSL_AD_UNKNOWN_CA, "unknown CA"),
		REFUSAL(SSL_AD_ACCESS_DENIED, "access denied"),
		REFUSAL(SSL_AD_DECODE_ERROR, "decode error"),
		REFUSAL(SSL_AD_DECRYPT_ERROR, "decrypt error"),
		REFUSAL(SSL_AD_PROTOCOL_VERSION, "protocol version"),
		REFUSAL(SSL_AD_INSUFFICIENT_SECURITY, "insufficient security"),
		REFUSAL(SSL_AD_INTERNAL_ERROR, "internal error"),
		REFUSAL(SSL_AD_INAPPROPRIATE_FALLBACK, "inappropriate fallback"),
		REFUSAL(SSL_AD_USER_CANCELLED, "user canceled"),
		REFUSAL(SSL_AD_NO_RENEGOTIATION, "no renegotiation"),
		REFUSAL(SSL_AD_MISSING_EXTENSION, "missing extension"),
		REFUSAL(SSL_AD_UNSUPPORTED_EXTENSION, "unsupported extension"),
		REFUSAL(SSL_AD_UNRECOGNIZED_NAME, "unrecognized name"),
		REFUSAL(SSL_AD_UNKNOWN_PSK_IDENTITY, "unknown PSK identity"),
		REFUSAL(SSL_AD_CERTIFICATE_REQUIRED, "certificate required"),
		REFUSAL(SSL_AD_NO_APPLICATION_PROTOCOL, "no application protocol"),
	};
#undef REFUSAL
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].reason == alert)
			return known[i].text;
	return "the peer refuses, without saying why";
}

/* NULL: it is not that the peer has refused. */
static const char *refusal_of(unsigned long e)
{
	int reason = ERR_GET_REASON(e);
	bool told = ERR_GET_LIB(e) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256;
	return told ? refusal(reason - SSL_AD_REASON_OFFSET) : NULL;
}

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
	const char *refused = refusal_of(e);
	if (refused) {
		put(why, "%s", refused);
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
	const char *text = ERR_SYSTEM_ERROR(e) ? pluq__io_cause(ERR_GET_REASON(e)) : refusal_of(e);
	if (!text)
		text = ERR_reason_error_string(e);
	ERR_clear_error();
	return text ? text : "unknown error of the TLS library";
}
