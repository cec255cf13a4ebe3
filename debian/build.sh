#!/bin/sh
# build.sh [COMMIT [FOLDER]]: builds FOLDER/postfax_VERSION_amd64.deb of that commit; by default of the last one, into
# build/. `./dev package` and `./dev package-test` call it with everything in place.
# PIP: a pip that can make wheels, with setuptools and cffi beside it.
set -eu
cd "$(dirname "$0")/.."
commit=${1:-HEAD}
folder=${2:-build}

rm -rf "$folder/package" "$folder"/postfax_*_amd64.deb
mkdir -p "$folder/package/postfax"
git archive "$commit" | tar -x -C "$folder/package/postfax"
into=$PWD/$folder
cd "$folder/package/postfax"
dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
mv ../postfax_*.deb "$into"
