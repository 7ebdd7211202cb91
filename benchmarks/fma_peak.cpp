// FMA peak: the most float32 multiply-adds that all cores do at once, out of registers.
//
//     fma_peak SECONDS    prints 1e9 operations per second, two for each multiply-add

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

#if defined(__AVX512F__)
constexpr std::size_t bytes = 64, chains = 24;  // of 32 registers
#elif defined(__AVX__)
constexpr std::size_t bytes = 32, chains = 12;  // of 16 registers
#elif defined(__aarch64__)
constexpr std::size_t bytes = 16, chains = 24;
#else
constexpr std::size_t bytes = 16, chains = 12;
#endif

using Vector = float __attribute__((vector_size(bytes)));
using Clock = std::chrono::steady_clock;

constexpr std::size_t lanes = bytes / sizeof(float);
constexpr long sweeps = 100000;

// Independent chains hide the latency of a multiply-add; compilers fuse x * a + b by default.
template <std::size_t... I>
void advance(std::array<Vector, chains>& x, Vector a, Vector b, std::index_sequence<I...>) {
    ((x[I] = x[I] * a + b), ...);
}

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

double rate_of_one_thread(double seconds) {
    volatile float factor = 0.5f, summand = 0.25f;  // the compiler must not know them
    const Vector a = Vector{} + factor, b = Vector{} + summand;
    std::array<Vector, chains> x{};
    double operations = 0, spent = 0;
    const auto began = Clock::now();
    do {
        std::array<Vector, chains> held = x;  // a local copy stays in registers
        for (long sweep = 0; sweep < sweeps; ++sweep)
            advance(held, a, b, std::make_index_sequence<chains>{});
        x = held;
        operations += 2.0 * sweeps * chains * lanes;
        spent = seconds_since(began);
    } while (spent < seconds);
    volatile float sink = 0;
    for (const Vector& chain : x) sink = sink + chain[0];
    return operations / spent / 1e9;
}

unsigned cores() {
#ifdef __linux__
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
    const unsigned all = std::thread::hardware_concurrency();
    return all ? all : 1;
}

int main(int count, char** words) {
    const double seconds = count > 1 ? std::atof(words[1]) : 1.0;
    std::vector<double> rates(cores());
    std::vector<std::thread> threads;
    for (double& rate : rates)
        threads.emplace_back([&rate, seconds] { rate = rate_of_one_thread(seconds); });
    double sum = 0;
    for (std::size_t i = 0; i < rates.size(); ++i) {
        threads[i].join();
        sum += rates[i];
    }
    std::printf("%.1f\n", sum);
}
