#include "error.h"

const char *pluqc_strerror(int error)
{
	switch (error) {
	case 0:
		return "ok";
#define ERROR_CASE(name, value, text)                                                                                  \
	case value:                                                                                                    \
		return text;
		PLUQC_ERRORS(ERROR_CASE)
#undef ERROR_CASE
	default:
		return "unknown error";
	}
}
