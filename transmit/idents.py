"""What a far end calls itself (CSI, T.30 §5.3.6.2.4), in a form that can be shown anywhere.

T.30 knows digits, a plus sign and spaces. Machines send whatever somebody typed, control characters too, and
what they call themselves is printed on terminals, in mails and in XML.
"""


def shown(ident: str) -> str:
    """The identification in one line, without what cannot be printed."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in ident).split())
