"""The two compressions of the protocol, from the client's side: raw deflate, and snappy in its framing format.

Coders of pluqtest.client: encode(bytes) gives what is to be sent, flushed; decode(bytes) gives what the bytes received so far say
and have not said before.
"""

import ctypes
import struct
import zlib

IDENTIFIER = b"\xff\x06\x00\x00sNaPpY"
COMPRESSED, STORED, PADDING = 0x00, 0x01, 0xFE
PLAIN_MAX = 65536


class Damaged(Exception):
    """The stream cannot be read any further."""


class Deflate:
    def __init__(self, level=6):
        self.level = level
        self.compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
        self.decompressor = zlib.decompressobj(-15)

    def encode(self, data):
        return self.compressor.compress(data) + self.compressor.flush(zlib.Z_SYNC_FLUSH)

    def finish(self):
        """The final block."""
        return self.compressor.flush(zlib.Z_FINISH)

    def decode(self, data):
        try:
            return self.decompressor.decompress(data)
        except zlib.error as e:
            raise Damaged(str(e)) from None


def _table():
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        yield i


_TABLE = tuple(_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked(crc):
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class _Library:
    """libsnappy's C interface; loaded when it is needed first."""

    loaded = None

    @classmethod
    def get(cls):
        if not cls.loaded:
            cls.loaded = ctypes.CDLL("libsnappy.so.1")
            cls.loaded.snappy_max_compressed_length.restype = ctypes.c_size_t
            cls.loaded.snappy_max_compressed_length.argtypes = [ctypes.c_size_t]
        return cls.loaded

    @classmethod
    def call(cls, name, data, room):
        to, length = ctypes.create_string_buffer(room or 1), ctypes.c_size_t(room)
        status = getattr(cls.get(), name)(data, ctypes.c_size_t(len(data)), to, ctypes.byref(length))
        if status != 0:
            raise Damaged(f"{name} answered {status}")
        return to.raw[: length.value]


def snappy_block(data):
    return _Library.call("snappy_compress", data, _Library.get().snappy_max_compressed_length(len(data)))


def snappy_unblock(block):
    length = ctypes.c_size_t()
    if _Library.get().snappy_uncompressed_length(block, ctypes.c_size_t(len(block)), ctypes.byref(length)) != 0:
        raise Damaged("no length at the beginning of a block")
    if length.value > PLAIN_MAX:
        raise Damaged(f"{length.value} bytes in a chunk")
    return _Library.call("snappy_uncompress", block, length.value)


def chunk(kind, body):
    return bytes([kind]) + struct.pack("<I", len(body))[:3] + body


def data_chunk(data, stored=None, crc=None):
    """stored: None picks what is shorter."""
    block = data if stored else snappy_block(data)
    if stored is None and len(block) > len(data) - len(data) // 8:
        block, stored = data, True
    return chunk(STORED if stored else COMPRESSED, struct.pack("<I", masked(crc32c(data) if crc is None else crc)) + block)


class Snappy:
    """identify_always: the identifier comes before every command, as pynsq sends it."""

    def __init__(self, identify_always=False):
        self.identify_always = identify_always
        self.begun = False
        self.input = b""
        self.identified = 0  # identifiers received
        self.kinds = []  # of the chunks received

    def encode(self, data):
        out = b"" if self.begun and not self.identify_always else IDENTIFIER
        self.begun = True
        for at in range(0, len(data), PLAIN_MAX):
            out += data_chunk(data[at : at + PLAIN_MAX])
        return out

    def decode(self, data):
        self.input += data
        out = b""
        while len(self.input) >= 4:
            kind, length = self.input[0], int.from_bytes(self.input[1:4], "little")
            if len(self.input) < 4 + length:
                break
            body, self.input = self.input[4 : 4 + length], self.input[4 + length :]
            out += self._chunk(kind, body)
        return out

    def _chunk(self, kind, body):
        self.kinds.append(kind)
        if kind == 0xFF:
            if body != IDENTIFIER[4:]:
                raise Damaged(f"identifier {body!r}")
            self.identified += 1
            return b""
        if not self.identified:
            raise Damaged("the stream does not begin with its identifier")
        if kind >= 0x80:
            return b""
        if kind not in (COMPRESSED, STORED):
            raise Damaged(f"chunk of kind {kind:#x}")
        data = body[4:] if kind == STORED else snappy_unblock(body[4:])
        if len(data) > PLAIN_MAX or struct.unpack("<I", body[:4])[0] != masked(crc32c(data)):
            raise Damaged("checksum or size")
        return data


def upgrade(client, name, context=None, coder=None, **fields):
    """Identifies and goes on compressed, under TLS if there is a context. The decoded answer; the coder is client.coders[-1]."""
    if context:
        answer = client.secure(context, **{name: True}, **fields)
    else:
        answer = client.identify(feature_negotiation=True, **{name: True}, **fields)
    assert answer[name] is True, answer
    client.add_coder(coder or {"snappy": Snappy, "deflate": Deflate}[name]())
    client.response()
    return answer
