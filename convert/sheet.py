"""What the writer of a sheet of ours agrees on with the task that lays it out, without loading WeasyPrint."""

PICTURE = "first-page.png"
"""What a sheet may show, if it is in the folder."""
