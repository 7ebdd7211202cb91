// Vectors as wide as the instruction set has them, and the few functions of them that are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__x86_64__)
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in GCC 12's own header
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#define SLICKEN_INLINE inline __attribute__((always_inline))
#define SLICKEN_APART __attribute__((noinline))
#define SLICKEN_GLUE_(a, b) a##_##b
#define SLICKEN_GLUE(a, b) SLICKEN_GLUE_(a, b)
// Every build has a namespace of its own: what two of them shared would be linked once only.
#define SLICKEN_BUILD SLICKEN_GLUE(SLICKEN_ISA, SLICKEN_REAL)

namespace slicken::SLICKEN_BUILD {

using Real = SLICKEN_REAL;
typedef Real V __attribute__((vector_size(SLICKEN_VECTOR_BYTES)));
constexpr int VL = SLICKEN_VECTOR_BYTES / int(sizeof(Real));

// Accumulators that leave enough registers for the operands.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int ACCUMULATORS = 24;
#else
constexpr int ACCUMULATORS = 12;
#endif

// x - 0 is x with its sign, so it folds into the memory operand of a multiply-add; 0 + x does not.
SLICKEN_INLINE V splat(Real x) { return x - V{}; }

SLICKEN_INLINE V load(const Real* from) {
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

SLICKEN_INLINE void store(Real* to, V v) { std::memcpy(to, &v, sizeof v); }

// Past the caches: for what is wanted again only after more than they hold.
SLICKEN_INLINE void stream(V* to, V v) {
#if defined(__AVX512F__)
    _mm512_stream_si512((__m512i*)to, (__m512i)v);
#elif defined(__AVX__)
    _mm256_stream_si256((__m256i*)to, (__m256i)v);
#elif defined(__SSE2__)
    _mm_stream_si128((__m128i*)to, (__m128i)v);
#else
    *to = v;
#endif
}

SLICKEN_INLINE Real sum(V v) {
    Real total = 0;
    for (int i = 0; i < VL; i++) total += v[i];
    return total;
}

template <class T>
static constexpr T least(T a, T b) {
    return b < a ? b : a;
}

template <class T>
static constexpr T most(T a, T b) {
    return a < b ? b : a;
}

static constexpr int round_up(int n, int to) { return (n + to - 1) / to * to; }

// The gates. NaN goes in and NaN comes out; infinities saturate.
#define SLICKEN_BYTES_float 4
#define SLICKEN_BYTES_double 8
#if SLICKEN_GLUE(SLICKEN_BYTES, SLICKEN_REAL) == 4

SLICKEN_INLINE V clamp(V x, float bound) {
    // Where one is not a number, the instruction gives its second operand: x.
#if defined(__AVX512F__)
    __m512 high = _mm512_min_ps(_mm512_set1_ps(bound), (__m512)x);
    return (V)_mm512_max_ps(_mm512_set1_ps(-bound), high);
#elif defined(__AVX__)
    __m256 high = _mm256_min_ps(_mm256_set1_ps(bound), (__m256)x);
    return (V)_mm256_max_ps(_mm256_set1_ps(-bound), high);
#else
    V low = splat(-bound), high = splat(bound);
    x = x > high ? high : x;
    return x < low ? low : x;
#endif
}

SLICKEN_INLINE V ratio(V a, V b) {
#if defined(__AVX512F__)
    // Fourteen good bits, doubled by a step of Newton's.
    V inverse = (V)_mm512_rcp14_ps((__m512)b);
    inverse = inverse + inverse * (1.0f - b * inverse);
    return a * inverse;
#else
    return a / b;
#endif
}

// tanh as x P(x^2) / Q(x^2); coefficients and bounds as in Eigen's float tanh. Beyond the bound it
// is 1, exactly: where that is so depends on whether multiply-adds are fused.
#if defined(__FMA__) || defined(__aarch64__)
constexpr float TANH_BOUND = 7.99881172180175781f;
#else
constexpr float TANH_BOUND = 7.90531110763549805f;
#endif

// Of x / DIVISOR, a power of two: the coefficients take it without rounding.
template <int DIVISOR>
SLICKEN_INLINE V tanh_of(V x) {
    constexpr float H = 1.0f / DIVISOR, S = H * H;
    x = clamp(x, TANH_BOUND * DIVISOR);
    V s = x * x;
    V p = splat(-2.76076847742355e-16f * S * S * S * S * S * S * H);
    p = p * s + 2.00018790482477e-13f * S * S * S * S * S * H;
    p = p * s - 8.60467152213735e-11f * S * S * S * S * H;
    p = p * s + 5.12229709037114e-08f * S * S * S * H;
    p = p * s + 1.48572235717979e-05f * S * S * H;
    p = p * s + 6.37261928875436e-04f * S * H;
    p = p * s + 4.89352455891786e-03f * H;
    V q = splat(1.19825839466702e-06f * S * S * S);
    q = q * s + 1.18534705686654e-04f * S * S;
    q = q * s + 2.26843463243900e-03f * S;
    q = q * s + 4.89352518554385e-03f;
    return ratio(x * p, q);
}

SLICKEN_INLINE V tanh(V x) { return tanh_of<1>(x); }

SLICKEN_INLINE V sigmoid(V x) { return 0.5f + 0.5f * tanh_of<2>(x); }

#else  // double: for proofs, not for speed

SLICKEN_INLINE V tanh(V x) {
    for (int i = 0; i < VL; i++) x[i] = __builtin_tanh(x[i]);
    return x;
}

SLICKEN_INLINE V sigmoid(V x) {
    for (int i = 0; i < VL; i++) x[i] = 1 / (1 + __builtin_exp(-x[i]));
    return x;
}

#endif

// Vanishing gradients become denormal numbers, which are very slow on x86; here they become zero.
class FlushDenormals {
#if defined(__x86_64__)
    unsigned before_ = _mm_getcsr();

  public:
    FlushDenormals() { _mm_setcsr(before_ | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(before_); }
#elif defined(__aarch64__)
    std::uint64_t before_;

  public:
    FlushDenormals() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" ::"r"(before_ | (std::uint64_t(1) << 24)));
    }
    ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }
#endif
};

// Transposition of VL vectors, in log2(VL) rounds that swap blocks of D.
template <int... I>
struct Places {};
template <int N, int... I>
struct Count : Count<N - 1, N - 1, I...> {};
template <int... I>
struct Count<0, I...> {
    using places = Places<I...>;
};

template <int D, int... I>
SLICKEN_INLINE void swap_blocks(V& a, V& b, Places<I...>) {
#if defined(__clang__) || __GNUC__ >= 12
    V low = __builtin_shufflevector(a, b, ((I & D) ? VL + I - D : I)...);
    V high = __builtin_shufflevector(a, b, ((I & D) ? VL + I : I + D)...);
#else
    using Index = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
    typedef Index VI __attribute__((vector_size(SLICKEN_VECTOR_BYTES)));
    V low = __builtin_shuffle(a, b, VI{((I & D) ? VL + I - D : I)...});
    V high = __builtin_shuffle(a, b, VI{((I & D) ? VL + I : I + D)...});
#endif
    a = low;
    b = high;
}

template <int D = 1>
SLICKEN_INLINE void transpose(V* rows) {
    if constexpr (D < VL) {
#pragma GCC unroll 16
        for (int i = 0; i < VL; i++)
            if (!(i & D)) swap_blocks<D>(rows[i], rows[i + D], typename Count<VL>::places{});
        transpose<2 * D>(rows);
    }
}

// A number known to the compiler, as an argument.
template <int N>
struct Known {
    static constexpr int value = N;
};

// Call f(Known<n>) for an n between 1 and MOST.
template <int MOST, class F>
SLICKEN_INLINE void with_known(int n, F&& f) {
    if constexpr (MOST > 1) {
        if (n < MOST) return with_known<MOST - 1>(n, f);
    }
    f(Known<MOST>{});
}

}  // namespace slicken::SLICKEN_BUILD
