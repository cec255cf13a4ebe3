"""Calls out: lines, the fax protocol and the media that carry it, the dial rules and the retry decision."""
