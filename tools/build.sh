# For tools/demo and tools/check: builds a preset, quietly unless it fails.

# build PRESET [TARGET…]
build() {
  local preset=$1 log=build/$1.log targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  mkdir -p build
  if ! (
    set -o pipefail
    { cmake --preset "$preset" && cmake --build --preset "$preset" "${targets[@]}"; } 2>&1 | tee "$log" | show_build "$preset"
  ); then
    grep -E -A5 'error|Error|FAILED' "$log" | head -60 >&2 || tail -30 "$log" >&2
    echo "the build of preset $preset failed; all of it is in $log" >&2
    return 1
  fi
}

# show_build PRESET: how far a build is, from what ninja says ("[123/480] …"): on a terminal in one line that goes when
# the build is done; elsewhere a line when it begins to compile, and one every half minute.
show_build() {
  local line said=-30
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (Building|Linking) ]] || continue
    if [ -t 2 ]; then
      printf '\r\033[Kbuilding (%s) … %d of %d' "$1" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
    elif [ $((SECONDS - said)) -ge 30 ]; then
      printf 'building (%s) … %d of %d\n' "$1" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
      said=$SECONDS
    fi
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}
