// A tile: one network over up to two groups of windows, from the record to the gradients.
//
// Every group's sums are its own: the groups are added afterwards. So the numbers do not depend on
// whether one task takes a group or two.
#include "tile.h"

#include "recurrent.h"

namespace slicken::SLICKEN_BUILD {

template <int NV>
struct Tile {
    static constexpr int LANES = NV * VL;

    const NetworkShape* shape;
    int arrays;
    std::size_t* offset;  // of each array in a gradient
    Real* zeros;          // what a lane without a window takes from the front
    int history[LANES];   // of each window, in samples
    int start[LANES];     // the step with which it begins
    Front front[NV];
    Stretches where[NV], apart[NV];
    Recurrent<NV> recurrent;

    void carve(Carver& from, const NetworkShape& s, Work work, int length) {
        shape = &s;
        arrays = 2 * s.conv_layers + 3 * s.gru_layers + 2;
        offset = from.take<std::size_t>(arrays);
        zeros = from.take<Real>(round_up(3 * s.gru[0].units, VL));
        for (int n = 0; n < NV; n++)
            front[n].carve(from, s, work, length, n ? &front[0] : nullptr);
        recurrent.carve(from, s, work, front[0].steps);
    }

    void find_offsets() {
        std::size_t at = 0;
        int array = 0;
        auto place = [&](std::size_t size) {
            offset[array++] = at;
            at += size;
        };
        for (int l = 0; l < shape->conv_layers; l++) {
            const ConvShape& c = shape->conv[l];
            place(std::size_t(c.width) * c.in * c.out);
            place(c.out);
        }
        for (int l = 0; l < shape->gru_layers; l++) {
            std::size_t units = shape->gru[l].units;
            place(3 * units * shape->gru[l].in);
            place(3 * units * units);
            place(6 * units);
        }
        place(shape->gru[shape->gru_layers - 1].units);
        place(1);
    }

    // The tile begins with its longest history. Lanes without a window never wait.
    void find_starts(const Job<Real>& job) {
        for (int i = 0; i < LANES; i++) {
            bool shorter = job.histories && i < job.windows;
            history[i] = shorter ? job.histories[i] : front[0].length;
            start[i] = front[0].length - history[i];
        }
        recurrent.begin_at(start);
    }

    void forward(const Job<Real>& job) {
        front[0].load(job.arrays);
        clear(zeros, round_up(3 * shape->gru[0].units, VL));
        const Real* row[LANES];
        std::ptrdiff_t stride[LANES];
        for (int n = 0; n < NV; n++) {
            int windows = most(0, least(VL, job.windows - n * VL));
            where[n].find(job.ends + n * VL, history + n * VL, windows, front[n].reach, true);
            front[n].forward(job.record, where[n]);
            for (int i = 0; i < VL; i++) {
                bool used = i < windows;
                std::ptrdiff_t size = front[n].top().stride();
                row[n * VL + i] = used ? front[n].projected() + where[n].window_base[i] * size : zeros;
                stride[n * VL + i] = used ? size : 0;
            }
        }
        const Real* const* gru = job.arrays + 2 * shape->conv_layers;
        switch (recurrent.keep) {
            case NOTHING:
                recurrent.template forward<NOTHING>(gru, row, stride);
                break;
            case NEAR:
                recurrent.template forward<NEAR>(gru, row, stride);
                break;
            case FAR:
                recurrent.template forward<FAR>(gru, row, stride);
        }
        const Real* dense = job.arrays[arrays - 2];
        V friction[NV];
        for (V& f : friction) f = splat(*job.arrays[arrays - 1]);
        const V* last = recurrent.last_state();
        for (int u = 0; u < shape->gru[shape->gru_layers - 1].units; u++)
            for (int n = 0; n < NV; n++) friction[n] += dense[u] * last[u * NV + n];
        for (int i = 0; i < job.windows; i++) job.friction[i] = friction[i / VL][i % VL];
    }

    void pull_of(const Job<Real>& job, V (&pull)[NV]) const {
        for (V& p : pull) p = V{};
        for (int i = 0; i < job.windows; i++)
            pull[i / VL][i % VL] =
                job.work == Work::train
                    ? 2 * job.weights[i] * (job.friction[i] - job.targets[i]) / job.total_weight
                    : job.pull[i];
    }

    template <bool WEIGHTS>
    void back(const Job<Real>& job) {
        V pull[NV];
        pull_of(job, pull);
        const Real* const* gru = job.arrays + 2 * shape->conv_layers;
        const std::size_t* gru_offset = offset + 2 * shape->conv_layers;
        Real* row[LANES];
        bool alone[LANES];
        std::ptrdiff_t stride = front[0].top().stride();
        for (int n = 0; n < NV; n++) {
            int windows = most(0, least(VL, job.windows - n * VL));
            apart[n].find(job.ends + n * VL, history + n * VL, windows, front[n].reach, WEIGHTS);
            front[n].clear_gate_gradient(apart[n]);
            for (int i = 0; i < VL; i++) {
                bool used = i < windows;
                int steps = history[n * VL + i] - front[n].reach;
                std::ptrdiff_t last = used ? apart[n].window_base[i] + steps - 1 : 0;
                row[n * VL + i] = used ? front[n].gate_gradient + last * stride : nullptr;
                alone[n * VL + i] = used && apart[n].alone[i];
            }
        }
        recurrent.template back<WEIGHTS>(
            gru, pull, job.arrays[arrays - 2], row, alone, stride, [&](int l) {
                for (int n = 0; n < NV; n++)
                    recurrent.emit(l, n, job.gradient, gru_offset + 3 * l, n > 0);
            });
        for (int n = 0; n < NV; n++) front[n].clear_dead(apart[n], recurrent.dead[0]);
        if (WEIGHTS) {
            const V* last = recurrent.last_state();
            for (int n = 0; n < NV; n++) {
                if (front[n].composed) give_bias(n);
                front[n].pull_weights(job.record, where[n], job.gradient, offset, n > 0);
                for (int u = 0; u < shape->gru[shape->gru_layers - 1].units; u++)
                    put(job.gradient[offset[arrays - 2] + u], sum(pull[n] * last[u * NV + n]), n > 0);
                put(job.gradient[offset[arrays - 1]], sum(pull[n]), n > 0);
            }
        } else {
            for (int i = 0; i < job.windows; i++) {
                std::size_t older = std::size_t(job.length - history[i]) * shape->drivers;
                Real* gradient =
                    job.window_gradients + std::size_t(i) * job.length * shape->drivers;
                clear(gradient, older);
                int dead = most(0, recurrent.dead[0] - start[i]);
                front[i / VL].pull_window(where[i / VL], i % VL, apart[i / VL].window_base[i % VL],
                                          history[i], dead, gradient + older);
            }
        }
    }

    std::uint64_t multiply_adds(const Job<Real>& job) const {
        std::uint64_t total = recurrent.multiply_adds(job.work, job.windows);
        for (int n = 0; n < NV; n++)
            total += front[n].multiply_adds(where[n], job.work, least(VL, job.windows - n * VL));
        return total;
    }

    // The composed front needs its bias gradient to take it apart.
    void give_bias(int n) const {
        int columns = 3 * shape->gru[0].units;
        Real* to = reinterpret_cast<Real*>(front[n].top().bias_gradient);
        clear(to, round_up(columns, VL));
        for (int q = 0; q < columns; q++) to[q] = sum(recurrent.bias_gradient[q * NV + n]);
    }
};

static int longest_history(const Job<Real>& job) {
    if (!job.histories) return job.length;
    int longest = 0;
    for (int i = 0; i < job.windows; i++) longest = most(longest, int(job.histories[i]));
    return longest;
}

template <int NV>
static std::uint64_t run_tile(const Job<Real>& job) {
    FlushDenormals here;
    Carver from(job.scratch);
    Tile<NV> tile;
    tile.carve(from, *job.shape, job.work, longest_history(job));
    tile.find_offsets();
    tile.find_starts(job);
    tile.forward(job);
    if (job.work == Work::pull_windows)
        tile.template back<false>(job);
    else if (job.work != Work::predict)
        tile.template back<true>(job);
    return tile.multiply_adds(job);
}

static std::uint64_t run(const Job<Real>& job, int vectors) {
    return vectors == 1 ? run_tile<1>(job) : run_tile<2>(job);
}

template <int NV>
static std::size_t measure(const NetworkShape& shape, Work work, int length) {
    Carver from(nullptr);
    Tile<NV> tile;
    tile.carve(from, shape, work, length);
    return from.used();
}

static std::size_t scratch_bytes(const NetworkShape& shape, Work work, int length, int vectors) {
    return vectors == 1 ? measure<1>(shape, work, length) : measure<2>(shape, work, length);
}

}  // namespace slicken::SLICKEN_BUILD

namespace slicken {
extern const Build<SLICKEN_REAL> SLICKEN_GLUE(build, SLICKEN_BUILD) = {
    SLICKEN_BUILD::VL, SLICKEN_BUILD::scratch_bytes, SLICKEN_BUILD::run};
}
