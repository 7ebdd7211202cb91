#include "ensemble.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

#include "arena.h"
#include "pool.h"

namespace slicken {
namespace {

struct InstructionSet {
    const char* name;
    bool usable;
    const Build<float>* in_float;
    const Build<double>* in_double;
};

#define SLICKEN_ENTRY(isa, usable) {#isa, usable, &build_##isa##_float, &build_##isa##_double},

// Best first.
const std::vector<InstructionSet>& instruction_sets() {
    static const std::vector<InstructionSet> all = {
#if defined(SLICKEN_WITH_AVX512)
        SLICKEN_ENTRY(avx512, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                                  __builtin_cpu_supports("avx512vl"))
#endif
#if defined(SLICKEN_WITH_AVX2)
        SLICKEN_ENTRY(avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                                __builtin_cpu_supports("bmi2"))
#endif
#if defined(SLICKEN_WITH_BASELINE)
        SLICKEN_ENTRY(baseline, true)
#endif
#if defined(SLICKEN_WITH_NEON)
        SLICKEN_ENTRY(neon, true)
#endif
    };
    return all;
}

const InstructionSet* find_instruction_set(const std::string& name) {
    for (const InstructionSet& one : instruction_sets())
        if (one.usable && (name.empty() || name == one.name)) return &one;
    return nullptr;
}

std::atomic<const InstructionSet*>& chosen() {
    static std::atomic<const InstructionSet*> one{find_instruction_set("")};
    return one;
}

template <class Real>
const Build<Real>& build_of(const InstructionSet& set);
template <>
const Build<float>& build_of(const InstructionSet& set) {
    return *set.in_float;
}
template <>
const Build<double>& build_of(const InstructionSet& set) {
    return *set.in_double;
}

std::atomic<std::uint64_t> done{0};

// A tile: of a run, one or two groups of lanes.
struct Tile {
    int run, group, groups;
};

// Time of a group in a narrow tile over that in a wide one; measured, not computed.
constexpr double NARROW = 1.1;

template <class Real>
int longest_history(const Ensemble<Real>& e, int run, int group, int lanes) {
    const std::int32_t* of_run = e.histories + std::size_t(run) * e.windows;
    return *std::max_element(of_run + group * lanes,
                             of_run + std::min((group + 1) * lanes, e.windows));
}

// Whether two groups apart, each with the steps of its own longest history, take less time.
template <class Real>
bool better_apart(const Ensemble<Real>& e, int run, int group, int lanes) {
    if (!e.histories) return false;
    int one = longest_history(e, run, group, lanes);
    int other = longest_history(e, run, group + 1, lanes);
    return NARROW * (one + other) < 2 * std::max(one, other);
}

// All tiles, run after run. Wide ones are quicker, narrow ones are more. Which of the two does not
// show in the numbers, so the choice may depend on the threads.
template <class Real>
std::vector<Tile> tiles_of(const Ensemble<Real>& e, int lanes) {
    int groups = (e.windows + lanes - 1) / lanes, wide = (groups + 1) / 2;
    bool paired = e.runs * wide >= e.threads;
    std::vector<Tile> tiles;
    for (int run = 0; run < e.runs; run++)
        for (int group = 0; group < groups; group += 2) {
            bool two = group + 1 < groups;
            if (two && paired && !better_apart(e, run, group, lanes)) {
                tiles.push_back({run, group, 2});
                continue;
            }
            tiles.push_back({run, group, 1});
            if (two) tiles.push_back({run, group + 1, 1});
        }
    return tiles;
}

template <class Real>
std::string complaint(const Ensemble<Real>& e) {
    const NetworkShape& s = e.shape;
    int seen = 1;
    for (int l = 0; l < s.conv_layers; l++) seen += s.conv[l].width - 1;
    if (e.length < seen) return "a window is shorter than what one step needs";
    for (std::int64_t i = 0; i < std::int64_t(e.runs) * e.windows; i++) {
        int history = e.histories ? e.histories[i] : e.length;
        if (history < seen) return "a history is shorter than what one step needs";
        if (history > e.length) return "a history is longer than its window";
        if (e.ends[i] < history - 1 || e.ends[i] >= e.samples)
            return "a window reaches beyond the record";
    }
    return "";
}

// The sum of the parts of one run, one part a tile: pairs of groups first, as a wide tile adds its
// own.
template <class Real>
void add_parts(const Ensemble<Real>& e, const std::vector<Tile>& tiles, std::size_t size, int run,
               Real* parts) {
    auto of_run = [&](const Tile& tile) { return tile.run == run; };
    std::size_t first = std::find_if(tiles.begin(), tiles.end(), of_run) - tiles.begin();
    std::size_t end = first + std::count_if(tiles.begin(), tiles.end(), of_run);
    auto add = [&](std::size_t to, std::size_t from) {
        for (std::size_t i = 0; i < size; i++) parts[to * size + i] += parts[from * size + i];
    };
    for (std::size_t tile = first + 1; tile < end; tile++)
        if (tiles[tile].group % 2) add(tile - 1, tile);
    for (std::size_t tile = first + 1; tile < end; tile++)
        if (tiles[tile].group % 2 == 0) add(first, tile);
    const Real* from = parts + first * size;
    for (std::size_t a = 0; a < e.sizes.size(); a++)
        for (std::size_t i = 0; i < e.sizes[a]; i++) e.gradients[a][run * e.sizes[a] + i] = *from++;
}

template <class Real>
Real loss_of(const Ensemble<Real>& e, const Real* friction, int run, Real total_weight) {
    Real total = 0;
    for (std::size_t i = std::size_t(run) * e.windows; i < std::size_t(run + 1) * e.windows; i++) {
        Real error = friction[i] - e.targets[i];
        total += e.weights[i] * error * error;
    }
    return total / total_weight;
}

}  // namespace

const char* instruction_set() { return chosen().load()->name; }

bool use_instruction_set(const std::string& name) {
    const InstructionSet* found = find_instruction_set(name);
    if (found) chosen() = found;
    return found;
}

std::uint64_t multiply_adds() { return done; }

template <class Real>
std::size_t task_bytes(const NetworkShape& shape, Work work, int length) {
    return build_of<Real>(*chosen().load()).scratch_bytes(shape, work, length, 2);
}

// Without windows: no gradient, and a mean of nothing, which is no number.
template <class Real>
void compute_nothing(const Ensemble<Real>& e) {
    Real nothing = e.work == Work::train ? std::numeric_limits<Real>::quiet_NaN() : Real(0);
    for (std::size_t a = 0; a < e.gradients.size(); a++)
        std::fill_n(e.gradients[a], std::size_t(e.runs) * e.sizes[a], nothing);
    if (e.losses) std::fill_n(e.losses, e.runs, nothing);
}

template <class Real>
std::string compute(const Ensemble<Real>& e) {
    if (e.runs == 0 || e.windows == 0) {
        compute_nothing(e);
        return "";
    }
    if (std::string wrong = complaint(e); !wrong.empty()) return wrong;
    const Build<Real>& build = build_of<Real>(*chosen().load());
    std::vector<Tile> tiles = tiles_of(e, build.lanes);
    bool wide = std::any_of(tiles.begin(), tiles.end(), [](const Tile& t) { return t.groups == 2; });
    bool weights_too = e.work == Work::train || e.work == Work::pull_weights;
    std::size_t size = 0;
    for (std::size_t s : e.sizes) size += s;
    std::size_t scratch = build.scratch_bytes(e.shape, e.work, e.length, wide ? 2 : 1);
    std::vector<Real> parts, unseen, total_weight(e.runs, Real(0));
    if (weights_too) parts.resize(tiles.size() * size);
    Real* friction = e.friction;
    if (!friction) {
        unseen.resize(std::size_t(e.runs) * e.windows);
        friction = unseen.data();
    }
    if (e.work == Work::train)
        for (std::size_t i = 0; i < std::size_t(e.runs) * e.windows; i++)
            total_weight[i / e.windows] += e.weights[i];
    std::atomic<bool> no_memory{false};

    auto tile_of = [&](int task) {
        const Tile& tile = tiles[std::size_t(task)];
        int run = tile.run, first = tile.group * build.lanes;
        int count = std::min(tile.groups * build.lanes, e.windows - first);
        std::size_t at = std::size_t(run) * e.windows + first;
        std::vector<const Real*> arrays(e.arrays.size());
        for (std::size_t a = 0; a < arrays.size(); a++) arrays[a] = e.arrays[a] + run * e.sizes[a];
        std::size_t window = std::size_t(e.length) * e.shape.drivers;
        Job<Real> job{};
        job.work = e.work;
        job.shape = &e.shape;
        job.arrays = arrays.data();
        job.record = e.record;
        job.ends = e.ends + at;
        if (e.histories) job.histories = e.histories + at;
        job.windows = count;
        job.length = e.length;
        if (e.pull) job.pull = e.pull + at;
        if (e.work == Work::train) {
            job.targets = e.targets + at;
            job.weights = e.weights + at;
            job.total_weight = total_weight[run];
        }
        job.friction = friction + at;
        if (weights_too) job.gradient = parts.data() + std::size_t(task) * size;
        if (e.window_gradients) job.window_gradients = e.window_gradients + at * window;
        Arena arena(scratch);
        job.scratch = arena.memory();
        done += build.run(job, tile.groups);
    };
    auto guarded = [&](int task) {
        try {
            if (!no_memory) tile_of(task);
        } catch (const std::bad_alloc&) {
            no_memory = true;
        }
    };
    int helpers = e.threads - 1;
    in_parallel(int(tiles.size()), helpers, guarded);
    if (no_memory) throw std::bad_alloc();
    if (weights_too)
        in_parallel(e.runs, helpers,
                    [&](int run) { add_parts(e, tiles, size, run, parts.data()); });
    if (e.work == Work::train)
        for (int run = 0; run < e.runs; run++)
            e.losses[run] = loss_of(e, friction, run, total_weight[run]);
    return "";
}

template std::string compute(const Ensemble<float>&);
template std::string compute(const Ensemble<double>&);
template std::size_t task_bytes<float>(const NetworkShape&, Work, int);
template std::size_t task_bytes<double>(const NetworkShape&, Work, int);

}  // namespace slicken
