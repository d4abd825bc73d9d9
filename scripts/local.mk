EXTRA_DIST += scripts/check scripts/check-long scripts/failures scripts/lib-deps.sh scripts/quickstart
