#include "durations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* value / unit with as many decimals as it has. unit: a power of ten. */
static void put_decimal(struct text *t, uint64_t value, uint64_t unit)
{
	uint64_t rest = value % unit;
	int places = 0;

	text_printf(t, "%" PRIu64, value / unit);
	for (uint64_t u = unit; u > 1; u /= 10)
		places++;
	if (rest == 0)
		return;
	while (rest % 10 == 0) {
		rest /= 10;
		places--;
	}
	text_printf(t, ".%0*" PRIu64, places, rest);
}

void text_duration(struct text *t, int64_t ns)
{
	const uint64_t second = 1000000000;
	uint64_t value = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		text_byte(t, '-');
	if (value == 0) {
		text_str(t, "0s");
	} else if (value < 1000) {
		text_printf(t, "%" PRIu64 "ns", value);
	} else if (value < 1000000) {
		put_decimal(t, value, 1000);
		text_str(t, "\xc2\xb5s");
	} else if (value < second) {
		put_decimal(t, value, 1000000);
		text_str(t, "ms");
	} else {
		uint64_t minutes = value / (60 * second);
		if (minutes >= 60)
			text_printf(t, "%" PRIu64 "h", minutes / 60);
		if (minutes > 0)
			text_printf(t, "%" PRIu64 "m", minutes % 60);
		put_decimal(t, value % (60 * second), second);
		text_byte(t, 's');
	}
}

void text_time(struct text *t, int64_t unix_seconds)
{
	time_t when = (time_t)unix_seconds;
	struct tm tm;
	char shown[40];

	localtime_r(&when, &tm);
	strftime(shown, sizeof(shown), "%Y-%m-%dT%H:%M:%S", &tm);
	text_str(t, shown);
	long minutes = tm.tm_gmtoff / 60;
	if (minutes == 0)
		text_byte(t, 'Z');
	else
		text_printf(t, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', labs(minutes) / 60, labs(minutes) % 60);
}
