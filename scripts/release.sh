#!/bin/sh
# Builds the release: one static, stripped binary for each platform, which is all of the commands,
# and their checksums. The same source gives the same bytes, wherever it lies: no path, no time and
# no state of a repository gets in but the version.
#
#   scripts/release.sh DIRECTORY VERSION COMMIT [FLAG…]    flags are go build's
set -eu
out=$1 version=$2 commit=$3
shift 3
stamp=switchyard/internal/command
mkdir -p "$out"
for platform in ${PLATFORMS:-linux/amd64 linux/arm64}; do
	CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X $stamp.release=$version -X $stamp.commit=$commit" "$@" \
		-o "$out/switchyard-${platform%/*}-${platform#*/}" ./cmd/switchyard
done
cd "$out" && sha256sum switchyard-* >SHA256SUMS && cat SHA256SUMS
