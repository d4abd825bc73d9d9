# shellcheck shell=sh disable=SC2034
# Sourced by quickstart and check: Debian's packages, installed if they are missing.

# PACKAGE:COMMAND stands for a package that is not needed if the command is there, wherever it came from.

# To build and to try it out.
PLUQ_BUILD_PACKAGES='gcc:gcc make:make libc6-dev autoconf automake libtool pkg-config:pkg-config curl:curl libevent-dev libyaml-dev
	libjansson-dev libssl-dev zlib1g-dev libltdl-dev libhttp-parser-dev libpcre2-dev libsnappy-dev liblua5.4-dev'
# For every test: compilers for the plugin author's headers, the client from npm (over HTTPS), networks to cut, the sanitizers' and
# fuzzers' run-time libraries, the JSON Schema Test Suite (up to draft 7; with 2020-12) and the meta-schemas that it refers to. None of
# them may start a service.
PLUQ_TEST_PACKAGES='libcmocka-dev python3 python3-pytest g++:g++ nodejs:node npm:npm ca-certificates iproute2:ip openssl:openssl clang:clang libclang-rt-dev
	json-schema-test-suite libtest-json-schema-acceptance-perl python3-jsonschema'

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
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo "These packages are missing; as root: apt-get install $missing" >&2
		return 1
	fi
	echo "Installing missing packages: $missing"
	pluq_as_root apt-get -q update &&
		pluq_as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing
}

pluq_as_root() { # command...
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Where the tests find promtool: exported as PROMTOOL. Its package is not installed, as that starts a server on port 9090: if the program
# is nowhere, it is taken out of the package, into a folder of ours.
pluq_promtool() { # folder
	if [ -n "${PROMTOOL:-}" ] || PROMTOOL=$(command -v promtool); then
		export PROMTOOL
		return 0
	fi
	PROMTOOL=$1/promtool
	export PROMTOOL
	[ ! -x "$PROMTOOL" ] || return 0
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		echo "This is not Debian: promtool is not fetched; put it into PATH, or say by PROMTOOL where it is." >&2
		return 1
	fi
	echo "Fetching promtool into $1"
	mkdir -p "$1" && (
		cd "$1" && rm -f prometheus_*.deb || exit
		# Without lists, or with old ones, it is found only after an update.
		set -- apt-get -q -o APT::Sandbox::User=root download prometheus
		"$@" || { pluq_as_root apt-get -q update && "$@"; } || exit
		dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool.new && chmod +x promtool.new &&
			mv promtool.new promtool
		rm -f prometheus_*.deb
	)
	[ -x "$PROMTOOL" ] && return 0
	echo "promtool could not be fetched; put it into PATH, or say by PROMTOOL where it is." >&2
	return 1
}
