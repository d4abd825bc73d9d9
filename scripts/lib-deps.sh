# Sourced by quickstart and check: Debian's packages, installed if they are missing.

# To build and to try it out.
PLUQ_BUILD_PACKAGES='gcc make autoconf automake libtool pkg-config curl libevent-dev libyaml-dev libjansson-dev libssl-dev
	zlib1g-dev libltdl-dev libhttp-parser-dev'
# For every test: the client from npm, the sanitizers' and fuzzers' run-time libraries.
PLUQ_TEST_PACKAGES='libcmocka-dev python3 python3-pytest nodejs npm clang libclang-rt-dev llvm'

pluq_missing() {
	for package in "$@"; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
	done
}

# Says what it does, asks nothing.
pluq_install() {
	missing=$(pluq_missing "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "These packages (Debian's names) seem to be missing, and there is no apt-get to install them: $missing" >&2
		return 1
	fi
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
