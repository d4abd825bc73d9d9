#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

int pluq__problem(struct pluq__problem *p, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->text, sizeof(p->text), fmt, args);
	va_end(args);
	for (char *c = p->text; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return code;
}
