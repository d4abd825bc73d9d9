"""Black-box tests of a pluqd: the daemon under test, a raw protocol client, HTTP, files at rest."""

from .client import Client, Closed, Message, NoFrame
from .daemon import Pluqd
from .dropin import Dropin
from .httpclient import RawHttp, Response, http
from .wait import SLOW, eventually, never, scaled

__all__ = ["Client", "Closed", "Dropin", "Message", "NoFrame", "Pluqd", "RawHttp", "Response", "http", "SLOW", "eventually",
           "never", "scaled"]
