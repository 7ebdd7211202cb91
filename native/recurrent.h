// The GRU layers over a tile, forward and back through time.
//
// A layer goes over all steps before the next one begins. Quantities of a step are [unit][NV]
// vectors, so a window stays in its lane from the first step to the last.
#pragma once

#include "front.h"

namespace slicken::SLICKEN_BUILD {

// What a step leaves for the way back, for each unit: [4][NV].
enum Kept { INNER, RESET, UPDATE, CANDIDATE, KEPT };

// Where that goes: nowhere, if there is no way back; to the caches, or past them if it is too much.
enum Keep { NOTHING, NEAR, FAR };

// Bytes of a task above which they are kept far. A share of the outer cache; measured, not computed.
constexpr std::size_t NEAR_BYTES = std::size_t(8) << 20;

template <Keep KEEP>
SLICKEN_INLINE void put_by(V* to, V v) {
    if constexpr (KEEP == NEAR) *to = v;
    if constexpr (KEEP == FAR) stream(to, v);
}

// Gradients of a step's gates, in rows: (CANDIDATE_GATE, UPDATE_GATE, RESET_GATE) go to the layer's
// input, (UPDATE_GATE, RESET_GATE, INNER_GATE) to the state before.
enum GateRow { CANDIDATE_GATE, UPDATE_GATE, RESET_GATE, INNER_GATE, GATE_ROWS };

// Steps whose weight gradients are formed together.
constexpr int CHUNK = 4;

template <int NV>
struct Recurrent {
    static constexpr int UNITS = ACCUMULATORS / (3 * NV);  // whose gates fill the accumulators
    static constexpr int LANES = NV * VL;

    const NetworkShape* shape;
    int steps;
    const int* start;  // of each lane, the step with which its history begins
    int latest;        // of these
    V begins[NV];      // the same as `start`
    Keep keep;

    V** state;        // of each layer, (steps + 1, units, NV), the first at zero
    V** kept;         // of each layer, (steps, units, KEPT, NV)
    V* projected;     // of one step: what the first layer takes from the front
    Real* packed;     // weights of a layer on the way forward
    Real* bias;       // (4, units): update, reset, candidate, inner
    Real* into_state;  // packed recurrent kernel for the way back
    Real* into_input;  // packed kernel for the way back
    V* carried;       // gradient in the state, on its way to the step before
    V* down;          // gradients in the outputs of the layer below, (steps, units, NV)
    V* gates;         // of the steps of a chunk
    V* before_by_lane;  // states before, one window a row
    V* input_by_lane;
    V* kernel_gradient[NV];     // of each group, (3 units, vectors of inputs)
    V* recurrent_gradient[NV];  // (3 units, vectors of units)
    V* bias_gradient;           // (GATE_ROWS, units, NV)
    int* dead;                  // of each layer: steps, from the first, that no gradient reaches

    int most_units() const {
        int most_of_all = 0;
        for (int l = 0; l < shape->gru_layers; l++)
            most_of_all = most(most_of_all, shape->gru[l].units);
        return most_of_all;
    }

    // Vectors that all layers and steps leave.
    std::size_t all_kept() const {
        std::size_t units = 0;
        for (int l = 0; l < shape->gru_layers; l++) units += shape->gru[l].units;
        return units * steps * KEPT * NV;
    }

    void carve(Carver& from, const NetworkShape& s, Work work, int of_steps) {
        shape = &s;
        steps = of_steps;
        keep = work == Work::predict ? NOTHING : all_kept() * sizeof(V) > NEAR_BYTES ? FAR : NEAR;
        int most_u = most_units();
        std::size_t units = most_u, wide = round_up(most_u, VL) / VL;
        state = from.take<V*>(s.gru_layers);
        kept = from.take<V*>(s.gru_layers);
        V* in_turn[2] = {};
        for (int l = 0; l < s.gru_layers; l++) {
            std::size_t size = std::size_t(steps) * s.gru[l].units * NV;
            V *states, *gates_kept = nullptr;
            if (keep) {
                states = from.take<V>(size + s.gru[l].units * NV);
                gates_kept = from.take<V>(size * KEPT);
            } else {
                if (l < 2) in_turn[l] = from.take<V>((std::size_t(steps) + 1) * units * NV);
                states = in_turn[l % 2];
            }
            if (!from.measuring()) {
                state[l] = states;
                kept[l] = gates_kept;
            }
        }
        projected = from.take<V>(round_up(3 * s.gru[0].units, VL) * NV);
        packed = from.take<Real>(6 * units * units);
        bias = from.take<Real>(4 * units);
        if (!keep) return;
        dead = from.take<int>(s.gru_layers);
        into_state = from.take<Real>(3 * units * units);
        into_input = from.take<Real>(3 * units * units);
        carried = from.take<V>(units * NV);
        down = from.take<V>(std::size_t(steps) * units * NV);
        // The rows beyond are read with the last whole vector of rows, and go nowhere.
        gates = from.take<V>(CHUNK * (GATE_ROWS * units + VL) * NV);
        if (work == Work::pull_windows) return;
        before_by_lane = from.take<V>(CHUNK * LANES * wide);
        input_by_lane = from.take<V>(CHUNK * LANES * wide);
        for (int n = 0; n < NV; n++) {
            kernel_gradient[n] = from.take<V>(3 * units * wide);
            recurrent_gradient[n] = from.take<V>(3 * units * wide);
        }
        bias_gradient = from.take<V>(GATE_ROWS * units * NV);
    }

    // Those of the work asked for that were done, idle lanes not counted, nor those that wait for
    // their histories.
    std::uint64_t multiply_adds(Work work, int windows) const {
        std::uint64_t total = 0;
        int back = work == Work::predict ? 0 : work == Work::pull_windows ? 1 : 2;
        for (int l = 0; l < shape->gru_layers; l++) {
            std::uint64_t columns = 3 * shape->gru[l].units;
            std::uint64_t of_step = columns * (shape->gru[l].units + (l ? shape->gru[l].in : 0));
            for (int i = 0; i < windows; i++) {
                total += of_step * (steps - start[i]);
                if (back) total += of_step * (steps - most(dead[l], start[i])) * back;
            }
        }
        return total;
    }

    // Histories that begin with these steps, one a lane.
    void begin_at(const int* steps_of_lanes) {
        start = steps_of_lanes;
        latest = 0;
        for (int i = 0; i < LANES; i++) {
            latest = most(latest, start[i]);
            begins[i / VL][i % VL] = Real(start[i]);
        }
    }

    // Zero where a history has not begun at this step.
    SLICKEN_APART void hold(V* values, int units, int step) const {
        V now = splat(Real(step));
        for (int u = 0; u < units; u++)
#pragma GCC unroll 4
            for (int n = 0; n < NV; n++) {
                V& value = values[u * NV + n];
                value = begins[n] <= now ? value : V{};
            }
    }

    const V* last_state() const {
        int last = shape->gru_layers - 1;
        return state[last] + std::size_t(steps) * shape->gru[last].units * NV;
    }

    // --- forward ---------------------------------------------------------------------------------

    // Unit block by unit block: [input][3 gates of the units], then [unit][3 gates of the units].
    void pack_forward(const Real* const* arrays, const GruShape& g, bool first) {
        Blocks blocks = Blocks::of(g.units, UNITS);
        Real* to = packed;
        for (int block = 0, u = 0; block < blocks.count; u += blocks.rows(block++))
            for (int part = first; part < 2; part++)
                for (int k = 0; k < (part ? g.units : g.in); k++)
                    for (int gate = 0; gate < 3; gate++)
                        for (int i = 0; i < blocks.rows(block); i++)
                            *to++ = arrays[part][std::size_t(k) * 3 * g.units + gate * g.units + u + i];
        const Real *of_input = arrays[2], *of_state = arrays[2] + 3 * g.units;
        for (int u = 0; u < 2 * g.units; u++) bias[u] = of_input[u] + of_state[u];
        for (int u = 2 * g.units; u < 3 * g.units; u++) {
            bias[u] = of_input[u];
            bias[u + g.units] = of_state[u];
        }
    }

    template <int U, Keep KEEP, bool FIRST>
    SLICKEN_INLINE void gate_block(const Real* w, int u, const GruShape& g, const V* in,
                                   const V* before, V* after, V* left) const {
        V sum[3 * U][NV], candidate[U][NV];
#pragma GCC unroll 8
        for (int i = 0; i < U; i++)
#pragma GCC unroll 4
            for (int n = 0; n < NV; n++) {
                if (FIRST) {
                    candidate[i][n] = in[(u + i) * NV + n];
                    sum[i][n] = in[(g.units + u + i) * NV + n];
                    sum[U + i][n] = in[(2 * g.units + u + i) * NV + n];
                } else {
                    sum[i][n] = splat(bias[u + i]);
                    sum[U + i][n] = splat(bias[g.units + u + i]);
                    sum[2 * U + i][n] = splat(bias[2 * g.units + u + i]);
                }
            }
        if (!FIRST) {
            multiply_add<3 * U, NV>(sum, w, in, g.in);
            w += std::size_t(g.in) * 3 * U;
#pragma GCC unroll 8
            for (int i = 0; i < U; i++)
#pragma GCC unroll 4
                for (int n = 0; n < NV; n++) candidate[i][n] = sum[2 * U + i][n];
        }
#pragma GCC unroll 8
        for (int i = 0; i < U; i++)
#pragma GCC unroll 4
            for (int n = 0; n < NV; n++) sum[2 * U + i][n] = splat(bias[3 * g.units + u + i]);
        multiply_add<3 * U, NV>(sum, w, before, g.units);
        // Two rounds, so that many functions are under way at a time: one waits long for itself.
#pragma GCC unroll 4
        for (int i = 0; i < U; i++)
#pragma GCC unroll 4
            for (int n = 0; n < NV; n++) {
                V update = sigmoid(sum[i][n]), reset = sigmoid(sum[U + i][n]);
                V inner = sum[2 * U + i][n];
                sum[i][n] = update;
                candidate[i][n] += reset * inner;
                if constexpr (KEEP == NOTHING) continue;
                V* to = left + std::size_t(u + i) * KEPT * NV + n;
                put_by<KEEP>(to + INNER * NV, inner);
                put_by<KEEP>(to + RESET * NV, reset);
                put_by<KEEP>(to + UPDATE * NV, update);
            }
#pragma GCC unroll 4
        for (int i = 0; i < U; i++)
#pragma GCC unroll 4
            for (int n = 0; n < NV; n++) {
                V made = tanh(candidate[i][n]);
                int at = (u + i) * NV + n;
                after[at] = made + sum[i][n] * (before[at] - made);
                if constexpr (KEEP == NOTHING) continue;
                put_by<KEEP>(left + (std::size_t(u + i) * KEPT + CANDIDATE) * NV + n, made);
            }
    }

    template <Keep KEEP, bool FIRST>
    SLICKEN_APART void step(const GruShape& g, const V* in, const V* before, V* after,
                            V* left) const {
        Blocks blocks = Blocks::of(g.units, UNITS);
        const Real* w = packed;
        for (int block = 0, u = 0; block < blocks.count; u += blocks.rows(block++))
            with_known<UNITS>(blocks.rows(block), [&](auto known) __attribute__((always_inline)) {
                constexpr int U = decltype(known)::value;
                gate_block<U, KEEP, FIRST>(w, u, g, in, before, after, left);
                w += std::size_t((FIRST ? 0 : g.in) + g.units) * 3 * U;
            });
    }

    // What the front has for one step, from one window a row to one window a lane.
    void take_projected(const Real* (&row)[LANES], const std::ptrdiff_t (&stride)[LANES],
                        int columns) const {
        for (int n = 0; n < NV; n++)
            for (int j = 0; j < columns; j++) {
                V block[VL];
#pragma GCC unroll 16
                for (int i = 0; i < VL; i++) {
                    const Real* from = row[n * VL + i] + j * VL;
                    block[i] = load(from);
                    __builtin_prefetch(from + stride[n * VL + i]);
                }
                transpose(block);
#pragma GCC unroll 16
                for (int i = 0; i < VL; i++) projected[(j * VL + i) * NV + n] = block[i];
            }
        for (int i = 0; i < LANES; i++) row[i] += stride[i];
    }

    // `row` and `stride`: where each window's projected rows begin, and from one to the next. A lane
    // that waits for its history sees the first of them, and its states are zero.
    template <Keep KEEP>
    void forward(const Real* const* arrays, const Real* (&row)[LANES],
                 const std::ptrdiff_t (&stride)[LANES]) {
        std::ptrdiff_t by[LANES] = {};
        for (int l = 0; l < shape->gru_layers; l++) {
            const GruShape& g = shape->gru[l];
            std::size_t size = std::size_t(g.units) * NV;
            pack_forward(arrays + 3 * l, g, l == 0);
            clear(state[l], size);
            const V* below = l ? state[l - 1] + std::size_t(g.in) * NV : nullptr;
            for (int t = 0; t < steps; t++) {
                V* before = state[l] + t * size;
                V* left = KEEP == NOTHING ? nullptr : kept[l] + t * size * KEPT;
                if (l == 0) {
                    for (int i = 0; t <= latest && i < LANES; i++)
                        by[i] = t < start[i] ? 0 : stride[i];
                    take_projected(row, by, round_up(3 * g.units, VL) / VL);
                    step<KEEP, true>(g, projected, before, before + size, left);
                } else {
                    step<KEEP, false>(g, below + std::size_t(t) * g.in * NV, before, before + size,
                                      left);
                }
                if (t < latest) hold(before + size, g.units, t);
            }
        }
    }

    // --- back ------------------------------------------------------------------------------------

    void pack_back(const Real* const* arrays, const GruShape& g, bool first) {
        int columns = 3 * g.units;
        pack<NV>(into_state, g.units, columns, [&](int unit, int k) {
            return arrays[1][std::size_t(unit) * columns + k];
        });
        if (first) return;
        pack<NV>(into_input, g.in, columns, [&](int input, int k) {
            return arrays[0][std::size_t(input) * columns + keras_gate(k / g.units) * g.units +
                             k % g.units];
        });
    }

    // Gradients of a step's gates from the gradient in its state; `above` comes from the layer
    // above, or is null.
    SLICKEN_APART void gate_gradients(int units, const V* left, const V* before, const V* above,
                                      V* to) const {
        std::size_t size = std::size_t(units) * NV;
        for (int u = 0; u < units; u++)
#pragma GCC unroll 4
            for (int n = 0; n < NV; n++) {
                std::size_t at = std::size_t(u) * NV + n;
                const V* from = left + std::size_t(u) * KEPT * NV + n;
                V inner = from[INNER * NV], reset = from[RESET * NV];
                V update = from[UPDATE * NV], made = from[CANDIDATE * NV];
                V arriving = carried[at];
                if (above) arriving += above[at];
                V through = arriving * update;
                V candidate = (arriving - through) * (1 - made * made);
                V of_update = arriving * (before[at] - made) * (update - update * update);
                V of_inner = candidate * reset;
                V of_reset = of_inner * inner * (1 - reset);
                carried[at] = through;
                to[CANDIDATE_GATE * size + at] = candidate;
                to[UPDATE_GATE * size + at] = of_update;
                to[RESET_GATE * size + at] = of_reset;
                to[INNER_GATE * size + at] = of_inner;
            }
    }

    // One group's vectors of a step, from one window a lane to one window a row.
    SLICKEN_APART void by_lane(const V* from, int units, V* to) const {
        int wide = round_up(units, VL) / VL;
        for (int j = 0; j < wide; j++) {
            V block[VL];
#pragma GCC unroll 16
            for (int i = 0; i < VL; i++)
                block[i] = j * VL + i < units ? from[(j * VL + i) * NV] : V{};
            transpose(block);
#pragma GCC unroll 16
            for (int i = 0; i < VL; i++) to[i * wide + j] = block[i];
        }
    }

    // The first layer's gate gradients of one step to where the front wants them. Rows that no
    // other window has are written, others added to.
    SLICKEN_APART void give_projected(const V* from, Real* (&row)[LANES], const bool (&alone)[LANES],
                                      int columns) const {
        for (int n = 0; n < NV; n++)
            for (int j = 0; j < columns; j++) {
                V block[VL];
#pragma GCC unroll 16
                for (int i = 0; i < VL; i++) block[i] = from[(j * VL + i) * NV + n];
                transpose(block);
                for (int i = 0; i < VL; i++) {
                    if (!row[n * VL + i]) continue;
                    Real* to = row[n * VL + i] + j * VL;
                    store(to, alone[n * VL + i] ? block[i] : load(to) + block[i]);
                }
            }
    }

    SLICKEN_INLINE bool nothing_carried(std::size_t size) const {
        auto any = carried[0] != V{};
        for (std::size_t i = 1; i < size; i++) any |= carried[i] != V{};
        for (int i = 0; i < VL; i++)
            if (any[i]) return false;
        return true;
    }

    // Gradients that vanish become zero, not denormal. Where a layer carries nothing further back
    // and the layer above sends nothing, all that is left is zero: it is not computed. (What is not
    // a number is not zero.)
    //
    // `row`: where each window's last gate gradients go, null for none; `stride` between steps. They
    // end where its history begins.
    // `emit(l)` is called when the weight gradients of layer l are complete.
    template <bool WEIGHTS, class Emit>
    void back(const Real* const* arrays, const V (&pull)[NV], const Real* dense,
              Real* (&row)[LANES], const bool (&alone)[LANES], std::ptrdiff_t stride, Emit emit) {
        std::size_t most_size = std::size_t(most_units()) * NV;
        for (int l = shape->gru_layers - 1; l >= 0; l--) {
            const GruShape& g = shape->gru[l];
            bool last = l == shape->gru_layers - 1;
            int units_wide = round_up(g.units, VL) / VL, inputs_wide = round_up(g.in, VL) / VL;
            std::size_t size = std::size_t(g.units) * NV, below_size = std::size_t(g.in) * NV;
            std::size_t gate_size = GATE_ROWS * size + VL * NV;
            pack_back(arrays + 3 * l, g, l == 0);
            for (int u = 0; u < g.units; u++)
                for (int n = 0; n < NV; n++)
                    carried[u * NV + n] = last ? pull[n] * dense[u] : V{};
            if (WEIGHTS) {
                for (int n = 0; n < NV; n++) {
                    clear(recurrent_gradient[n], 3 * g.units * units_wide);
                    if (l) clear(kernel_gradient[n], 3 * g.units * inputs_wide);
                }
                clear(bias_gradient, GATE_ROWS * size);
            }
            int silent_above = last ? steps : dead[l + 1];
            dead[l] = 0;
            for (int end = steps; end > 0;) {
                if (end <= silent_above && nothing_carried(size)) {
                    dead[l] = end;
                    break;
                }
                int begin = most(0, end - CHUNK);
                for (int t = end - 1; t >= begin; t--) {
                    V* here = gates + (t - begin) * gate_size;
                    const V *before = state[l] + t * size, *left = kept[l] + t * size * KEPT;
                    gate_gradients(g.units, left, before,
                                            t < silent_above ? nullptr : down + t * most_size, here);
                    // While the products run, the memory of the step before comes nearer.
                    product<NV, true, true>(into_state, here + UPDATE_GATE * size, 3 * g.units,
                                            g.units, carried, t ? left - size * KEPT : left,
                                            size * KEPT * sizeof(V));
                    if (l) {
                        product<NV, false>(into_input, here, 3 * g.units, g.in, down + t * most_size);
                    } else {
                        give_projected(here, row, alone, round_up(3 * g.units, VL) / VL);
                        for (int i = 0; i < LANES; i++)
                            if (row[i]) row[i] = t > start[i] ? row[i] - stride : nullptr;
                    }
                    if (t && t <= latest) hold(carried, g.units, t - 1);
                    if (!WEIGHTS) continue;
                    const V* in = l ? state[l - 1] + below_size + t * below_size : nullptr;
                    for (int n = 0; n < NV; n++) {
                        by_lane(before + n, g.units,
                                before_by_lane + (n * CHUNK + t - begin) * VL * units_wide);
                        if (l)
                            by_lane(in + n, g.in,
                                    input_by_lane + (n * CHUNK + t - begin) * VL * inputs_wide);
                    }
                }
                if (WEIGHTS) add_weight_gradients(l, end - begin, gate_size);
                end = begin;
            }
            if (WEIGHTS) emit(l);
        }
    }

    void add_weight_gradients(int l, int of_steps, std::size_t gate_size) const {
        const GruShape& g = shape->gru[l];
        int units_wide = round_up(g.units, VL) / VL, inputs_wide = round_up(g.in, VL) / VL;
        for (int i = 0; i < GATE_ROWS * g.units * NV; i++) {
            V total = bias_gradient[i];
            for (int s = 0; s < of_steps; s++) total += gates[s * gate_size + i];
            bias_gradient[i] = total;
        }
        for (int n = 0; n < NV; n++) {
            const Real* here = reinterpret_cast<const Real*>(gates + n);
            Walk walk{of_steps, gate_size * VL, std::size_t(VL * units_wide), VL, 1};
            outer<LANES>(walk, here + UPDATE_GATE * g.units * LANES, 3 * g.units,
                         before_by_lane + n * CHUNK * VL * units_wide, units_wide,
                         recurrent_gradient[n]);
            if (l == 0) continue;
            walk.x_outer = std::size_t(VL * inputs_wide);
            outer<LANES>(walk, here, 3 * g.units, input_by_lane + n * CHUNK * VL * inputs_wide,
                         inputs_wide, kernel_gradient[n]);
        }
    }

    // One group's weight gradients of a layer to where the network has them: kernel, recurrent
    // kernel and bias. The first layer's kernel is the front's.
    void emit(int l, int n, Real* gradient, const std::size_t* offset, bool add) const {
        const GruShape& g = shape->gru[l];
        int columns = 3 * g.units;
        std::size_t units_stride = round_up(g.units, VL), inputs_stride = round_up(g.in, VL);
        const Real* of_state = reinterpret_cast<const Real*>(recurrent_gradient[n]);
        for (int u = 0; u < g.units; u++)
            for (int q = 0; q < columns; q++)
                put(gradient[offset[1] + std::size_t(u) * columns + q],
                    of_state[q * units_stride + u], add);
        const Real* of_input = reinterpret_cast<const Real*>(kernel_gradient[n]);
        for (int c = 0; l && c < g.in; c++)
            for (int q = 0; q < columns; q++) {
                int column = keras_gate(q / g.units) * g.units + q % g.units;
                put(gradient[offset[0] + std::size_t(c) * columns + column],
                    of_input[q * inputs_stride + c], add);
            }
        for (int u = 0; u < g.units; u++)
            for (int gate = 0; gate < GATE_ROWS; gate++) {
                Real value = sum(bias_gradient[(gate * g.units + u) * NV + n]);
                Real* to = gradient + offset[2];
                if (gate == INNER_GATE) {
                    put(to[columns + 2 * g.units + u], value, add);
                    continue;
                }
                put(to[keras_gate(gate) * g.units + u], value, add);
                if (gate != CANDIDATE_GATE)
                    put(to[columns + keras_gate(gate) * g.units + u], value, add);
            }
    }
};

}  // namespace slicken::SLICKEN_BUILD
