#include "format_time.h"

#include <string.h>

/* `count` digits, or -1. */
static int digits(const uint8_t *text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

bool format_date(const uint8_t *text, size_t length)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (length != 10 || text[4] != '-' || text[7] != '-')
		return false;
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/* Minutes east of UTC, or INT32_MIN. */
static int32_t offset(const uint8_t *text, size_t length)
{
	if (length == 1 && (*text | 0x20) == 'z')
		return 0;
	if (length != 6 || (*text != '+' && *text != '-') || text[3] != ':')
		return INT32_MIN;
	int hours = digits(text + 1, 2), minutes = digits(text + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return INT32_MIN;
	return (*text == '-' ? -1 : 1) * (hours * 60 + minutes);
}

bool format_time(const uint8_t *text, size_t length)
{
	size_t at = 8;

	if (length < 9 || text[2] != ':' || text[5] != ':')
		return false;
	int hour = digits(text, 2), minute = digits(text + 3, 2), second = digits(text + 6, 2);
	if (text[at] == '.') {
		for (at++; at < length && text[at] >= '0' && text[at] <= '9'; at++)
			;
		if (at == 9)
			return false;
	}
	int32_t east = offset(text + at, length - at);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || east == INT32_MIN)
		return false;
	/* A leap second is the last one of a day of UTC. */
	return second < 60 || (hour * 60 + minute - east + 2 * 1440) % 1440 == 1439;
}

bool format_date_time(const uint8_t *text, size_t length)
{
	return length > 11 && (text[10] | 0x20) == 't' && format_date(text, 10) && format_time(text + 11, length - 11);
}

/* Numbers with units in this order, without a gap: 1Y2M but not 1Y2D. Returns the place behind them. */
static const uint8_t *units(const uint8_t *at, const uint8_t *end, const char *names, bool *any)
{
	const char *last = NULL;

	*any = false;
	while (at < end && *at >= '0' && *at <= '9') {
		const char *found;

		while (at < end && *at >= '0' && *at <= '9')
			at++;
		found = at < end && *at ? strchr(names, *at) : NULL;
		if (!found || (last && found != last + 1))
			return NULL;
		last = found;
		*any = true;
		at++;
	}
	return at;
}

bool format_duration(const uint8_t *text, size_t length)
{
	const uint8_t *end = text + length, *at = text + 1;
	bool dates, times = false;

	if (length < 3 || *text != 'P')
		return false;
	if (end[-1] == 'W')
		return (at = units(at, end, "W", &dates)) && dates && at == end;
	if (!(at = units(at, end, "YMD", &dates)))
		return false;
	if (at < end && *at == 'T') {
		if (!(at = units(at + 1, end, "HMS", &times)) || !times)
			return false;
	}
	return at == end && (dates || times);
}
