#include "names.h"

#include <string.h>

#include <pluq/broker.h>

static const char ephemeral[] = "#ephemeral";

static bool name_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	    c == '-';
}

bool name_valid(const void *name, size_t length)
{
	const unsigned char *at = name;
	size_t suffix = sizeof(ephemeral) - 1;

	if (length < 1 || length > PLUQ_NAME_MAX)
		return false;
	if (length > suffix && memcmp(at + length - suffix, ephemeral, suffix) == 0)
		length -= suffix;
	for (size_t i = 0; i < length; i++)
		if (!name_byte(at[i]))
			return false;
	return true;
}
