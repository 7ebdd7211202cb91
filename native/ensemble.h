// The hot operation over an ensemble: every network on windows of its own, cut into tiles.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tile.h"

namespace slicken {

// Arrays as JAX hands them over, row-major; those of the networks have a leading axis of runs.
template <class Real>
struct Ensemble {
    Work work;
    NetworkShape shape;
    int runs, windows, length, threads;
    std::int64_t samples;
    const Real* record;                // (samples, drivers)
    const std::int32_t* ends;          // (runs, windows)
    const std::int32_t* histories;     // likewise: samples of each that count, or null where all do
    std::vector<const Real*> arrays;   // of the networks
    std::vector<std::size_t> sizes;    // of one network's arrays
    const Real* targets = nullptr;     // (runs, windows), for Work::train
    const Real* weights = nullptr;     // likewise
    const Real* pull = nullptr;        // likewise, for Work::pull_*
    Real* losses = nullptr;            // (runs), for Work::train
    Real* friction = nullptr;          // (runs, windows), or null
    std::vector<Real*> gradients;      // as `arrays`, for Work::train and Work::pull_weights
    Real* window_gradients = nullptr;  // (runs, windows, length, drivers), for Work::pull_windows
};

// An empty string, or what is wrong with the arguments. Throws std::bad_alloc.
template <class Real>
std::string compute(const Ensemble<Real>& ensemble);

extern template std::string compute(const Ensemble<float>&);
extern template std::string compute(const Ensemble<double>&);

// The instruction set in use; the best that was built and that the processor has, unless another
// was asked for.
const char* instruction_set();

// Use another one; false if it was not built or the processor lacks it.
bool use_instruction_set(const std::string& name);

// Multiply-adds since the process began, without those spent on padding.
std::uint64_t multiply_adds();

// Bytes that one task takes at most.
template <class Real>
std::size_t task_bytes(const NetworkShape& shape, Work work, int length);

extern template std::size_t task_bytes<float>(const NetworkShape&, Work, int);
extern template std::size_t task_bytes<double>(const NetworkShape&, Work, int);

}  // namespace slicken
