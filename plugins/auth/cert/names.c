#include "names.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum kind { COMMON_NAME, DNS, IP, URI, EMAIL, ANY, KINDS };

static const struct {
	const char *prefix;
	bool wild;
} kinds[KINDS] = {
	[COMMON_NAME] = {"CN=", true},
	[DNS] = {"DNS:", true},
	[IP] = {"IP:", false},
	[URI] = {"URI:", false},
	[EMAIL] = {"email:", false},
	[ANY] = {"*", false},
};

static enum kind kind_of(const char *text)
{
	for (unsigned i = 0; i < ANY; i++)
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return i;
	return strcmp(text, "*") == 0 ? ANY : KINDS;
}

/* The bytes of an address. Their number; 0: it is none. */
static size_t address(const char *text, uint8_t out[16])
{
	return inet_pton(AF_INET, text, out) == 1 ? 4 : inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

const char *names_check(const char *text)
{
	enum kind kind = kind_of(text);
	const char *name = kind < KINDS ? text + strlen(kinds[kind].prefix) : NULL;
	uint8_t bytes[16];

	if (kind == ANY)
		return NULL;
	if (!name)
		return "not a name: CN=..., DNS:..., IP:..., URI:..., email:... or *";
	if (!*name)
		return "the name is missing";
	if (kind == IP && !address(name, bytes))
		return "not an IP address";
	if (kinds[kind].wild && strchr(name, '*') && (strncmp(name, "*.", 2) != 0 || !name[2] || strchr(name + 1, '*')))
		return "a star stands only for the whole first label, as in *.example";
	return NULL;
}

/* The star stands for one label: never for none, nor for two. Names of hosts have no case; a common name may be one. */
static bool host_fits(const char *pattern, const char *name, bool exact)
{
	const char *dot;

	if (strncmp(pattern, "*.", 2) != 0)
		return exact ? strcmp(pattern, name) == 0 : strcasecmp(pattern, name) == 0;
	dot = strchr(name, '.');
	return dot && dot > name && strcasecmp(pattern + 1, dot) == 0;
}

static bool alt_fits(enum kind kind, const char *wanted, const char *name)
{
	uint8_t a[16], b[16];
	size_t n;

	switch (kind) {
	case DNS:
		return host_fits(wanted, name, false);
	case IP: /* which can be written in more than one way */
		return (n = address(wanted, a)) > 0 && address(name, b) == n && memcmp(a, b, n) == 0;
	default:
		return strcmp(wanted, name) == 0;
	}
}

/* Who it is, if the certificate says so. */
static const char *anybody(const struct pluq_auth_query *q)
{
	return *q->common_name || !q->alt_names.count ? q->common_name : q->alt_names.items[0];
}

const char *names_match(const char *text, const struct pluq_auth_query *q)
{
	enum kind kind = kind_of(text);

	if (kind == ANY)
		return anybody(q);
	if (kind == COMMON_NAME)
		return *q->common_name && host_fits(text + strlen(kinds[kind].prefix), q->common_name, true) ? q->common_name : NULL;
	for (size_t i = 0; i < q->alt_names.count && kind < KINDS; i++)
		if (kind_of(q->alt_names.items[i]) == kind) {
			const char *prefix = kinds[kind].prefix;

			if (alt_fits(kind, text + strlen(prefix), q->alt_names.items[i] + strlen(prefix)))
				return q->alt_names.items[i];
		}
	return NULL;
}
