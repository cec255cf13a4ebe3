"""Behind Debian's HAProxy and nginx, with the configuration of the page."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import aiosmtplib
import pytest
import pytest_asyncio
from front_end_page import block, settings
from front_end_scene import CLIENT, STRANGER, accepted, front_end_scene, refusals, submission, submit
from load_balancers import haproxy, nginx
from postfix_server import free_port
from scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

Balancer = Callable[[str, int], AbstractContextManager[None]]
BALANCERS = {"/etc/haproxy/haproxy.cfg": haproxy, "/etc/nginx/nginx.conf": nginx}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    listen, trust = settings("behind a load balancer", smtp_address="127.0.0.1:0")
    async with front_end_scene(tmp_path_factory.mktemp("world"), listen=listen, mail=trust) as scene:
        yield scene


@pytest.mark.parametrize(("title", "balancer"), BALANCERS.items(), ids=["haproxy", "nginx"])
async def test_spf_is_judged_on_the_client(scene: Scene, title: str, balancer: Balancer) -> None:
    port = free_port()
    config = block(
        title,
        service_address=f"127.0.0.1:{port}",
        smtp_address=f"127.0.0.1:{scene.service.smtp_port}",
    )
    position = len(scene.service.events)
    with balancer(config, port):
        said = await submit(submission("+12065550501"), port)
        event = await accepted(scene, after=position)
        assert said == f"2.0.0 accepted as {event['mail']}"
        assert (event["client"], event["proof"]) == (CLIENT, "spf")
        from_stranger = submission("+12065550502")
        with pytest.raises(aiosmtplib.SMTPDataError, match=r"5\.7\.23"):
            await submit(from_stranger, port, client=STRANGER)
        assert (await refusals(scene, from_stranger))[0]["client"] == STRANGER
    heard = [event["event"] for event in scene.service.events[position:]]
    assert "proxy_header_refused" not in heard  # not by a health check either


async def test_who_comes_past_the_load_balancer_is_turned_away(scene: Scene) -> None:
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await submit(submission("+12065550503"), scene.service.smtp_port)
