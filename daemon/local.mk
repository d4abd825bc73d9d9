libcore_la_SOURCES += \
	daemon/args.c daemon/args.h \
	daemon/config.c daemon/config.h \
	daemon/crash.c daemon/crash.h \
	daemon/daemon.h \
	daemon/fdlimit.c daemon/fdlimit.h \
	daemon/notify.c daemon/notify.h \
	daemon/privileges.c daemon/privileges.h \
	daemon/reload.c \
	daemon/run.c \
	daemon/setup.c daemon/setup.h \
	daemon/signals.c \
	daemon/stop.c

# Started by these names it is a program of the original's (dropin/): a site may put them first in PATH. Relative links, so that
# they hold in a staged installation too.
dropindir = $(libexecdir)/pluq
dropin_names = nsqd nsqlookupd

install-exec-hook:
	$(MKDIR_P) $(DESTDIR)$(dropindir)
	for name in $(dropin_names); do ln -s -f -r $(DESTDIR)$(sbindir)/pluqd $(DESTDIR)$(dropindir)/$$name || exit 1; done

uninstall-hook:
	for name in $(dropin_names); do rm -f $(DESTDIR)$(dropindir)/$$name; done
	-rmdir $(DESTDIR)$(dropindir) 2>/dev/null
