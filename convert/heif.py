"""HEIC for Pillow: the pictures of telephones. Importing this makes Pillow read them."""

import pillow_heif
from pillow_heif import options

options.DECODE_THREADS = 1  # a task has little address space, and its threads would not survive the fork
pillow_heif.register_heif_opener(thumbnails=False)
