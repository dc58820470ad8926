#!/bin/sh
# Builds the release a second time, from a copy of the source elsewhere and with nothing taken from
# the cache, and compares the bytes.
#
#   scripts/release-check.sh DIRECTORY VERSION COMMIT
set -eu
first=$(cd "$1" && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
(cd "$copy" && sh scripts/release.sh "$copy/again" "$2" "$3" -a >/dev/null)
cmp "$first/SHA256SUMS" "$copy/again/SHA256SUMS" && echo "The same bytes again."
