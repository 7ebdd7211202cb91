// The native engine as XLA calls it.

#include "xla/ffi/api/ffi.h"

#if defined(__x86_64__)
static const char* best() {
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  return __builtin_cpu_supports("avx2") ? "avx2" : "baseline";
}
#else
static const char* best() { return "neon"; }
#endif

extern "C" {
__attribute__((visibility("default"))) const char* slicken_instruction_set(void) { return best(); }
__attribute__((visibility("default"))) int slicken_abi(void) { return 1; }
}
