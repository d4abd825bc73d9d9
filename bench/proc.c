#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* utime + stime of a stat file, and the name in brackets. false: the thread has ended meanwhile. */
static bool read_stat(const char *path, char name[PROC_NAME], double *seconds)
{
	char line[1024], *open, *close;
	unsigned long utime, stime;
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return false;
	n = fread(line, 1, sizeof line - 1, f);
	fclose(f);
	line[n] = 0;
	open = strchr(line, '(');
	close = strrchr(line, ')'); /* the name may hold brackets itself */
	if (!open || !close)
		return false;
	if (sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &utime, &stime) != 2)
		return false;
	*close = 0;
	snprintf(name, PROC_NAME, "%s", open + 1);
	*seconds = (double)(utime + stime) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

static double read_waited(const char *task)
{
	char path[320];
	unsigned long long ns = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/schedstat", task);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%*u %llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return (double)ns / 1e9;
}

static void add_thread(struct proc_cpu *cpu, char name[PROC_NAME], double seconds)
{
	size_t length = strlen(name), i;

	while (length > 1 && (isdigit((unsigned char)name[length - 1]) || name[length - 1] == '-'))
		name[--length] = 0;
	for (i = 0; i < cpu->count && strcmp(cpu->groups[i].name, name); i++)
		;
	if (i == PROC_GROUPS)
		return;
	if (i == cpu->count)
		memcpy(cpu->groups[cpu->count++].name, name, PROC_NAME);
	cpu->groups[i].seconds += seconds;
}

static void read_task(struct proc_cpu *cpu, pid_t pid, const char *tid)
{
	char task[300], path[310], name[PROC_NAME];
	double seconds;

	snprintf(task, sizeof task, "/proc/%d/task/%s", (int)pid, tid);
	snprintf(path, sizeof path, "%s/stat", task);
	if (!read_stat(path, name, &seconds))
		return;
	add_thread(cpu, name, seconds);
	cpu->waited += read_waited(task);
}

void proc_cpu(pid_t pid, struct proc_cpu *out)
{
	char path[64];
	const struct dirent *e;
	char name[PROC_NAME];
	DIR *d;

	memset(out, 0, sizeof *out);
	if (!pid)
		return;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (!read_stat(path, name, &out->seconds))
		bench_fail("process %d: cannot read %s", (int)pid, path);
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			read_task(out, pid, e->d_name);
	if (d)
		closedir(d);
}

double proc_rss(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	FILE *f;

	if (!pid)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%*u %lu", &pages) != 1)
		bench_fail("process %d: cannot read %s", (int)pid, path);
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void proc_wait_idle(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	struct proc_cpu now, before;

	if (!pid)
		return;
	proc_cpu(pid, &before);
	for (int i = 0; i < 300; i++) {
		nanosleep(&pause, NULL);
		proc_cpu(pid, &now);
		if (now.seconds - before.seconds < 0.015) /* at most one tick in 100 ms */
			return;
		before = now;
	}
}
