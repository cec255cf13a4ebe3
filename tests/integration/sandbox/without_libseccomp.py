"""Loaded into a nursery, it makes its system one that has no libseccomp."""

from sandbox import seccomp

seccomp._LIBRARY = "libnotthere.so.2"
