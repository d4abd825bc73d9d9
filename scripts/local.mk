EXTRA_DIST += scripts/check scripts/check-long scripts/lib-deps.sh scripts/quickstart
