EXTRA_DIST += etc/pluq/nsqd.yaml etc/systemd/pluqd@.service.in

sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = etc/sysusers.d/pluq.conf

systemdsystemunit_DATA = etc/systemd/pluqd@.service
CLEANFILES += $(systemdsystemunit_DATA)

# The directories are known only to make: ${prefix} may be given to it.
etc/systemd/pluqd@.service: etc/systemd/pluqd@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc/systemd && \
	sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' $(srcdir)/etc/systemd/pluqd@.service.in >$@

# What an administrator has changed is not overwritten, and not removed.
pluqconfdir = $(sysconfdir)/pluq
install-data-local:
	$(MKDIR_P) $(DESTDIR)$(pluqconfdir)/conf.d
	test -e $(DESTDIR)$(pluqconfdir)/nsqd.yaml || \
		$(INSTALL_DATA) $(srcdir)/etc/pluq/nsqd.yaml $(DESTDIR)$(pluqconfdir)/nsqd.yaml

uninstall-local:
	! cmp -s $(srcdir)/etc/pluq/nsqd.yaml $(DESTDIR)$(pluqconfdir)/nsqd.yaml || rm -f $(DESTDIR)$(pluqconfdir)/nsqd.yaml
	-rmdir $(DESTDIR)$(pluqconfdir)/conf.d $(DESTDIR)$(pluqconfdir) 2>/dev/null
