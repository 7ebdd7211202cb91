#!/usr/bin/env bash
# The native engine under a sanitizer, after `make install`: built beside the package, driven by
# native/stress.cpp if it is there, then by its tests from Python, which take minutes.
#   native/sanitize.sh address|thread [stress | options of pytest]
# With the word `stress` the tests from Python are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
kind="${1:?say address or thread}"
build="$PWD/build/sanitize-$kind"
bin="$PWD/.venv/bin"
stress=OFF
if [ -f native/stress.cpp ]; then stress=ON; fi

"$bin/cmake" -S . -B "$build" -G Ninja -DCMAKE_MAKE_PROGRAM="$bin/ninja" --log-level=WARNING \
  -DPython_EXECUTABLE="$bin/python" -DSLICKEN_SANITIZE="$kind" -DSLICKEN_STRESS="$stress"
"$bin/cmake" --build "$build"

# Leaks: Python and JAX keep much to the end on purpose.
export ASAN_OPTIONS=detect_leaks=0:halt_on_error=1
# Python and jaxlib are not compiled for ThreadSanitizer, which then misses their locks.
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/native/tsan.supp"
# ThreadSanitizer wants fixed places in memory, which some kernels shuffle away.
fixed=(setarch "$(uname -m)" -R)
command -v setarch >/dev/null || fixed=()

if [ "$stress" = ON ]; then
  "${fixed[@]}" "$build/stress"
fi
if [ "${2:-}" = stress ]; then exit; fi

compiler="$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")"
runtime="$("$compiler" -print-file-name="lib${kind:0:1}san.so")"
if [ ! -f "$runtime" ]; then
  echo "$compiler has no shared runtime of its sanitizers, so nothing is driven from Python"
  exit
fi
# The C++ library too: the sanitizer looks for its functions before anything has loaded it.
export LD_PRELOAD="$runtime $("$compiler" -print-file-name=libstdc++.so.6)"
export SLICKEN_ENGINE_LIBRARY="$build/libslicken_engine.so"
export TSAN_OPTIONS="$TSAN_OPTIONS:ignore_noninstrumented_modules=1"
"${fixed[@]}" "$bin/python" -m pytest -p no:cacheprovider tests/learning/test_engine.py \
  tests/learning/test_native_engine.py "${@:2}"
