#!/usr/bin/env bash
# Compresses FILE into FILE.xz. xz reports nothing without a terminal, so this looks how far it has
# read: the position of its standard input.
set -euo pipefail
level=$1 file=$2
[[ -f $file ]] || { echo "$file is not a file" >&2; exit 1; }
[[ ! -e $file.xz ]] || { echo "$file.xz exists already" >&2; exit 1; }
total=$(stat --format=%s -- "$file")
part=$(mktemp -- "$file.xz.XXXXXX")
trap 'rm -f -- "$part"' EXIT
trap 'exit 143' TERM

xz --stdout "-$level" <"$file" >"$part" &
xz=$!
while kill -0 "$xz" 2>/dev/null; do
  while read -r key value; do
    [[ $key != pos: ]] || echo "$value/$total bytes" >&2
  done 2>/dev/null <"/proc/$xz/fdinfo/0" || true
  sleep 0.2
done
wait "$xz"
mv --no-clobber -- "$part" "$file.xz"
packed=$(stat --format=%s -- "$file.xz")
echo "$file.xz: $packed bytes, $((total > 0 ? 100 * packed / total : 100)) % of $total"
