"""The shape of the sidecars (`archive.metadata`), for whoever reads them: as JSON Schema and as XML Schema.

Both are made of one table. They are strict: a name that is not in the table, and in the XML another order, is
a mistake. An optional name is left out where its fact is not known; it is never there and empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from xml.etree import ElementTree as ET

from store.mail import ProofMethod
from store.status import Status

_XML_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"

_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$"


class Kind(Enum):
    """What an element holds, with the names that the two schemas have for it."""

    TEXT = ("xs:string", {"type": "string", "minLength": 1})
    TEXT_OR_NOTHING = ("xs:string", {"type": "string"})
    COUNT = ("xs:nonNegativeInteger", {"type": "integer", "minimum": 0})
    FLAG = ("xs:boolean", {"type": "boolean"})
    TIME = ("xs:dateTime", {"type": "string", "format": "date-time", "pattern": _TIME})
    """With its offset, in the zone of the policy."""
    GROUP = ("", {"type": "object"})
    """Its parts, in their order."""
    LIST = ("", {"type": "array", "minItems": 1})
    """Its one part, as often as it takes."""

    @property
    def xml_name(self) -> str:
        """In an XML Schema; empty where there is none."""
        name: str = self.value[0]
        return name

    @property
    def json_form(self) -> Mapping[str, Any]:
        """In a JSON Schema."""
        form: Mapping[str, Any] = self.value[1]
        return form


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """An element of the XML, a key of the JSON."""

    name: str
    kind: Kind = Kind.TEXT
    says: str = ""
    needed: bool = False
    parts: "tuple[Element, ...]" = ()
    choices: tuple[str | int, ...] = ()


_STATUSES = tuple(status.value for status in Status)
_PROOF = (
    Element(
        name="Method", needed=True, choices=tuple(method.value for method in ProofMethod),
        says="By what the sender was proven.",
    ),
    Element(name="ClientAddress", says="The address that the mail came from."),
    Element(name="SpfResult", says="As RFC 7208 names it."),
    Element(name="SpfDomain", says="The domain that SPF was asked about."),
    Element(name="Aligned", kind=Kind.FLAG, needed=True, says="Whether that is the From address's domain."),
    Element(name="Detail", says="What the proof rests on."),
    Element(name="AuthenticationResults", says="The field of RFC 8601."),
)  # fmt: skip
_ATTEMPT = (
    Element(name="Number", kind=Kind.COUNT, needed=True, says="From 1."),
    Element(name="Started", kind=Kind.TIME, needed=True, says="When the call was placed."),
    Element(name="Line", says="The line that it was placed on."),
    Element(name="Called", says="The number as the line was given it."),
    Element(
        name="Interrupted", kind=Kind.FLAG, needed=True, says="Whether a crash of the service cut it off."
    ),
    Element(name="StatusDescription", choices=_STATUSES, says="What it came to; missing while it goes on."),
    Element(name="ErrorString", says="The cause, as the line told it."),
    Element(name="Answered", kind=Kind.TIME, says="When the other end answered."),
    Element(name="Ended", kind=Kind.TIME, says="When the call was over."),
    Element(name="PagesConfirmed", kind=Kind.COUNT, says="Pages that the other end confirmed in this call."),
    Element(name="RemoteFaxCSID", says="How the other machine named itself."),
    Element(name="Transport", says="T.38 or G.711."),
    Element(name="BitRate", kind=Kind.COUNT, says="Bits a second."),
    Element(name="ECM", kind=Kind.FLAG, says="Whether errors were corrected (T.30 annex A)."),
    Element(name="Compression", says="MH, MR or MMR."),
    Element(name="SipCode", kind=Kind.COUNT, says="Of the last SIP answer (RFC 3261)."),
    Element(name="Q850Cause", kind=Kind.COUNT, says="Of the telephone network (Q.850)."),
    Element(name="T30Code", kind=Kind.COUNT, says="Of the fax engine."),
)
DETAILS = (
    Element(name="FaxJobId", needed=True, says="The id of the fax."),
    Element(
        name="FaxJobStatusId", kind=Kind.COUNT, needed=True, choices=(1, 2), says="1 success, 2 failure."
    ),
    Element(name="StatusDescription", choices=_STATUSES, says="The status in words."),
    Element(name="Explanation", says="Why, in a sentence."),
    Element(name="FaxNumber", says="Where it went, with + and country code."),
    Element(name="Subaddress", says="Behind the number (T.30 SUB)."),
    Element(name="RecipientName"),
    Element(name="RecipientCompany"),
    Element(name="Company", says="The sender's, as the policy names it."),
    Element(
        name="Departments", kind=Kind.LIST, parts=(Element(name="Department"),),
        says="The sender's, the uppermost first.",
    ),
    Element(name="SenderName"),
    Element(name="SenderEmail", says="The From address of the mail."),
    Element(name="SenderAccount", says="The account that it belongs to."),
    Element(
        name="SenderProof", kind=Kind.GROUP, needed=True, parts=_PROOF, says="What was proven of the sender."
    ),
    Element(name="Subject", says="Of the mail."),
    Element(name="MessageId", says="Of the mail."),
    Element(name="ReferenceId", says="The sender's reference."),
    Element(name="BillingCode", says="The sender's billing code."),
    Element(
        name="CustomFields", kind=Kind.LIST, says="The policy's own.",
        parts=(
            Element(
                name="CustomField", kind=Kind.GROUP,
                parts=(
                    Element(name="Name", needed=True),
                    Element(name="Value", kind=Kind.TEXT_OR_NOTHING, needed=True),
                ),
            ),
        ),
    ),
    Element(name="CoverPage", says="The name of its template."),
    Element(name="PageCount", kind=Kind.COUNT, needed=True, says="Pages of the fax."),
    Element(name="PagesConfirmed", kind=Kind.COUNT, needed=True, says="Pages that the other end confirmed."),
    Element(name="CreatedDateTime", kind=Kind.TIME, needed=True, says="When the fax was taken on."),
    Element(name="FaxDeliveryDateTime", kind=Kind.TIME, says="When it came to its end."),
    Element(name="FaxDeliveryDuration", kind=Kind.COUNT, says="Seconds of the last call."),
    Element(name="RemoteFaxCSID", says="How the other machine named itself in the last call."),
    Element(name="DocumentSha256", says="Of the pages before their header lines."),
    Element(
        name="Attempts", kind=Kind.LIST, says="The calls, in their order.",
        parts=(Element(name="Attempt", kind=Kind.GROUP, parts=_ATTEMPT),),
    ),
)  # fmt: skip
"""All facts of a fax, in their order."""


def json_schema() -> dict[str, Any]:
    """Of the JSON sidecar (JSON Schema 2020-12)."""
    details = Element(name="faxDetails", kind=Kind.GROUP, parts=DETAILS, says="The facts of an archived fax.")
    return {"$schema": _DRAFT, "title": "Postfax: facts of an archived fax", **_as_json(details)}


def _as_json(element: Element) -> dict[str, Any]:
    form: dict[str, Any] = {"description": element.says} if element.says else {}
    form |= {"enum": list(element.choices)} if element.choices else element.kind.json_form
    if element.kind is Kind.LIST:
        form["items"] = _as_json(element.parts[0])
    elif element.kind is Kind.GROUP:
        form["additionalProperties"] = False
        form["required"] = [part.name for part in element.parts if part.needed]
        form["properties"] = {part.name: _as_json(part) for part in element.parts}
    return form


def xml_schema() -> str:
    """Of the XML sidecar (XML Schema 1.0)."""
    ET.register_namespace("xs", _XML_SCHEMA)
    schema = ET.Element(_xs("schema"), elementFormDefault="qualified")
    details = Element(
        name="faxDetails", kind=Kind.GROUP, parts=DETAILS, needed=True, says="The facts of an archived fax."
    )
    # At the top of a schema nothing says how often it stands.
    schema.append(_as_xml(details, {}))
    ET.indent(schema)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(schema, encoding="unicode") + "\n"


def _as_xml(element: Element, occurs: Mapping[str, str]) -> ET.Element:
    written = ET.Element(_xs("element"), {"name": element.name, **occurs})
    if element.says:
        note = ET.SubElement(written, _xs("annotation"))
        ET.SubElement(note, _xs("documentation")).text = element.says
    if element.choices:
        simple = ET.SubElement(written, _xs("simpleType"))
        limits = ET.SubElement(simple, _xs("restriction"), base=element.kind.xml_name)
        for choice in element.choices:
            ET.SubElement(limits, _xs("enumeration"), value=str(choice))
    elif element.parts:
        sequence = ET.SubElement(ET.SubElement(written, _xs("complexType")), _xs("sequence"))
        many = {"maxOccurs": "unbounded"} if element.kind is Kind.LIST else {}
        for part in element.parts:
            often = many or ({} if part.needed else {"minOccurs": "0"})
            sequence.append(_as_xml(part, often))
    else:
        written.set("type", element.kind.xml_name)
    return written


def _xs(name: str) -> str:
    return f"{{{_XML_SCHEMA}}}{name}"
