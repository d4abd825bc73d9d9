EXTRA_DIST += etc/pluq/nsqauthd.yaml etc/pluq/nsqd.yaml etc/pluq/nsqlookupd.yaml etc/systemd/pluqd@.service.in

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
PLUQ_ROLES = nsqauthd nsqd nsqlookupd
install-data-local:
	$(MKDIR_P) $(DESTDIR)$(pluqconfdir)/conf.d
	for role in $(PLUQ_ROLES); do \
		test -e $(DESTDIR)$(pluqconfdir)/$$role.yaml || \
			$(INSTALL_DATA) $(srcdir)/etc/pluq/$$role.yaml $(DESTDIR)$(pluqconfdir)/$$role.yaml || exit 1; \
	done

uninstall-local:
	for role in $(PLUQ_ROLES); do \
		! cmp -s $(srcdir)/etc/pluq/$$role.yaml $(DESTDIR)$(pluqconfdir)/$$role.yaml || \
			rm -f $(DESTDIR)$(pluqconfdir)/$$role.yaml; \
	done
	-rmdir $(DESTDIR)$(pluqconfdir)/conf.d $(DESTDIR)$(pluqconfdir) 2>/dev/null
