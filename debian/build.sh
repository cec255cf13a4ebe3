#!/bin/sh
# Builds build/postfax_VERSION_amd64.deb of what is committed; `./dev package` calls it with everything in place.
# PIP: a pip that can make wheels, with setuptools and cffi beside it.
set -eu
cd "$(dirname "$0")/.."

rm -rf build/package build/postfax_*_amd64.deb
mkdir -p build/package/postfax
git archive HEAD | tar -x -C build/package/postfax
cd build/package/postfax
dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
mv ../postfax_*.deb ../..
