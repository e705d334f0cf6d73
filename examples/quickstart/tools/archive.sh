#!/usr/bin/env bash
# Packs DIRECTORY into ARCHIVE, a .tar.gz file, and counts the files on standard error.
set -euo pipefail
directory=$1 archive=$2
[[ -d $directory ]] || { echo "$directory is not a directory" >&2; exit 1; }
[[ ! -e $archive ]] || { echo "$archive exists already" >&2; exit 1; }
part=$(mktemp -- "$archive.XXXXXX")
trap 'rm -f -- "$part"' EXIT
trap 'exit 143' TERM

tar --create --gzip --verbose --file="$part" --directory="$directory" . |
  { count=0
    while read -r _; do
      count=$((count + 1))
      ((count % 100)) || echo "$count files" >&2
    done
    echo "$count files" >&2; }
mv --no-clobber -- "$part" "$archive"
echo "$archive: $(stat --format=%s -- "$archive") bytes"
