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
  read_so_far=$(sed -n 's/^pos:\t//p' "/proc/$xz/fdinfo/0" 2>/dev/null || true)
  [[ -z $read_so_far ]] || echo "$read_so_far/$total bytes" >&2
  sleep 0.2
done
wait "$xz"
mv --no-clobber -- "$part" "$file.xz"
packed=$(stat --format=%s -- "$file.xz")
echo "$file.xz: $packed bytes, $((total > 0 ? 100 * packed / total : 100)) % of $total"
