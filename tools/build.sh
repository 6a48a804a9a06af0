# For tools/demo and tools/check: builds a preset, quietly unless it fails.

# build PRESET [TARGET…]
build() {
  local preset=$1 log
  shift
  log=build/$preset.log
  mkdir -p build
  [ -f "build/$preset/build.ninja" ] || echo "building ($preset) …" >&2
  local targets=()
  [ $# -eq 0 ] || targets=(--target "$@")
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" "${targets[@]}"; } >"$log" 2>&1; then
    grep -E -A5 'error|Error|FAILED' "$log" | head -60 >&2 || tail -30 "$log" >&2
    echo "the build of preset $preset failed; all of it is in $log" >&2
    return 1
  fi
}
