"""pluqd started as a program of the original's, through a link of that name, with the original's command line."""

from pathlib import Path

from . import daemon
from .daemon import PROGRAM, Pluqd


class Dropin(Pluqd):
    """program: "nsqd" or "nsqlookupd"; arguments: the words behind it."""

    def __init__(self, program, *arguments, start=True, **more):
        super().__init__(start=False, **more)
        self.arguments = [str(a) for a in arguments]
        self.program = self.home / "bin" / program
        self.program.parent.mkdir()
        self.program.symlink_to(Path(PROGRAM).resolve())
        self.env.setdefault("PLUQ_PLUGIN_DIR", daemon.PLUGIN_DIR)
        if start:
            self.start()

    def command(self):
        return [str(self.program), *self.arguments]

    @classmethod
    def nsqd(cls, *arguments, **more):
        """Not started yet; on loopback and ports of its own, with a data directory of its own. The arguments given come last and
        win."""
        d = cls("nsqd", start=False, **more)
        d.arguments = ["--tcp-address=127.0.0.1:0", "-http-address", "127.0.0.1:0", "--data-path", str(d.data),
                       "--log-level=debug", *map(str, arguments)]
        return d

    @classmethod
    def nsqlookupd(cls, *arguments, **more):
        """The same; it has no data."""
        return cls("nsqlookupd", "--tcp-address=127.0.0.1:0", "-http-address", "127.0.0.1:0", "--log-level=debug", *arguments, start=False,
                   **more)
