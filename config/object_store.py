"""The object store that has mails and documents, for sites with several hosts: S3, whoever speaks it."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from config.file_values import ReadableFile
from config.forms import Form
from config.section import Section
from config.values import Duration, HttpUrl, Toggle, expected

_BUCKET = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*"


def _bucket_url(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(f"{_BUCKET}/?", value):
        return value.rstrip("/")
    raise expected("s3:// and a bucket, with a prefix or without, such as s3://faxes/office")


BucketUrl = Annotated[
    str,
    BeforeValidator(_bucket_url),
    Form(words="s3:// and a bucket, with a prefix or without", pattern=f"{_BUCKET}/?", example="s3://faxes"),
]


class ObjectStoreSettings(Section):
    """The S3 object store that has all mails and documents, in place of the folder `documents`."""

    url: BucketUrl
    """The bucket, and a prefix in it: `s3://faxes/office`. The bucket must be there, and must not keep old
    versions of objects: what is removed would stay."""
    endpoint: HttpUrl = ""
    """Where the store is: `https://s3.example.net`. By default Amazon's of the region."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "us-east-1"
    """Its region. Stores of your own mostly take any."""
    access_key_file: ReadableFile
    """A file whose first line is the id of the access key."""
    secret_key_file: ReadableFile
    """A file whose first line is the access key's secret."""
    ca_file: ReadableFile | None = None
    """Certificates (PEM) that the store's may be signed by, besides those that the system trusts."""
    path_style: Toggle = True
    """Whether the bucket is named in the path; if not, it is in the host's name: `faxes.s3.example.net`."""
    patience: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(minutes=5))] = timedelta(
        seconds=20
    )
    """For how long a request that fails is repeated; after that senders are told to come again, and faxes
    wait. A request that is under way may take three times as long."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.url.removeprefix("s3://").partition("/")[0]

    @property
    def prefix(self) -> str:
        """What the names of objects begin with; empty, or with a slash at its end."""
        prefix = self.url.removeprefix("s3://").partition("/")[2]
        return f"{prefix}/" if prefix else ""
