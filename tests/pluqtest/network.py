"""Hosts for the daemons of a cluster: addresses of loopback, or network namespaces that can be cut off from each other."""

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
from typing import NamedTuple, Optional

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_clusters = itertools.count()


class Host(NamedTuple):
    address: str
    number: int
    namespace: Optional[int] = None  # a descriptor

    def enter(self):
        """The calling thread, and what it starts, is on this host from now on."""
        if self.namespace is not None:
            _checked(_libc.setns(self.namespace, _CLONE_NEWNET))


class NotPermitted(Exception):
    """Why this machine or user cannot have such a network."""


class Loopback:
    """Every host is an address of its own, so all can use the same ports, and no other program of this machine has them."""

    def __init__(self):
        number = os.getpid() * 7 + next(_clusters)
        self.prefix = f"127.{100 + number // 250 % 100}.{1 + number % 250}"
        self.numbers = itertools.count(1)

    def host(self):
        n = next(self.numbers)
        return Host(f"{self.prefix}.{n}", n)

    @contextlib.contextmanager
    def on(self, host):
        yield

    def close(self):
        pass


class Namespaces:
    """Every host is a network namespace with a cable to a switch. The test itself stands at switch 0; a host can be plugged into
    another one. Nothing of it is seen outside, and it is gone with the descriptors and the processes in it."""

    SWITCHES = 3

    def __init__(self):
        if not shutil.which("ip"):
            raise NotPermitted("the program ip is not installed")
        self.numbers = itertools.count(1)
        self.home = _current()
        self.descriptors = [self.home]
        self.middle = None
        try:
            self.middle = self._namespace()
            self._ip("link set lo up")
            for switch in range(self.SWITCHES):
                self._ip(f"link add s{switch} type bridge forward_delay 0")
                self._ip(f"link set s{switch} up")
        except (OSError, subprocess.CalledProcessError) as e:
            self.close()
            raise NotPermitted(getattr(e, "stderr", "").strip() or str(e)) from None
        self._ip("addr add 10.77.0.254/24 dev s0")

    def _namespace(self):
        """A new one, which the calling thread is in."""
        _checked(_libc.unshare(_CLONE_NEWNET))
        self.descriptors.append(_current())
        return self.descriptors[-1]

    @staticmethod
    def _ip(command):
        subprocess.run(["ip", *command.split()], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def host(self):
        n = next(self.numbers)
        host = Host(f"10.77.0.{n}", n, self._namespace())
        _setns(self.middle)
        self._ip(f"link add h{n} type veth peer name eth0 netns /proc/{os.getpid()}/fd/{host.namespace}")
        self._ip(f"link set h{n} master s0 up")
        with self.on(host):
            for command in (f"addr add {host.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
                self._ip(command)
        return host

    def plug(self, host, switch):
        """From now on the host reaches those at that switch, and nobody else; connections are told nothing of it."""
        self._ip(f"link set h{host.number} master s{switch}")

    @contextlib.contextmanager
    def on(self, host):
        host.enter()
        try:
            yield
        finally:
            _setns(self.middle)

    def close(self):
        if self.middle is not None:  # else it was never left, and who may not make one may not enter one
            _setns(self.home)
        for fd in self.descriptors:
            os.close(fd)
        self.descriptors = []


def _checked(status):
    if status < 0:
        e = ctypes.get_errno()
        raise OSError(e, f"network namespaces: {os.strerror(e)}")


def _setns(fd):
    _checked(_libc.setns(fd, _CLONE_NEWNET))


def _current():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
