# shellcheck shell=sh disable=SC2034
# Sourced by quickstart and check: Debian's packages, installed if they are missing.

# PACKAGE:COMMAND stands for a package that is not needed if the command is there, wherever it came from.

# To build and to try it out.
PLUQ_BUILD_PACKAGES='gcc:gcc make:make libc6-dev autoconf automake libtool pkg-config:pkg-config curl:curl libevent-dev libyaml-dev
	libjansson-dev libssl-dev zlib1g-dev libltdl-dev libhttp-parser-dev libpcre2-dev libsnappy-dev liblua5.4-dev'
# For every test: compilers for the plugin author's headers, the client from npm (over HTTPS), networks to cut, the sanitizers' and
# fuzzers' run-time libraries, the JSON Schema Test Suite (up to draft 7; with 2020-12) and the meta-schemas that it refers to, promtool.
PLUQ_TEST_PACKAGES='libcmocka-dev python3 python3-pytest g++:g++ nodejs:node npm:npm ca-certificates iproute2:ip openssl:openssl clang:clang libclang-rt-dev
	json-schema-test-suite libtest-json-schema-acceptance-perl python3-jsonschema prometheus:promtool'

pluq_missing() {
	for entry in "$@"; do
		package=${entry%%:*}
		if [ "$package" != "$entry" ] && command -v "${entry#*:}" >/dev/null; then
			continue
		fi
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
	done
}

# Says what it does, asks nothing.
pluq_install() {
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		echo "This is not Debian: what is missing is not installed; configure will name it."
		return 0
	fi
	missing=$(pluq_missing "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "These packages are missing; as root: apt-get install $missing" >&2
			return 1
		fi
		as_root=sudo
	fi
	echo "Installing missing packages: $missing"
	$as_root apt-get -q update &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing
}
