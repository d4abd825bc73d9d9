#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void measure_start(const struct bench *b, struct measure *m)
{
	proc_cpu(b->opt.pid, &m->server_start);
	proc_cpu(getpid(), &m->own_start);
	m->start_ns = bench_now_ns();
}

void measure_stop(const struct bench *b, struct measure *m)
{
	m->seconds = (double)(bench_now_ns() - m->start_ns) / 1e9;
	proc_cpu(getpid(), &m->own_end);
	proc_cpu(b->opt.pid, &m->server_end);
	m->own_cpu = m->own_end.seconds - m->own_start.seconds;
	m->server_cpu = m->server_end.seconds - m->server_start.seconds;
	if (b->opt.pid && m->server_cpu == 0 && m->own_cpu > 0.1)
		bench_fail("process %d used no CPU meanwhile: it is not the server", (int)b->opt.pid);
	m->waited = m->own_end.waited - m->own_start.waited + m->server_end.waited - m->server_start.waited;
}

static double group_start(const struct measure *m, const char *name)
{
	for (size_t i = 0; i < m->server_start.count; i++)
		if (!strcmp(m->server_start.groups[i].name, name))
			return m->server_start.groups[i].seconds;
	return 0;
}

static void report_server(struct report *r, const struct measure *m, double messages)
{
	report_add(r, "server_cpu_us_per_message", m->server_cpu / messages * 1e6, 3, "server CPU ", " us/message");
	report_add(r, "server_cpu_percent", m->server_cpu / m->seconds * 100, 1, "server busy ", " %");
	for (size_t i = 0; i < m->server_end.count; i++) {
		const struct proc_group *g = &m->server_end.groups[i];
		double seconds = g->seconds - group_start(m, g->name);
		char key[48];

		if (seconds <= 0)
			continue;
		snprintf(key, sizeof key, "thread_%s_us_per_message", g->name);
		report_add(r, key, seconds / messages * 1e6, 3, m->server_end.count > 1 ? g->name : NULL, " us");
	}
}

void measure_report(struct bench *b, const struct measure *m, uint64_t messages)
{
	struct report *r = &b->report;

	report_add(r, "messages", (double)messages, 0, "", " messages");
	report_add(r, "seconds", m->seconds, 3, "", " s");
	report_add(r, "rate_per_second", (double)messages / m->seconds, 0, "", " messages/s");
	if (b->opt.pid)
		report_server(r, m, (double)messages);
	report_add(r, "generator_cpu_percent", m->own_cpu / m->seconds * 100, 1, "generator busy ", " %");
	measure_report_waiting(b, m);
}

void measure_report_waiting(struct bench *b, const struct measure *m)
{
	report_add(&b->report, "waited_percent", m->waited / m->seconds * 100, 1, "waited for a core ", " %");
}

static int by_seconds(const void *a, const void *b)
{
	double x = ((const struct measure *)a)->seconds, y = ((const struct measure *)b)->seconds;

	return (x > y) - (x < y);
}

const struct measure *measure_median(struct measure *list, size_t n)
{
	qsort(list, n, sizeof *list, by_seconds);
	return &list[n / 2];
}
