"""Three nodes, each in a network of its own, over one PostgreSQL: killed, cut off, paused, under load.

    sudo python tests/crash/three_nodes.py [--minutes 3] [--every 10] [--only kill] [--seed 1] [--clients 3]

What docs/admin/several-hosts.md describes: HAProxy before the SMTP ports, with the PROXY protocol; a
PostgreSQL, a trunk, a mail server and an archive behind the same switch. Every few seconds one of the nodes
is killed, or its cable is pulled, or it stands still, for less and for more than the time after which others
take over; and then it is back. In the end everything has to be there once. Ends with 1 if a promise is
broken.

The networks are namespaces of the kernel, which only root can make; they vanish with the program.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(ROOT / part)
    for part in (
        "",
        "tests/acceptance",
        "tests/acceptance/front_ends",
        "tests/crash",
        "tests/integration/store",
    )
]

from postgresql_cluster import Cluster, a_cluster  # noqa: E402
from several_nodes import (  # noqa: E402
    POLICY,
    Judgement,
    Ledger,
    RunningNode,
    a_page,
    judge,
    mail_to,
    send_surely,
    settings_of,
    until_nothing_is_left,
)
from unpacked import unpacked, with_its_libraries  # noqa: E402

from postfax.demonstration.world import World  # noqa: E402
from postfax.logging import silence  # noqa: E402
from postfax.opening import open_book  # noqa: E402

SWITCH = "10.77.0.1"
NETWORK = "10.77.0.0/24"
NODES = {"one": "10.77.0.11", "two": "10.77.0.12", "three": "10.77.0.13"}
ROLES = "mta,convert,transmit,notify,archive"
SMTP_PORT, NODE_PORT = 25, 2525
CHANNELS = 6
LOST_AFTER = 20
_IN_OWN_NETWORK = "POSTFAX_REHEARSAL"

HAPROXY = """\
defaults
    mode tcp
    timeout connect 5s
    timeout client 11m
    timeout server 11m

frontend mail
    bind {switch}:{port}
    default_backend postfax

backend postfax
    balance leastconn
    option redispatch
    default-server check inter 1s on-marked-down shutdown-sessions
{servers}
"""


def tell(line: str) -> None:
    """Report."""
    print(line, flush=True)  # noqa: T201 - its report


def run(*command: str) -> None:
    """Run a command of the system."""
    subprocess.run(command, check=True)


class Networks:
    """A switch, and a host on a cable for each node."""

    def __init__(self, stack: ExitStack) -> None:
        self._hosts: dict[str, int] = {}
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "switch", "type", "bridge")
        run("ip", "address", "add", f"{SWITCH}/24", "dev", "switch")
        run("ip", "link", "set", "switch", "up")
        for name, address in NODES.items():
            self._hosts[name] = stack.enter_context(_host())
            self._connect(name, address)

    def _connect(self, name: str, address: str) -> None:
        host = str(self._hosts[name])
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", host)
        run("ip", "link", "set", name, "master", "switch", "up")
        for command in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            run(*self.inside(name), "ip", *command)

    def inside(self, name: str) -> tuple[str, ...]:
        """What starts a program on a host."""
        return ("nsenter", f"--net=/proc/{self._hosts[name]}/ns/net")

    def cut(self, name: str) -> None:
        """Pull its cable."""
        run("ip", "link", "set", name, "down")

    def mend(self, name: str) -> None:
        """Plug it in again."""
        run("ip", "link", "set", name, "up")


@contextmanager
def _host() -> Iterator[int]:
    """A process in a network of its own, which has no other purpose."""
    own = Path("/proc/self/ns/net").readlink()
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"]
    ) as holder:
        try:
            while Path(f"/proc/{holder.pid}/ns/net").readlink() == own:
                time.sleep(0.01)
            yield holder.pid
        finally:
            holder.kill()


def let_in(cluster: Cluster) -> str:
    """Have the server take connections from the network; the address of a new book."""
    with (cluster.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORK} trust\n")
    cluster.run("SELECT pg_reload_conf()")
    name = cluster.new_database().partition("?")[0].rpartition("/")[2]
    return f"postgresql://postgres@{SWITCH}/{name}"


@contextmanager
def load_balancer(folder: Path) -> Iterator[None]:
    """HAProxy before the nodes' SMTP ports."""
    servers = "\n".join(
        f"    server {name} {address}:{NODE_PORT} send-proxy-v2" for name, address in NODES.items()
    )
    file = folder / "haproxy.cfg"
    file.write_text(HAPROXY.format(switch=SWITCH, port=SMTP_PORT, servers=servers))
    command = [str(unpacked("haproxy")), "-db", "-q", "-f", str(file)]
    with subprocess.Popen(command, env=with_its_libraries()) as process:
        try:
            yield
        finally:
            process.terminate()


class Troubles:
    """What befalls the nodes, by chance."""

    def __init__(self, nodes: list[RunningNode], networks: Networks, *, only: list[str], seed: int) -> None:
        self._nodes = nodes
        self._networks = networks
        often = {"kill": 6, "cut": 2, "pause": 2}
        self._kinds = [name for name in only for _ in range(often[name])]
        self._dice = random.Random(seed)  # noqa: S311 - moments, not secrets
        self._befallen: dict[RunningNode, asyncio.Task[None]] = {}
        self.figures: Counter[str] = Counter()

    async def go_on_for(self, seconds: float, *, every: float) -> None:
        """Let something happen to one node after the other; then let all of them recover."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(every)
            self._befallen = {node: task for node, task in self._befallen.items() if not task.done()}
            whole = [node for node in self._nodes if node not in self._befallen]
            if whole:
                node = self._dice.choice(whole)
                trouble = self._trouble(self._dice.choice(self._kinds), node)
                self._befallen[node] = asyncio.create_task(trouble)
        await asyncio.gather(*self._befallen.values())

    async def _trouble(self, kind: str, node: RunningNode) -> None:
        match kind:
            case "kill":
                await self._kill(node)
            case "cut":
                await self._cut(node)
            case _:
                await self._pause(node)

    async def _kill(self, node: RunningNode) -> None:
        """Mostly it is back at once; now and then later than others have taken over."""
        lost = self._dice.random() < 0.15
        self._count("lost for a while" if lost else "killed", node)
        await node.kill()
        if lost:
            await asyncio.sleep(2 * LOST_AFTER)
        await node.start()

    async def _cut(self, node: RunningNode) -> None:
        seconds = self._dice.choice((3.0, LOST_AFTER / 2, 2.0 * LOST_AFTER))
        self._count("cut off", node)
        self._networks.cut(node.name)
        await asyncio.sleep(seconds)
        self._networks.mend(node.name)

    async def _pause(self, node: RunningNode) -> None:
        seconds = self._dice.choice((3.0, 2.0 * LOST_AFTER))
        self._count("paused", node)
        node.pause(whole=self._dice.random() < 0.8)
        await asyncio.sleep(seconds)
        node.go_on()

    def _count(self, what: str, node: RunningNode) -> None:
        self.figures[what] += 1
        tell(f"{time.strftime('%H:%M:%S')} {node.name}: {what}")


async def keep_sending(clients: int, ledger: Ledger, stop: asyncio.Event, pause: float) -> None:
    """Mails, one after the other from each client, until told to stop."""
    numbers = (f"+1206{number:07d}" for number in range(5_550_000, 6_000_000))
    document = a_page()

    async def client() -> None:
        while not stop.is_set():
            number = next(numbers)
            await send_surely(mail_to(number, document), number, (SWITCH, SMTP_PORT), ledger)
            await asyncio.sleep(pause)

    await asyncio.gather(*(client() for _ in range(clients)))


async def rehearse(options: argparse.Namespace, folder: Path) -> tuple[Judgement, Counter[str]]:
    """The whole of it."""
    ledger, stop = Ledger(), asyncio.Event()
    with ExitStack() as stack:
        networks = Networks(stack)
        cluster = stack.enter_context(a_cluster(listen_addresses=SWITCH, max_connections="150"))
        async with World(
            folder=folder,
            clock=10,
            channels=CHANNELS,
            policy=POLICY,
            address=SWITCH,
            behaviours={"77": "busy 1", "88": "drop-after 1 for 1"},
            listen=f'[{{smtp: "0.0.0.0:{NODE_PORT}", proxy_protocol: true}}]',
            mail=f'  front_ends: ["{SWITCH}"]\n',
        ) as world:
            settings_of(world, let_in(cluster), lost_after=LOST_AFTER)
            stack.enter_context(load_balancer(folder))
            nodes = [
                RunningNode(
                    name=name,
                    settings_file=world.settings_file,
                    roles=ROLES,
                    started_by=networks.inside(name),
                )
                for name in NODES
            ]
            await asyncio.gather(*(node.start() for node in nodes))
            sending = asyncio.create_task(keep_sending(options.clients, ledger, stop, options.pause))
            troubles = Troubles(nodes, networks, only=options.only, seed=options.seed)
            await troubles.go_on_for(60 * options.minutes, every=options.every)
            stop.set()
            await sending
            async with open_book(str(world.settings_file)) as book:
                await until_nothing_is_left(book, len(ledger.acknowledged), seconds=1800)
                judgement = await judge(world, book, ledger, channels=CHANNELS)
            await asyncio.gather(*(node.service.stop() for node in nodes))
    return judgement, troubles.figures


def main() -> int:
    """Read the options, and rehearse."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3.0, help="for how long something happens")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two troubles")
    parser.add_argument(
        "--only", nargs="+", choices=("kill", "cut", "pause"), default=["kill", "cut", "pause"]
    )
    parser.add_argument("--seed", type=int, default=1, help="of the troubles")
    parser.add_argument("--clients", type=int, default=3, help="that send mails at one time")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds of a client between two mails")
    options = parser.parse_args()
    if _IN_OWN_NETWORK not in os.environ:
        again = ["unshare", "--net", sys.executable, *sys.argv]
        os.execvpe("unshare", again, os.environ | {_IN_OWN_NETWORK: "1"})  # noqa: S606 - ourselves
    silence()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="three-nodes-", ignore_cleanup_errors=True) as folder:
        judgement, troubles = asyncio.run(rehearse(options, Path(folder)))
    for breach in judgement.broken:
        tell(f"BROKEN: {breach}")
    for figures in (troubles, judgement.figures):
        tell("; ".join(f"{what} {count}" for what, count in figures.items()))
    return 1 if judgement.broken else 0


if __name__ == "__main__":
    sys.exit(main())
