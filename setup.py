"""Build step only: compiles the bindings to libspandsp. Everything else stands in pyproject.toml."""

from setuptools import setup

setup(cffi_modules=["transmit/_spandsp_build.py:ffi"])
