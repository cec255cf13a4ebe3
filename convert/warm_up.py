"""What every task would look up anew, looked up once in the parent of all tasks: its children inherit it.

Imported for that effect, by the service alone: a program that converts one PDF has no use for most of it.
"""

import numpy as np
from PIL import Image, TiffImagePlugin, WebPImagePlugin

from convert import heif, picture_file, t6
from convert.binarise import binarise
from convert.layout import WIDTH

__all__ = ["TiffImagePlugin", "WebPImagePlugin", "heif", "picture_file"]

Image.preinit()
t6.decode(t6.encode(binarise(np.full((64, WIDTH), 128, np.uint8))), 64)
