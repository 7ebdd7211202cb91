// What the engine asks of a tile, and how: plain data between engine.cpp and the builds of tile.cpp.
//
// tile.cpp is compiled once for every instruction set and for float and double. Nothing here may
// have code of its own: a function that two builds share would be linked once, with the
// instructions of either.
#pragma once

#include <cstddef>
#include <cstdint>

namespace slicken {

struct ConvShape {
    int width, in, out;
};

struct GruShape {
    int in, units;
};

struct NetworkShape {
    int drivers;
    int relu;  // whether a rectifier follows each convolution
    int conv_layers;
    const ConvShape* conv;
    int gru_layers;
    const GruShape* gru;
};

enum class Work {
    predict,        // friction
    train,          // friction, and the gradient of a weighted mean square error in all weights
    pull_weights,   // friction, and the gradient of sum(pull * friction) in all weights
    pull_windows,   // friction, and its gradient, times pull, in each window
};

// One network and some of its windows. Arrays of the network follow one another as in
// slicken.learning.network.Network: kernel and bias of each convolution; kernel, recurrent kernel
// and bias of each GRU; dense; offset.
template <class Real>
struct Job {
    Work work;
    const NetworkShape* shape;
    const Real* const* arrays;
    const Real* record;       // drivers, (samples, drivers)
    const std::int32_t* ends;  // of these windows, (windows)
    int windows;               // in this tile, at most its lanes
    const std::int32_t* histories;  // samples of each that count, its last ones; null: all do
    int length;                // samples in a window, L
    const Real* pull;          // (windows); for `train` it is computed here:
    const Real* targets;       // (windows)
    const Real* weights;       // (windows)
    Real total_weight;         // of all windows of this network
    Real* friction;            // out, (windows)
    Real* gradient;            // out, all arrays one after another
    Real* window_gradients;    // out, (windows, length, drivers)
    void* scratch;             // scratch_bytes() of it
};

// One build. A tile is `vectors` (1 or 2) groups of `lanes` windows; results do not depend on
// which of the two computed them, only on the groups.
template <class Real>
struct Build {
    int lanes;
    std::size_t (*scratch_bytes)(const NetworkShape&, Work, int length, int vectors);
    std::uint64_t (*run)(const Job<Real>&, int vectors);  // gives the multiply-adds it did
};

// Builds that were compiled, by name; each is defined by its build of tile.cpp.
#define SLICKEN_DECLARE(isa)                     \
    extern const Build<float> build_##isa##_float; \
    extern const Build<double> build_##isa##_double;
SLICKEN_DECLARE(avx512)
SLICKEN_DECLARE(avx2)
SLICKEN_DECLARE(baseline)
SLICKEN_DECLARE(neon)
#undef SLICKEN_DECLARE

}  // namespace slicken
