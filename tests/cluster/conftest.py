import pytest

from pluqtest import nsqjs
from pluqtest.cluster import Cluster
from pluqtest.network import Loopback, Namespaces, NotPermitted


@pytest.fixture(params=[Loopback, Namespaces], ids=["loopback", "namespaces"])
def network(request):
    try:
        n = request.param()
    except NotPermitted as e:
        pytest.skip(str(e))
    yield n
    n.close()


@pytest.fixture
def make_cluster(network, launch, launch_lookupd):
    """make_cluster(**options) starts one; its daemons are stopped at the end."""
    made = []

    def make(**options):
        made.append(Cluster(network, launch, launch_lookupd, **options))
        return made[-1]

    yield make
    for c in made:
        c.thaw()


@pytest.fixture
def read(make_cluster, modules):
    """read(cluster, topic, channel) starts a consumer that finds the brokers by itself."""
    readers = []

    def start(cluster, topic, channel, **job):
        readers.append(nsqjs.Reader(modules, topic, channel, cluster.lookupd_http(), **job))
        return readers[-1]

    yield start
    for r in readers:
        r.close()
