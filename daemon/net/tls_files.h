/* Private to daemon/net. Certificates and keys from files, PEM. What is wrong is told with the file's name. */
#ifndef PLUQ__TLS_FILES_H
#define PLUQ__TLS_FILES_H

#include <openssl/ssl.h>
#include <pluq/error.h>
#include <stdbool.h>
#include <stdint.h>

#define PLUQ__TLS_DIGEST 32

/* May block. PLUQ_ETLS, PLUQ_ENOMEM. */
int pluq__tls_use_certificate(SSL_CTX *, const char *cert_file, const char *key_file, struct pluq_why *why);
/* server: clients are told the names of what is trusted. digest: of the file. */
int pluq__tls_use_ca(SSL_CTX *, const char *ca_file, bool server, uint8_t digest[PLUQ__TLS_DIGEST], struct pluq_why *why);

#endif
