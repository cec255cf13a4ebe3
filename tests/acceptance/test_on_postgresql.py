"""The whole service on a book in PostgreSQL: a fax is sent, the server is restarted, the next one is sent."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from patient_service import PatientService
from postgresql_cluster import a_cluster
from scene import POLICY, Scene

from postfax.demonstration.world import World

STORE = "sqlite:state/book.db"
_FINISHED = """
SELECT count(*) FROM jobs WHERE id = %(job)s AND finished_at IS NOT NULL
AND NOT EXISTS (SELECT * FROM notices WHERE job_id = %(job)s AND state <> 'delivered')
AND NOT EXISTS (SELECT * FROM copies WHERE job_id = %(job)s AND state <> 'delivered')
"""


@dataclass(kw_only=True)
class SceneOnServer(Scene):
    """A world whose book is in PostgreSQL."""

    url: str

    def _seems_finished(self, job_id: str) -> bool:
        with psycopg.connect(self.url) as book:
            return book.execute(_FINISHED, {"job": job_id}).fetchone() == (1,)

    async def sent(self, number: str) -> str:
        """Send a fax to a number; its id once it has arrived and everything owed is delivered."""
        job_id = await self.mail(number, attachments=[("letter.txt", b"See you on Monday.\n")])
        job = await self.finished(job_id)
        assert (job["state"], job["status"]) == ("sent", "Success")
        return job_id


async def test_faxes_go_out_and_a_restart_of_the_server_is_outlived(tmp_path: Path) -> None:
    world = World(folder=tmp_path, clock=10, policy=POLICY, line="    answer_timeout: 15 s\n")
    with a_cluster() as cluster:
        async with world:
            url = cluster.new_database()
            settings = world.settings_file.read_text()
            assert STORE in settings
            world.settings_file.write_text(settings.replace(STORE, f'"{url}"'))
            service = PatientService(world.settings_file)
            await service.start()
            scene = SceneOnServer(world=world, service=service, url=url)
            first = await scene.sent("+12065550123")
            cluster.stop()
            cluster.start()
            second = await scene.sent("+12065550124")
            assert await service.stop() == 0
            listed = (await scene.postfax("list", "--json")).json
            assert {job["id"] for job in listed} == {first, second}
            assert not (tmp_path / "state/book.db").exists()
