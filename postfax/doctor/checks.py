"""Every check, in the order in which people read them. A new one is a function and a line here."""

from postfax.doctor.certificate import certificate
from postfax.doctor.check import Check
from postfax.doctor.clock import clock
from postfax.doctor.dkim import dkim
from postfax.doctor.domain import addresses, mx
from postfax.doctor.examination import SETTINGS
from postfax.doctor.front_ends import front_ends
from postfax.doctor.object_store import object_store
from postfax.doctor.outgoing import dmarc, reverse_name, spf
from postfax.doctor.pickup import pickup
from postfax.doctor.policy import policy, settings
from postfax.doctor.ports import ports, privileges
from postfax.doctor.record import CHECK_SECONDS, book, disk
from postfax.doctor.resolver import resolver
from postfax.doctor.smarthost import smarthost
from postfax.doctor.tools import fax_engine, landlock, office, office_parts, seccomp, typesetting
from postfax.doctor.trunk import trunk

_SETTINGS, _NAMES, _IN, _OUT = "Settings", "Names (DNS)", "Mail in", "Mail out"
_CALLS, _DOCUMENTS, _HOST = "Calls", "Documents", "This host"

CHECKS = (
    Check(name=SETTINGS, group=_SETTINGS, look=settings),
    Check(name="policy", group=_SETTINGS, look=policy, seconds=30.0),
    Check(name="resolver", group=_NAMES, look=resolver),
    Check(name="mx", group=_NAMES, look=mx, needs="resolver"),
    Check(name="addresses", group=_NAMES, look=addresses, needs="resolver"),
    Check(name="reverse-name", group=_NAMES, look=reverse_name, needs="resolver"),
    Check(name="spf", group=_NAMES, look=spf, needs="resolver"),
    Check(name="dkim", group=_NAMES, look=dkim, needs="resolver"),
    Check(name="dmarc", group=_NAMES, look=dmarc, needs="resolver"),
    Check(name="ports", group=_IN, look=ports),
    Check(name="privileges", group=_IN, look=privileges),
    Check(name="certificate", group=_IN, look=certificate),
    Check(name="front-ends", group=_IN, look=front_ends),
    Check(name="pickup", group=_IN, look=pickup),
    Check(name="smarthost", group=_OUT, look=smarthost),
    Check(name="trunk", group=_CALLS, look=trunk),
    Check(name="fax-engine", group=_CALLS, look=fax_engine),
    Check(name="office", group=_DOCUMENTS, look=office),
    Check(name="office-parts", group=_DOCUMENTS, look=office_parts),
    Check(name="typesetting", group=_DOCUMENTS, look=typesetting, seconds=40.0),
    Check(name="landlock", group=_DOCUMENTS, look=landlock),
    Check(name="seccomp", group=_DOCUMENTS, look=seccomp),
    Check(name="book", group=_HOST, look=book, seconds=CHECK_SECONDS + 15.0),
    Check(name="object-store", group=_HOST, look=object_store, seconds=40.0),
    Check(name="disk", group=_HOST, look=disk),
    Check(name="clock", group=_HOST, look=clock),
)
