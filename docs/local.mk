dist_man_MANS += docs/pluqd.8 docs/nsq_tail.1 docs/pluq_token.1
dist_doc_DATA += docs/architecture.md docs/cluster.md docs/figures.md docs/metrics.md docs/operators.md docs/options.md docs/plugins.md

# What docs/plugins.md walks through; a test builds and runs it as it is installed.
examplesdir = $(docdir)/examples
dist_examples_DATA = docs/examples/auth-backend.c docs/examples/auth-team.c docs/examples/check.lua docs/examples/metrics-backlog.c \
	docs/examples/publish.js docs/examples/validator-sender.c

# For Grafana, over what the plugin prometheus serves; a test compares its queries with that.
grafanadir = $(docdir)/grafana
dist_grafana_DATA = docs/grafana/pluq.json

# The reference of all options, from the tables themselves. A test compares the committed copy with them.
options-doc: pluqd $(pkglib_LTLIBRARIES)
	$(builddir)/pluqd --set plugin_dir=$(abs_top_builddir)/.libs --print-reference >$(srcdir)/docs/options.md
.PHONY: options-doc
