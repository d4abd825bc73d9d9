"""Publishers and consumers on threads of their own, which account for what they were promised."""

import random
import threading

from .client import MESSAGE, Client, Closed, Message, NoFrame, sized, mpub_body


class Worker(threading.Thread):
    """Ends by itself when the connection does, or after stop()."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = address
        self.ending = threading.Event()
        self.failure = None

    def run(self):
        try:
            c = Client(self.address)
        except OSError:
            return
        try:
            self.work(c)
        except (Closed, OSError):
            pass  # the daemon ended
        except Exception as e:  # shown by finish()
            self.failure = e
        finally:
            c.close()

    def stop(self):
        self.ending.set()

    def finish(self):
        self.stop()
        self.join(60)
        assert not self.is_alive(), "a worker hangs"
        if self.failure:
            raise self.failure


class Publisher(Worker):
    """Publishes bodies "NAME-0", "NAME-1" ...; acked holds those that were answered with OK."""

    def __init__(self, address, topic, name, acked, batch=20):
        super().__init__(address)
        self.topic, self.name_, self.acked, self.batch = topic, name, acked, batch
        self.next = 0

    def work(self, c):
        while not self.ending.is_set():
            bodies = [f"{self.name_}-{self.next + i}".encode() for i in range(self.batch)]
            self.next += self.batch
            half = self.batch // 2
            singles, batch = bodies[:half], bodies[half:]
            c.send(b"".join(f"PUB {self.topic}\n".encode() + sized(b) for b in singles)
                   + f"MPUB {self.topic}\n".encode() + mpub_body(batch))
            for one in [[b] for b in singles] + [batch]:
                if not self._answered(c):
                    return
                self.acked.update(one)

    @staticmethod
    def _answered(c):
        f = c.live_frame(timeout=30)
        if f == (0, b"OK"):
            return True
        assert f.kind == 1 and f.data.endswith(b"failed exiting"), f
        return False


class Consumer(Worker):
    """Counts what it gets in seen (a dict body -> times); finishes a share of it and requeues the rest."""

    def __init__(self, address, topic, channel, seen, ready=50, finish=0.8):
        super().__init__(address)
        self.topic, self.channel, self.seen, self.ready, self.share = topic, channel, seen, ready, finish

    def work(self, c):
        chance = random.Random(self.name)
        c.sub(self.topic, self.channel, self.ready)
        while not self.ending.is_set():
            try:
                f = c.live_frame(timeout=0.05)
            except NoFrame:
                continue
            if f.kind != MESSAGE:
                continue  # a failed FIN after a timeout is part of the game
            m = Message.parse(f.data)
            self.seen[m.body] = self.seen.get(m.body, 0) + 1
            if chance.random() < self.share:
                c.fin(m)
            else:
                c.req(m, 0)


def drain(daemon, topic, channel, seen, deadline=30):
    """Takes and finishes everything that the channel has."""
    from .wait import eventually
    c = daemon.consumer(topic, channel, 2500)

    def empty():
        try:
            while True:
                m = c.message(timeout=0.05)
                seen[m.body] = seen.get(m.body, 0) + 1
                c.fin(m)
        except NoFrame:
            pass
        c.sync()
        t = daemon.topic_stats(topic)
        s = [ch for ch in t["channels"] if ch["channel_name"] == channel][0]
        return t["depth"] + s["depth"] + s["in_flight_count"] + s["deferred_count"] == 0

    eventually(empty, deadline, f"{topic}:{channel} is drained")
    c.close()
