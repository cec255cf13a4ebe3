"""What is asked of the provider: send a fax, find it again, read how it goes (Sinch Fax API 3.0)."""

from datetime import datetime
from typing import Any

import httpx

from transmit.provider.fax import LABEL, ProviderFax, fax_of

ANSWER = 60.0
"""Seconds that the provider may take for one answer: a document is handed over in it."""
_PAGE_SIZE = 100
_MOST_PAGES = 100


class ProviderRefusal(Exception):  # noqa: N818 - named as what happened
    """The provider does not do what was asked, and has done nothing."""

    def __init__(self, code: int, text: str, fields: frozenset[str] = frozenset()) -> None:
        """Keeps which form fields it does not take."""
        super().__init__(f"HTTP {code} {text}".rstrip())
        self.code = code
        self.fields = fields


class ProviderUnreachable(OSError):  # noqa: N818 - named as what happened
    """Nothing was asked: nobody is there."""


class ProviderSilent(OSError):  # noqa: N818 - named as what happened
    """Something was asked, and whether it was done is not known."""


class ProviderService:
    """One project at the provider."""

    def __init__(self, url: str, project: str, username: str, secret: str) -> None:
        self._faxes = f"/v3/projects/{project}/faxes"
        self._client = httpx.AsyncClient(
            base_url=url, auth=(username, secret), timeout=ANSWER, follow_redirects=False
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def send(self, document: bytes, fields: dict[str, str]) -> ProviderFax:
        """Hand over a fax.

        Raises:
            ProviderRefusal, ProviderUnreachable: it has not got it.
            ProviderSilent: nobody knows.
        """
        files = {"file": ("fax.tif", document, "image/tiff")}
        return _fax(await self._ask("POST", self._faxes, data=fields, files=files))

    async def read(self, fax_id: str) -> ProviderFax | None:
        """How a fax goes; None where the provider does not know it. Raises as `send`."""
        try:
            return _fax(await self._ask("GET", f"{self._faxes}/{fax_id}"))
        except ProviderRefusal as refusal:
            if refusal.code == httpx.codes.NOT_FOUND:
                return None
            raise

    async def find(self, tag: str, number: str, since: datetime) -> ProviderFax | None:
        """The fax that bears our tag; the first, should there be several. Raises as `send`."""
        asked = {
            "direction": "OUTBOUND",
            "to": number,
            "createTime>": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "pageSize": str(_PAGE_SIZE),
        }
        for page in range(1, _MOST_PAGES + 1):
            told = await self._ask("GET", self._faxes, params={**asked, "page": str(page)})
            faxes = told.get("faxes") if isinstance(told, dict) else None
            found = [_fax(one) for one in faxes or ()]
            if ours := next((fax for fax in found if fax.tag == tag), None):
                return ours
            if len(found) < _PAGE_SIZE:
                return None
        return None

    async def ask(self) -> None:
        """Whether it is there and lets us in. Raises as `send`."""
        await self._ask("GET", self._faxes, params={"pageSize": "1"})

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = await self._client.request(method, path, **more)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
            raise ProviderUnreachable(str(fault) or type(fault).__name__) from fault
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise ProviderSilent(str(fault) or type(fault).__name__) from fault
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderSilent(f"HTTP {answer.status_code}")
        if not answer.is_success:
            raise _refusal(answer)
        try:
            return answer.json()
        except ValueError as fault:
            raise ProviderSilent("an answer that is no JSON") from fault


def labelled(tag: str) -> dict[str, str]:
    """The form field of our label."""
    return {f"labels[{LABEL}]": tag}


def _fax(told: object) -> ProviderFax:
    try:
        return fax_of(told)
    except ValueError as fault:
        raise ProviderSilent("an answer without a fax") from fault


def _refusal(answer: httpx.Response) -> ProviderRefusal:
    """In the provider's words: its `message`, and which fields it does not take."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return ProviderRefusal(answer.status_code, answer.reason_phrase)
    words = " ".join(str(told.get("message") or told.get("error") or answer.reason_phrase).split())[:160]
    wrong = _violations(told.get("details"))
    listed = "".join(f"; {field}: {description}" for field, description in wrong.items())
    return ProviderRefusal(answer.status_code, f"{words}{listed}"[:320], frozenset(wrong))


def _violations(details: object) -> dict[str, str]:
    told = details.get("fieldViolations") if isinstance(details, dict) else None
    listed = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {str(one.get("field")): str(one.get("description", "")) for one in listed}
