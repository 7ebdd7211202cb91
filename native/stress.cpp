// The engine without Python, for the sanitizers: random shapes, several callers, guarded arrays.
//
// Every call is made with several numbers of threads, which decide how wide the tiles are, and with
// as many callers at once. All must give the same bits, write nothing beside their results, and
// leave what they were given as it was. `stress [cases]`; the same cases every time.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ensemble.h"

namespace {

using slicken::ConvShape;
using slicken::Ensemble;
using slicken::GruShape;
using slicken::Work;

using Random = std::mt19937;

// Other than uniform_int_distribution, the same wherever it is compiled.
int between(Random& random, int low, int high) {
    return low + int(random() % unsigned(high - low + 1));
}

[[noreturn]] void fail(const std::string& what, int number) {
    std::fprintf(stderr, "stress: %s in case %d with %s\n", what.c_str(), number,
                 slicken::instruction_set());
    std::exit(1);
}

// An array on the heap, cut to measure, so that AddressSanitizer sees its ends; and with guards of
// its own, for other builds.
template <class Real>
class Guarded {
    static constexpr std::size_t GUARD = 16;
    std::vector<Real> all_;

  public:
    explicit Guarded(std::size_t size) : all_(size + 2 * GUARD, Real(1234.5)) {
        std::fill_n(data(), size, std::numeric_limits<Real>::quiet_NaN());
    }

    Real* data() { return all_.data() + GUARD; }
    const Real* data() const { return all_.data() + GUARD; }
    std::size_t size() const { return all_.size() - 2 * GUARD; }

    bool kept_its_guards() const {
        for (std::size_t i = 0; i < GUARD; i++)
            if (all_[i] != Real(1234.5) || all_[all_.size() - 1 - i] != Real(1234.5)) return false;
        return true;
    }

    bool same_bits(const Guarded& other) const {
        return size() == other.size() && !std::memcmp(data(), other.data(), size() * sizeof(Real));
    }

    bool finite() const {
        return std::all_of(data(), data() + size(), [](Real x) { return std::isfinite(x); });
    }
};

// What a call is given: one network after another, as JAX has them.
template <class Real>
struct Case {
    std::vector<ConvShape> conv;
    std::vector<GruShape> gru;
    std::vector<std::vector<Real>> arrays;
    std::vector<std::size_t> sizes;
    std::vector<Real> record, targets, weights, pull;
    std::vector<std::int32_t> ends, histories;
    int drivers, relu, runs, windows, length, shortest, samples;

    explicit Case(Random& random) {
        drivers = between(random, 1, 5);
        relu = between(random, 0, 1);
        runs = between(random, 1, 3);
        windows = between(random, 1, between(random, 1, 70));
        int channels = drivers, reach = 0;
        static const int filters[] = {1, 2, 3, 7, 16, 17, 33};
        static const int units[] = {1, 2, 7, 8, 16, 19, 33};
        for (int l = between(random, 0, 3); l > 0; l--) {
            int width = between(random, 1, 4), out = filters[between(random, 0, 6)];
            conv.push_back({width, channels, out});
            add(random, std::size_t(width) * channels * out, width * channels);
            add(random, out, 10);
            channels = out;
            reach += width - 1;
        }
        for (int l = between(random, 1, 4); l > 0; l--) {
            int size = units[between(random, 0, 6)];
            gru.push_back({channels, size});
            add(random, std::size_t(3) * size * channels, channels);
            add(random, std::size_t(3) * size * size, size);
            add(random, std::size_t(6) * size, 10);
            channels = size;
        }
        add(random, channels, channels);
        add(random, 1, 1);
        shortest = reach + 1;
        length = reach + between(random, 1, 9);
        samples = length + between(random, 0, 60);
        // No reserve beyond: a read past the record is past the heap's block.
        record = numbers(random, std::size_t(samples) * drivers, 1);
        std::size_t all = std::size_t(runs) * windows;
        targets = numbers(random, all, 1);
        weights = numbers(random, all, 1);
        for (Real& w : weights) w = std::abs(w) + Real(0.1);
        pull = numbers(random, all, 1);
        for (std::size_t i = 0; i < all; i++) ends.push_back(between(random, length - 1, samples - 1));
        ends[0] = length - 1;
        ends[all - 1] = samples - 1;
        draw_histories(random);
    }

    bool operator==(const Case& other) const {
        return arrays == other.arrays && record == other.record && targets == other.targets &&
               weights == other.weights && pull == other.pull && ends == other.ends &&
               histories == other.histories;
    }

  private:
    static std::vector<Real> numbers(Random& random, std::size_t count, int fan) {
        std::vector<Real> all(count);
        for (Real& x : all) x = Real(between(random, -1000, 1000) / 577.0 / std::sqrt(double(fan)));
        return all;
    }

    // None in one case of three; in another, sorted within each run, so that the groups of a tile
    // differ most. The first window then begins with the record, however short its history.
    void draw_histories(Random& random) {
        int kind = between(random, 0, 2);
        for (std::size_t i = 0; kind && i < ends.size(); i++)
            histories.push_back(between(random, shortest, length));
        for (int run = 0; kind == 2 && run < runs; run++)
            std::sort(histories.begin() + run * windows, histories.begin() + (run + 1) * windows,
                      std::greater<>());
        if (kind) ends[0] = histories[0] - 1;
    }

    void add(Random& random, std::size_t size, int fan) {
        sizes.push_back(size);
        arrays.push_back(numbers(random, size * std::size_t(runs), fan));
    }
};

// What a call gives.
template <class Real>
struct Answer {
    std::vector<Guarded<Real>> arrays;
    std::string words;
};

template <class Real>
Answer<Real> answer(const Case<Real>& given, Work work, int threads) {
    Ensemble<Real> e{};
    e.work = work;
    e.shape = {given.drivers, given.relu, int(given.conv.size()), given.conv.data(),
               int(given.gru.size()), given.gru.data()};
    e.runs = given.runs;
    e.windows = given.windows;
    e.length = given.length;
    e.threads = threads;
    e.samples = given.samples;
    e.record = given.record.data();
    e.ends = given.ends.data();
    if (!given.histories.empty()) e.histories = given.histories.data();
    for (const std::vector<Real>& array : given.arrays) e.arrays.push_back(array.data());
    e.sizes = given.sizes;
    Answer<Real> found;
    std::size_t all = std::size_t(given.runs) * given.windows;
    found.arrays.reserve(given.arrays.size() + 2);
    auto room = [&](std::size_t size) {
        found.arrays.emplace_back(size);
        return found.arrays.back().data();
    };
    if (work == Work::train) {
        e.targets = given.targets.data();
        e.weights = given.weights.data();
        e.losses = room(std::size_t(given.runs));
    } else if (work != Work::predict) {
        e.pull = given.pull.data();
    }
    if (work == Work::predict || work == Work::pull_windows) e.friction = room(all);
    if (work == Work::pull_windows)
        e.window_gradients = room(all * std::size_t(given.length) * std::size_t(given.drivers));
    if (work == Work::train || work == Work::pull_weights)
        for (std::size_t size : given.sizes)
            e.gradients.push_back(room(size * std::size_t(given.runs)));
    found.words = slicken::compute(e);
    return found;
}

template <class Real>
void compare(const Answer<Real>& one, const Answer<Real>& other, int number) {
    if (one.words != other.words) fail("other words: " + other.words, number);
    for (std::size_t a = 0; a < one.arrays.size(); a++)
        if (!one.arrays[a].same_bits(other.arrays[a])) fail("other bits", number);
}

template <class Real>
void check(const Answer<Real>& found, int number) {
    if (!found.words.empty()) fail(found.words, number);
    for (const Guarded<Real>& array : found.arrays) {
        if (!array.kept_its_guards()) fail("a write beside the results", number);
        if (!array.finite()) fail("a result that was not written, or is no number", number);
    }
}

constexpr Work WORKS[] = {Work::predict, Work::train, Work::pull_weights, Work::pull_windows};

// One case: alone on one thread; on several; several callers, each with another work, at once.
template <class Real>
int drive(Random& random, int number) {
    const Case<Real> given(random);
    const Case<Real> before = given;
    std::vector<Answer<Real>> alone;
    int calls = 0;
    for (Work work : WORKS) {
        alone.push_back(answer(given, work, 1));
        check(alone.back(), number);
        int threads = between(random, 2, 5);
        Answer<Real> helped = answer(given, work, threads);
        check(helped, number);
        compare(alone.back(), helped, number);
        // More threads than wide tiles: the tiles are narrow.
        compare(alone.back(), answer(given, work, given.windows + 1), number);
        calls += 3;
    }
    std::vector<Answer<Real>> at_once(4);
    std::vector<std::thread> callers;
    int threads = between(random, 1, 3);
    for (std::size_t i = 0; i < at_once.size(); i++)
        callers.emplace_back([&, i] { at_once[i] = answer(given, WORKS[i], threads); });
    for (std::thread& caller : callers) caller.join();
    for (std::size_t i = 0; i < at_once.size(); i++) {
        check(at_once[i], number);
        compare(alone[i], at_once[i], number);
    }
    Case<Real> beyond = given;
    beyond.ends[std::size_t(between(random, 0, int(beyond.ends.size()) - 1))] = beyond.samples;
    if (answer(beyond, Work::train, 2).words.empty()) fail("a window beyond the record", number);
    for (int history : {given.shortest - 1, given.length + 1}) {
        Case<Real> wrong = given;
        wrong.histories.assign(given.ends.size(), given.shortest);
        wrong.histories.back() = history;
        if (answer(wrong, Work::train, 2).words.empty()) fail("a history out of range", number);
    }
    if (!(given == before)) fail("a write to what was given", number);
    return calls + 7;
}

}  // namespace

int main(int count, char** words) {
    int cases = count > 1 ? std::atoi(words[1]) : 60, calls = 0;
    std::string sets;
    for (const char* set : {"avx512", "avx2", "baseline", "neon"}) {
        if (!slicken::use_instruction_set(set)) continue;
        sets += std::string(sets.empty() ? "" : ", ") + set;
        Random random(20240);
        for (int i = 0; i < cases; i++)
            calls += i % 3 ? drive<float>(random, i) : drive<double>(random, i);
    }
    std::printf("stress: %d cases, %d calls, %.1f million multiply-adds with %s; all as it should be\n",
                cases, calls, double(slicken::multiply_adds()) / 1e6, sets.c_str());
}
