"""A service that may take long to start and to stop: the machine has other things to do."""

from postfax.demonstration.serve_process import ServeProcess

_SECONDS = 300.0


class PatientService(ServeProcess):
    """The service, however busy the machine is."""

    async def start(self) -> None:
        await self.launch()
        try:
            await self.wait_for("service_ready", seconds=_SECONDS)
        except BaseException:
            await self.kill()
            raise

    async def kill(self, *, seconds: float = _SECONDS) -> int:
        return await super().kill(seconds=seconds)

    async def stop(self, *, seconds: float = _SECONDS) -> int:
        return await super().stop(seconds=seconds)
