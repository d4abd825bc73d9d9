"""TLS over a socket that somebody else reads and writes: what Client puts between itself and the wire."""

import ssl
import time


class Failed(AssertionError):
    """The handshake was refused or not finished in time, or what came after it was an alert or nothing of TLS."""


class TlsCoder:
    """A coder of Client (see Client.coders): encode gives what goes out, decode takes what has come in."""

    def __init__(self, context, hostname, session=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self.incoming, self.outgoing, server_hostname=hostname, session=session)
        self.said_goodbye = False  # the peer: close_notify

    def handshake(self, client):
        """Over the client's socket. After a failure what was not understood is in the client's rest."""
        end = time.monotonic() + client.deadline()
        while True:
            try:
                self.object.do_handshake()
                client.sock.sendall(self.outgoing.read())
                return
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as e:
                client.send_raw_lenient(self.outgoing.read())  # the alert
                client.rest += self.incoming.read()
                raise Failed(f"TLS: {e}") from e
            client.sock.sendall(self.outgoing.read())
            data = client.receive_raw(end)
            if data is None:
                raise Failed("the handshake was not finished in time")
            if not data:
                raise Failed("the connection was closed in the handshake")
            self.incoming.write(data)

    def encode(self, data):
        view = memoryview(data)
        while view:
            view = view[self.object.write(view):]
        return self.outgoing.read()

    def decode(self, data):
        self.incoming.write(data)
        plain = bytearray()
        try:
            while part := self.object.read(1 << 18):
                plain += part
            self.said_goodbye = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.said_goodbye = True
        except ssl.SSLError as e:
            raise Failed(f"TLS: {e}") from e
        return bytes(plain)

    def owed(self):
        """What the layer itself has to say: answers to key updates."""
        return self.outgoing.read()

    def goodbye(self):
        """The alert that ends the stream."""
        try:
            self.object.unwrap()
        except ssl.SSLError:
            pass
        return self.outgoing.read()
