"""A whole world on loopback: names, a mail server, an archive, a fax machine, and what joins them.

Nothing leaves the machine: every server binds 127.0.0.1, or another `address` of this machine's own networks,
and Postfax asks the world's own name server.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from config.values import HostPort
from postfax.demonstration.dns_stub import DnsStub, Zone
from postfax.demonstration.mail_sink import MailSink
from postfax.demonstration.sftp_server import ArchiveServer
from transmit.engine.pool import EnginePool
from transmit.station.station import Station

DOMAIN = "fax.example.com"
SENDER = "ana@hospital.example"
ARCHIVE_ADDRESS = "archive@hospital.example"

_SETTINGS = """\
# A world of its own, on this machine only.
domain: {domain}
fax_engines: {processes}
mail:
  listen: {listen}
  workers: {processes}
  smarthost: {{host: {address}, port: {sink_port}, tls: none}}
{mail}dns: {{nameservers: ["{dns}"]}}
store: sqlite:state/book.db
documents: file:state/documents
policy: policy.yaml
lines:
  demo:
    sip: "sip:{station}"
    listen: "{own}:0"
    channels: {channels}
    caller: "+12065550100"
    media_clock: {clock}
{line}"""

POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100"}}
  coverpage: {{template: healthcare, mode: automatic}}
  datetime: {{time_zone: America/Los_Angeles, date_format: MM/DD/YYYY, time_format: hh:mm a}}
  archive:
    enabled: true
    email: {{to: {archive_address}}}
    document: pdf
    metadata: [json]
departments:
  Radiology:
    settings:
      archive:
        enabled: true
        sftp:
          host: {address}
          port: {sftp_port}
          user: fax
          password_file: sftp.secret
          known_host: {known_host}
        file_name: "{{date:%Y/%m}}/{{job_id}}_{{number}}_{{status}}"
        document: pdf
        metadata: [xml]
    users:
      - name: Ana Ruiz
        email: {sender}
        contact: {{title: Radiographer, phone: +1 206 555 0101}}
        custom_fields: {{cost_center: R-17}}
"""


@dataclass(kw_only=True)
class World:
    """Started by `async with`; then `settings_file` is what Postfax is to be started with."""

    folder: Path
    clock: int = 1
    """How many times faster than real time faxes go over the line."""
    channels: int = 4
    processes: int = 1
    """That take mail in, and that run the fax protocol: one is enough for a few mails and calls."""
    behaviours: Mapping[str, str] = field(default_factory=dict)
    """What the fax machine does when numbers with these last digits are called: see its `behaviour`."""
    policy: str = POLICY
    """With the placeholders of `POLICY`."""
    line: str = ""
    """More of the line's settings, each on a line of its own, indented by four."""
    listen: str = '[{smtp: "127.0.0.1:0"}]'
    """The setting `mail.listen`."""
    mail: str = ""
    """More of the mail settings, each on a line of its own, indented by two."""
    zone: Zone = field(default_factory=Zone)
    address: str = "127.0.0.1"
    """Where the servers of this world listen; Postfax calls from any address of its own if it is another."""

    def __post_init__(self) -> None:
        """Make the parts; nothing listens yet."""
        self.settings_file = self.folder / "postfax.yaml"
        self.sink = MailSink(self.folder / "mailbox", listen=self.address)
        self.archive = ArchiveServer(self.folder / "archive-sftp", listen=self.address)
        self.zone.add_text("hospital.example", f"v=spf1 ip4:{self.address} -all")
        self.zone.add_text("stranger.example", f"v=spf1 ip4:{self.address} -all")
        self.zone.add_text("elsewhere.example", "v=spf1 ip4:192.0.2.1 -all")
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything but Postfax, and write its settings."""
        (self.folder / "state").mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._stack.__aenter__()
        names = DnsStub(self.zone, listen=self.address)
        dns = await names.start()
        self._stack.push_async_callback(names.stop)
        await self._stack.enter_async_context(self.sink)
        await self._stack.enter_async_context(self.archive)
        pool = EnginePool()
        self._stack.push_async_callback(pool.stop)
        await pool.start()
        self.station = Station(
            HostPort(self.address, 0),
            self.folder / "station",
            pool,
            behaviours=self.behaviours,
            clock=self.clock,
        )
        station = await self.station.start()
        self._stack.push_async_callback(self.station.stop)
        self._write_settings(dns, station)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        await self._stack.__aexit__(kind, problem, trace)

    def _write_settings(self, dns: HostPort, station: HostPort) -> None:
        secret = self.folder / "sftp.secret"
        secret.write_text(f"{self.archive.password}\n")
        secret.chmod(0o600)
        self.settings_file.write_text(
            _SETTINGS.format(
                domain=DOMAIN,
                address=self.address,
                own="127.0.0.1" if self.address == "127.0.0.1" else "0.0.0.0",  # noqa: S104 - that of a network of ours
                listen=self.listen,
                processes=self.processes,
                mail=self.mail,
                sink_port=self.sink.port,
                dns=dns,
                station=station,
                channels=self.channels,
                clock=self.clock,
                line=self.line,
            )
        )
        (self.folder / "policy.yaml").write_text(
            self.policy.format(
                address=self.address,
                sender=SENDER,
                archive_address=ARCHIVE_ADDRESS,
                sftp_port=self.archive.port,
                known_host=self.archive.known_host,
            )
        )
