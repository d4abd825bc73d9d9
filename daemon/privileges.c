#define _GNU_SOURCE /* initgroups */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

int pluq__user_find(struct pluq__user *u, const char *name, struct pluq__problem *p)
{
	const struct passwd *entry;

	*u = (struct pluq__user){ 0 };
	if (!*name)
		return 0;
	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return pluq__problem(p, PLUQ_EINVAL, "user: there is no user '%s'%s%s", name, errno ? ": " : "",
		    errno ? strerror(errno) : "");
	if (strlen(name) >= sizeof(u->name))
		return pluq__problem(p, PLUQ_EINVAL, "user: the name is too long");
	memcpy(u->name, name, strlen(name) + 1);
	u->uid = entry->pw_uid;
	u->gid = entry->pw_gid;
	u->drop = geteuid() == 0 && u->uid != 0;
	return 0;
}

int pluq__user_become(const struct pluq__user *u, struct pluq__problem *p)
{
	if (!u->drop) {
		if (*u->name && geteuid() != u->uid)
			pluq__log(PLUQ_WARN, "core", "user: %s: not started as root, so it stays as it is", u->name);
		return 0;
	}
	if (initgroups(u->name, u->gid) || setgid(u->gid) || setuid(u->uid))
		return pluq__problem(p, PLUQ_EINVAL, "user: cannot become '%s': %s", u->name, strerror(errno));
	if (setuid(0) == 0)
		return pluq__problem(p, PLUQ_EINVAL, "user: root could be regained from '%s'", u->name);
	pluq__log(PLUQ_INFO, "core", "runs as user %s from here", u->name);
	return 0;
}

static int make_one(const struct pluq__user *u, const char *path, bool own)
{
	if (mkdir(path, own ? 0700 : 0755))
		return errno == EEXIST ? 0 : -1;
	return own && u->drop ? chown(path, u->uid, u->gid) : 0;
}

int pluq__user_make_folder(const struct pluq__user *u, const char *path, struct pluq__problem *p)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (make_one(u, part, false))
			return pluq__problem(p, PLUQ_EINVAL, "%s: cannot be made: %s", part, strerror(errno));
	}
	if (make_one(u, path, true))
		return pluq__problem(p, PLUQ_EINVAL, "%s: cannot be made: %s", path, strerror(errno));
	return 0;
}
