// Matrix products of the three kinds that a recurrent layer and its convolutions need.
//
// "Lanes" hold windows: a quantity of a tile is [row][NV] vectors, NV groups of VL windows each.
// "Dense" arrays are [row][column], as the record of an experiment is, vectors along the columns.
#pragma once

#include "simd.h"

namespace slicken::SLICKEN_BUILD {

// Rows cut into blocks of nearly one size, none above MOST.
struct Blocks {
    int count, larger, size;  // `larger` blocks of size + 1, then blocks of size

    SLICKEN_INLINE static Blocks of(int rows, int most) {
        Blocks b;
        b.count = (rows + most - 1) / most;
        b.size = rows / b.count;
        b.larger = rows - b.count * b.size;
        return b;
    }

    SLICKEN_INLINE int rows(int block) const { return size + (block < larger); }
};

// --- lanes: out[row] (+)= sum over k of w[row][k] x[k] -------------------------------------------

// Rows that a block of accumulators holds.
template <int NV>
constexpr int BLOCK_ROWS = ACCUMULATORS / NV;

// Weights in the order in which the product reads them: block by block, [k][row of the block].
// `weight(row, k)` gives them.
template <int NV, class Weight>
SLICKEN_INLINE void pack(Real* packed, int rows, int depth, Weight weight) {
    Blocks blocks = Blocks::of(rows, BLOCK_ROWS<NV>);
    for (int block = 0, first = 0; block < blocks.count; first += blocks.rows(block++))
        for (int k = 0; k < depth; k++)
            for (int i = 0; i < blocks.rows(block); i++) *packed++ = weight(first + i, k);
}

// Memory that will be wanted next, fetched bit by bit meanwhile.
struct Soon {
    const char* from;
    std::size_t bytes;  // a fetch
};

// The heart: accumulators += w[k][row] x[k].
template <int ROWS, int NV, bool FETCH = false>
SLICKEN_INLINE void multiply_add(V (&sum)[ROWS][NV], const Real* w, const V* x, int depth,
                                 Soon soon = {}) {
#pragma GCC unroll 2
    for (int k = 0; k < depth; k++) {
        V here[NV];
#pragma GCC unroll 4
        for (int n = 0; n < NV; n++) here[n] = x[k * NV + n];
        if constexpr (FETCH) __builtin_prefetch(soon.from + k * soon.bytes, 0, 2);
#pragma GCC unroll 24
        for (int i = 0; i < ROWS; i++) {
            V weight = splat(w[k * ROWS + i]);
#pragma GCC unroll 4
            for (int n = 0; n < NV; n++) sum[i][n] += weight * here[n];
        }
    }
}

// `soon` and `soon_bytes`: memory to fetch meanwhile, or nothing.
template <int NV, bool ADD, bool FETCH = false>
SLICKEN_APART void product(const Real* packed, const V* x, int depth, int rows, V* out,
                           const void* soon = nullptr, std::size_t soon_bytes = 0) {
    Blocks blocks = Blocks::of(rows, BLOCK_ROWS<NV>);
    Soon fetch{static_cast<const char*>(soon), soon_bytes / (std::size_t(blocks.count) * depth)};
    for (int block = 0; block < blocks.count; block++)
        with_known<BLOCK_ROWS<NV>>(blocks.rows(block), [&](auto known) __attribute__((always_inline)) {
            constexpr int ROWS = decltype(known)::value;
            V sum[ROWS][NV];
#pragma GCC unroll 24
            for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
                for (int n = 0; n < NV; n++) sum[i][n] = ADD ? out[i * NV + n] : V{};
            multiply_add<ROWS, NV, FETCH>(sum, packed, x, depth, fetch);
#pragma GCC unroll 24
            for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
                for (int n = 0; n < NV; n++) out[i * NV + n] = sum[i][n];
            packed += std::size_t(ROWS) * depth;
            out += ROWS * NV;
            if constexpr (FETCH) fetch.from += depth * fetch.bytes;
        });
}

// --- dense: out[m] (+)= bias + sum over taps t and columns k of a[m + t][k] b[t][k] --------------

// A convolution over rows; one tap is a plain product. `b` is (taps * depth, columns), in vectors;
// strides of `a` and `out` are in numbers.
struct DenseShape {
    int rows, taps, depth, columns;  // columns in vectors
    std::size_t a_stride, out_stride;
    std::size_t tap_stride;  // from a tap to the next in `a`; a_stride for a convolution
};

template <int ROWS, int COLUMNS, bool ADD, class Last>
SLICKEN_INLINE void dense_block(const DenseShape& s, const Real* a, const V* b, const V* bias,
                                Real* out, Last last) {
    V sum[ROWS][COLUMNS];
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
        for (int j = 0; j < COLUMNS; j++)
            sum[i][j] = ADD ? load(out + i * s.out_stride + j * VL) : bias ? bias[j] : V{};
    for (int tap = 0; tap < s.taps; tap++) {
        const Real* row = a + tap * s.tap_stride;
        for (int k = 0; k < s.depth; k++, b += s.columns) {
            V here[COLUMNS];
#pragma GCC unroll 4
            for (int j = 0; j < COLUMNS; j++) here[j] = b[j];
#pragma GCC unroll 12
            for (int i = 0; i < ROWS; i++) {
                V value = splat(row[i * s.a_stride + k]);
#pragma GCC unroll 4
                for (int j = 0; j < COLUMNS; j++) sum[i][j] += value * here[j];
            }
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
        for (int j = 0; j < COLUMNS; j++)
            store(out + i * s.out_stride + j * VL, last(sum[i][j], i, j));
}

template <int COLUMNS, bool ADD, class Last>
SLICKEN_INLINE void dense_columns(const DenseShape& s, int begin, int end, const Real* a, const V* b,
                                  const V* bias, Real* out, int column, Last last) {
    constexpr int ROWS = least(ACCUMULATORS / COLUMNS, 8);
    int m = begin;
    for (; m + ROWS <= end; m += ROWS)
        dense_block<ROWS, COLUMNS, ADD>(s, a + m * s.a_stride, b, bias, out + m * s.out_stride,
                                        [&](V v, int i, int j) __attribute__((always_inline)) {
                                            return last(v, m + i, column + j);
                                        });
    for (; m < end; m++)
        dense_block<1, COLUMNS, ADD>(s, a + m * s.a_stride, b, bias, out + m * s.out_stride,
                                     [&](V v, int i, int j) __attribute__((always_inline)) {
                                         return last(v, m + i, column + j);
                                     });
}

// Columns that a block takes, and rows whose operands stay in the nearest cache.
constexpr int DENSE_COLUMNS = ACCUMULATORS == 24 ? 4 : 2;
constexpr int DENSE_ROWS = 48;

// `last(value, row, column)` is what is stored in the end, column in vectors.
template <bool ADD, class Last>
SLICKEN_INLINE void dense(const DenseShape& s, const Real* a, const V* b, const V* bias, Real* out,
                          Last last) {
    for (int m = 0; m < s.rows; m += DENSE_ROWS)
        for (int j = 0; j < s.columns; j += DENSE_COLUMNS)
            with_known<DENSE_COLUMNS>(
                least(DENSE_COLUMNS, s.columns - j), [&](auto known) __attribute__((always_inline)) {
                    dense_columns<decltype(known)::value, ADD>(
                        s, m, least(m + DENSE_ROWS, s.rows), a, b + j, bias ? bias + j : nullptr,
                        out + j * VL, j, last);
                });
}

// --- outer: sum[j] += sum over positions of a[position][j] x[position] ---------------------------

// Positions are walked in two loops: `outer` steps of `inner` positions each. Strides of `a` are in
// numbers, those of `x` in vectors; from one inner position to the next, x moves by a whole row.
struct Walk {
    int outer;
    std::size_t a_outer, x_outer;
    int inner;
    std::size_t a_inner;
};

template <int A_ROWS, int ROWS, int COLUMNS>
SLICKEN_INLINE void outer_block(const Walk& walk, const Real* a, const V* x, int columns, V* sum) {
    V total[ROWS][COLUMNS];
#pragma GCC unroll 24
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
        for (int j = 0; j < COLUMNS; j++) total[i][j] = sum[i * columns + j];
    for (int s = 0; s < walk.outer; s++) {
        const Real* value = a + s * walk.a_outer;
        const V* row = x + s * walk.x_outer;
        for (int l = 0; l < walk.inner; l++, value += walk.a_inner, row += columns) {
            V here[COLUMNS];
#pragma GCC unroll 4
            for (int j = 0; j < COLUMNS; j++) here[j] = row[j];
#pragma GCC unroll 24
            for (int i = 0; i < ROWS; i++) {
                V factor = splat(value[i * A_ROWS]);
#pragma GCC unroll 4
                for (int j = 0; j < COLUMNS; j++) total[i][j] += factor * here[j];
            }
        }
    }
#pragma GCC unroll 24
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
        for (int j = 0; j < COLUMNS; j++) sum[i * columns + j] = total[i][j];
}

template <int A_ROWS, int ROWS, int COLUMNS>
SLICKEN_INLINE void outer_rows(const Walk& walk, const Real* a, int rows, const V* x, int columns,
                               V* sum) {
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS)
        outer_block<A_ROWS, ROWS, COLUMNS>(walk, a + i * A_ROWS, x, columns, sum + i * columns);
    if constexpr (ROWS > 1)
        if (i < rows)
            outer_rows<A_ROWS, ROWS / 2, COLUMNS>(walk, a + i * A_ROWS, rows - i, x, columns,
                                                  sum + i * columns);
}

// Neighbouring rows of `a` lie A_ROWS numbers apart; `x` and `sum` have `columns` vectors a row.
template <int A_ROWS>
SLICKEN_APART void outer(const Walk& walk, const Real* a, int rows, const V* x, int columns,
                         V* sum) {
    for (int j = 0; j < columns; j += DENSE_COLUMNS)
        with_known<DENSE_COLUMNS>(
            least(DENSE_COLUMNS, columns - j), [&](auto known) __attribute__((always_inline)) {
                constexpr int COLUMNS = decltype(known)::value;
                outer_rows<A_ROWS, least(ACCUMULATORS / COLUMNS, 12), COLUMNS>(
                    walk, a, rows, x + j, columns, sum + j);
            });
}

}  // namespace slicken::SLICKEN_BUILD
