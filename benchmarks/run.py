"""The benchmarks: `./dev bench [NAME…]` runs all or those that are named, and prints a table each.

    ./dev bench                             all
    ./dev bench convert first_invite        these
    ./dev bench convert --rounds 3 text=letter.pdf
                                            one, with what it takes; `./dev bench NAME --help` tells what

The rules. Machines are noisy, so no figure is compared with one of another run: beside each stands what a
peer did in the same run, in turn (A B A B …), and what counts is the median of the ratios. Where there is no
peer, p50 and p99 of many. Nothing is faked: our side is `postfax serve` and `postfax convert` as they are,
what is said to be durable is on a disk, and nothing leaves the machine. Run them while it is quiet; the load
average stands above each table.
"""

import itertools
import sys
from collections.abc import Callable, Sequence

import book_accept
import calls
import commit_latency
import conversion
import cover_legibility
import cover_pages
import dispatch
import documents
import fax_cost
import first_invite
import ingest
import large_mails
import policy
import purge
import records
import scale
import soak

BENCHMARKS: dict[str, tuple[Callable[[Sequence[str]], None], str]] = {
    "ingest": (ingest.main, "durable mails a second, beside Debian's Postfix"),
    "large_mails": (large_mails.main, "the memory that ten mails of 30 MB at one time cost"),
    "commit_latency": (commit_latency.main, "how long a commit takes beside other writing processes"),
    "book_accept": (book_accept.main, "durable mails a second into the book alone"),
    "first_invite": (first_invite.main, "from a mail's first octet to the INVITE at the far end"),
    "calls": (calls.main, "two hundred fax calls at one time: success, CPU, memory, late ticks"),
    "dispatch": (dispatch.main, "how long the choice of the next call takes, of a million faxes"),
    "purge": (purge.main, "mails a second while documents are purged, beside those without it"),
    "records": (records.main, "activity, reports and call detail records of two million calls"),
    "fax_cost": (fax_cost.main, "the processor's time and the octets that a fax costs, by part"),
    "scale": (scale.main, "faxes a second through the book, with several processes, on both databases"),
    "policy": (policy.main, "how long a policy of 50,000 users takes to load, and its memory"),
    "convert": (conversion.main, "documents to fax pages, beside Ghostscript"),
    "documents": (documents.main, "what becomes of every file of a folder, and what it leaves behind"),
    "soak": (soak.main, "whether memory grows over 2,000 documents"),
    "cover_pages": (cover_pages.main, "how long a cover page takes, of built-in and own templates"),
    "cover_legibility": (cover_legibility.main, "how much of a cover page can be read after it was faxed"),
}


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; the exit status."""
    if arguments and arguments[0] in {"-h", "--help"}:
        print(_help())
        return 0
    names = list(itertools.takewhile(BENCHMARKS.__contains__, arguments))
    for_the_one = arguments[len(names) :]
    if for_the_one and len(names) != 1:
        said = "options are for one benchmark" if names else f"there is no benchmark {for_the_one[0]}"
        print(f"bench: {said}\n\n{_help()}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        run, _ = BENCHMARKS[name]
        run(for_the_one)
    return 0


def _help() -> str:
    width = max(map(len, BENCHMARKS))
    listed = "\n".join(f"    {name:<{width}}  {what}" for name, (_, what) in BENCHMARKS.items())
    return f"{__doc__}\nThe benchmarks are:\n\n{listed}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
