#!/bin/sh
# build.sh [REF [FOLDER]]: builds FOLDER/postfax_VERSION_amd64.deb of what is committed, or of a commit of before,
# into build/; `./dev package` and `./dev package-test` call it with everything in place.
# PIP: a pip that can make wheels, with setuptools and cffi beside it.
set -eu
cd "$(dirname "$0")/.."
ref=${1:-HEAD}
folder=${2:-build}

rm -rf "$folder/package" "$folder"/postfax_*_amd64.deb
mkdir -p "$folder/package/postfax"
git archive "$ref" | tar -x -C "$folder/package/postfax"
into=$PWD/$folder
cd "$folder/package/postfax"
dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
mv ../postfax_*.deb "$into"
