// The front: from the record to what the gates of the first GRU take from it at every instant.
//
// Convolutions without padding, and the first input projection, depend on the instant and not on
// the window. So they are computed once for all windows of a group that overlap, over stretches of
// the record. Without rectifiers they are one linear map of the few samples that an instant sees:
// then one convolution with their composed kernel does for all, and its gradient is taken apart
// again afterwards.
#pragma once

#include "carver.h"
#include "matrix.h"
#include "tile.h"

namespace slicken::SLICKEN_BUILD {

// The gates as the tiles keep them: candidate, update, reset; Keras: update, reset, candidate.
// Column q of ours is column keras_gate(q / units) * units + q % units of Keras's.
SLICKEN_INLINE int keras_gate(int gate) { return gate == 0 ? 2 : gate - 1; }

// The windows of one group of VL, as stretches of the record.
struct Stretches {
    struct Stretch {
        std::ptrdiff_t start;  // in the record
        int rows, base, windows;
    };
    int count = 0;
    int rows = 0;  // of all, with guards of `reach` rows before each
    int samples = 0;  // of all windows, those that several have counted for each
    Stretch each[VL];
    int window_base[VL];  // the row where a window starts
    bool alone[VL];       // whether no other window is in its stretch

    // Windows that end at these samples and have as long histories; nothing before a history is in a
    // stretch. `shared`: those that overlap have a stretch together.
    void find(const std::int32_t* ends, const int* history, int windows, int reach, bool shared) {
        std::ptrdiff_t start[VL];
        int order[VL];
        samples = 0;
        for (int w = 0; w < windows; w++) {
            start[w] = std::ptrdiff_t(ends[w]) - history[w] + 1;
            samples += history[w];
            int at = w;
            for (; shared && at > 0 && start[order[at - 1]] > start[w]; at--)
                order[at] = order[at - 1];
            order[at] = w;
        }
        int of_window[VL];
        count = rows = 0;
        for (int i = 0; i < windows; i++) {
            int w = order[i];
            Stretch* last = count ? &each[count - 1] : nullptr;
            if (!shared || !last || start[w] >= last->start + last->rows) {
                last = &each[count++];
                *last = {start[w], 0, 0, 0};
            }
            last->rows = most(last->rows, int(start[w] - last->start) + history[w]);
            last->windows++;
            of_window[w] = count - 1;
        }
        for (int s = 0; s < count; s++) {
            each[s].base = rows + reach;
            rows += reach + each[s].rows;
        }
        for (int w = 0; w < windows; w++) {
            const Stretch& s = each[of_window[w]];
            window_base[w] = s.base + int(start[w] - s.start);
            alone[w] = s.windows == 1;
        }
    }
};

// A convolution as it is computed: kernel and bias padded to whole vectors of columns.
struct FrontLayer {
    int width, in, out;
    int columns;  // vectors of `out`
    V* kernel;    // (width * in, columns)
    V* bias;      // (columns)
    V* back;      // (width * out, vectors of `in`), last tap first: for the gradient in its input
    V* kernel_gradient;
    V* bias_gradient;

    std::size_t stride() const { return std::size_t(columns) * VL; }
    int in_columns() const { return round_up(in, VL) / VL; }
};

struct Front {
    const NetworkShape* shape;
    int length, reach;  // samples before an instant that its features see
    int steps;          // of the first GRU: length - reach
    int written;        // layers as written: convolutions, then the projection
    int computed;       // layers as computed: the same, or one
    bool composed;
    FrontLayer* layer;     // as written
    FrontLayer* composite;  // of layers 0 to l, where composed
    Real** feature;        // of each computed layer, (stretch rows, stride)
    Real* gate_gradient;   // of the last of them
    Real* moved[2];        // gradients in features, on their way down

    FrontLayer& as_computed(int l) const { return composed ? composite[written - 1] : layer[l]; }
    FrontLayer& top() const { return as_computed(computed - 1); }
    Real* projected() const { return feature[computed - 1]; }

    // All memory; the same call measures and makes. Only the features differ between the groups of a
    // tile; `shares` is a front that has the weights already, or null.
    void carve(Carver& from, const NetworkShape& s, Work work, int samples, Front* shares);
    void load(const Real* const* arrays);
    void forward(const Real* record, const Stretches& where) const;
    void spoil(const Real* in, int rows, Real* out) const;
    void clear_gate_gradient(const Stretches& where) const;
    void clear_dead(const Stretches& where, int dead) const;
    void pull_weights(const Real* record, const Stretches& where, Real* gradient,
                      const std::size_t* offset, bool add) const;
    std::uint64_t multiply_adds(const Stretches& where, Work work, int windows) const;
    void pull_window(const Stretches& forward_rows, int window, int base, int history, int dead,
                     Real* gradient) const;

  private:
    void shape_layer(Carver& from, FrontLayer& l, int width, int in, int out, bool weights_too,
                     bool back_too) const;
    void step_back(const FrontLayer& l, const Real* gradient, int rows, const Real* mask,
                   std::size_t mask_stride, Real* out) const;
    void compose() const;
    void take_apart() const;
    void emit(Real* gradient, const std::size_t* offset, bool add) const;
};

// Multiply-adds of one instant, to decide whether composing pays.
SLICKEN_INLINE bool composing_pays(const NetworkShape& s) {
    if (s.relu || s.conv_layers == 0) return false;
    int gates = 3 * s.gru[0].units;
    long apart = long(s.gru[0].in) * gates, width = 1;
    for (int l = 0; l < s.conv_layers; l++) {
        apart += long(s.conv[l].width) * s.conv[l].in * s.conv[l].out;
        width += s.conv[l].width - 1;
    }
    return width * s.drivers * gates < apart;
}

inline void Front::shape_layer(Carver& from, FrontLayer& l, int width, int in, int out,
                               bool weights_too, bool back_too) const {
    l = FrontLayer{};
    l.width = width;
    l.in = in;
    l.out = out;
    l.columns = round_up(out, VL) / VL;
    std::size_t size = std::size_t(width) * in * l.columns;
    l.kernel = from.take<V>(size);
    l.bias = from.take<V>(l.columns);
    if (back_too) l.back = from.take<V>(std::size_t(width) * out * l.in_columns());
    if (weights_too) {
        l.kernel_gradient = from.take<V>(size);
        l.bias_gradient = from.take<V>(l.columns);
    }
}

inline void Front::carve(Carver& from, const NetworkShape& s, Work work, int samples,
                         Front* shares) {
    bool weights_too = work == Work::train || work == Work::pull_weights;
    bool windows_too = work == Work::pull_windows;
    if (shares) {
        *this = *shares;
    } else {
        shape = &s;
        length = samples;
        reach = 0;
        for (int l = 0; l < s.conv_layers; l++) reach += s.conv[l].width - 1;
        steps = length - reach;
        written = s.conv_layers + 1;
        composed = composing_pays(s);
        computed = composed ? 1 : written;
        layer = from.take<FrontLayer>(written);
        composite = composed ? from.take<FrontLayer>(written) : nullptr;
        int gates = 3 * s.gru[0].units, width = 1;
        for (int l = 0; l < written; l++) {
            bool last = l == s.conv_layers;
            int taps = last ? 1 : s.conv[l].width;
            int in = last ? s.gru[0].in : s.conv[l].in, out = last ? gates : s.conv[l].out;
            FrontLayer scratch;
            FrontLayer& here = from.measuring() ? scratch : layer[l];
            shape_layer(from, here, taps, in, out, weights_too,
                        composed ? weights_too : windows_too || (weights_too && l > 0));
            if (composed) {
                width += taps - 1;
                FrontLayer& so_far = from.measuring() ? scratch : composite[l];
                shape_layer(from, so_far, width, s.drivers, out, weights_too,
                            windows_too && last);
            }
        }
    }
    std::size_t rows = std::size_t(VL) * (length + reach) + reach;
    feature = from.take<Real*>(computed);
    for (int l = 0; l < computed; l++) {
        int out = composed || l == s.conv_layers ? 3 * s.gru[0].units : s.conv[l].out;
        Real* cut = from.take<Real>(rows * round_up(out, VL));
        if (!from.measuring()) feature[l] = cut;
    }
    if (weights_too || windows_too) {
        gate_gradient = from.take<Real>(rows * round_up(3 * s.gru[0].units, VL));
        if (!shares) {
            int widest = s.drivers;
            for (int l = 0; l < s.conv_layers; l++) widest = most(widest, s.conv[l].out);
            for (Real*& buffer : moved)
                buffer = from.take<Real>((rows + 2 * reach) * round_up(widest, VL));
        }
    }
}

// (taps, in, out) as the network has it, columns in another order maybe, into padded vectors.
template <class Column>
SLICKEN_INLINE void load_columns(Real* to, std::size_t stride, const Real* from, int rows, int out,
                                 Column column) {
    clear(to, rows * stride);
    for (int r = 0; r < rows; r++)
        for (int q = 0; q < out; q++) to[r * stride + q] = from[std::size_t(r) * out + column(q)];
}

// The kernel with in and out exchanged; `reversed`: last tap first.
SLICKEN_INLINE void load_back(const FrontLayer& l, bool reversed) {
    Real* to = reinterpret_cast<Real*>(l.back);
    std::size_t stride = std::size_t(l.in_columns()) * VL;
    clear(to, std::size_t(l.width) * l.out * stride);
    for (int tap = 0; tap < l.width; tap++) {
        const Real* from = reinterpret_cast<const Real*>(l.kernel) +
                           std::size_t(reversed ? l.width - 1 - tap : tap) * l.in * l.stride();
        for (int q = 0; q < l.out; q++)
            for (int c = 0; c < l.in; c++)
                to[(std::size_t(tap) * l.out + q) * stride + c] = from[c * l.stride() + q];
    }
}

inline void Front::load(const Real* const* arrays) {
    auto as_written = [](int q) { return q; };
    for (int l = 0; l < shape->conv_layers; l++) {
        FrontLayer& here = layer[l];
        load_columns(reinterpret_cast<Real*>(here.kernel), here.stride(), arrays[2 * l],
                     here.width * here.in, here.out, as_written);
        load_columns(reinterpret_cast<Real*>(here.bias), here.stride(), arrays[2 * l + 1], 1,
                     here.out, as_written);
    }
    FrontLayer& projection = layer[written - 1];
    int units = shape->gru[0].units;
    auto ours = [units](int q) { return keras_gate(q / units) * units + q % units; };
    const Real* const* gru = arrays + 2 * shape->conv_layers;
    load_columns(reinterpret_cast<Real*>(projection.kernel), projection.stride(), gru[0],
                 projection.in, projection.out, ours);
    Real* bias = reinterpret_cast<Real*>(projection.bias);
    load_columns(bias, projection.stride(), gru[2], 1, projection.out, ours);
    // Update and reset gates add both biases; the candidate's second one comes behind the reset.
    for (int q = units; q < 3 * units; q++) bias[q] += gru[2][3 * units + ours(q)];
    if (composed) compose();
    for (int l = 0; l < written; l++)
        if (layer[l].back) load_back(layer[l], !composed);
    if (composed && top().back) load_back(top(), true);
}

inline void Front::forward(const Real* record, const Stretches& where) const {
    for (int s = 0; s < where.count; s++) {
        const Stretches::Stretch& here = where.each[s];
        const Real* in = record + here.start * shape->drivers;
        std::size_t stride = shape->drivers;
        int rows = here.rows;
        for (int l = 0; l < computed; l++) {
            const FrontLayer& at = as_computed(l);
            rows -= at.width - 1;
            Real* out = feature[l] + here.base * at.stride();
            DenseShape product{rows, at.width, at.in, at.columns, stride, at.stride(), stride};
            if (shape->relu && l < computed - 1)
                dense<false>(product, in, at.kernel, at.bias, out,
                             // What is not a number stays none.
                             [](V v, int, int) { return v < V{} ? V{} : v; });
            else
                dense<false>(product, in, at.kernel, at.bias, out,
                             [](V v, int, int) { return v; });
            in = out;
            stride = at.stride();
        }
        if (composed)
            spoil(record + here.start * shape->drivers, here.rows,
                  feature[0] + here.base * top().stride());
    }
}

// Through layers as written, an infinity is soon infinity less infinity, which is no number; the
// composed kernel would make one large number of it. So what sees one gets no number here too.
inline void Front::spoil(const Real* in, int rows, Real* out) const {
    for (int r = 0; r < rows; r++) {
        Real none = 0;
        for (int c = 0; c < shape->drivers; c++) {
            Real sample = in[std::size_t(r) * shape->drivers + c];
            none += sample - sample;
        }
        if (none == 0) continue;
        for (int at = most(0, r - reach); at <= least(r, rows - reach - 1); at++)
            for (std::size_t q = 0; q < top().stride(); q++) out[at * top().stride() + q] += none;
    }
}

// Rows that several windows add to start at zero, and so do the guards around every stretch.
inline void Front::clear_gate_gradient(const Stretches& where) const {
    std::size_t stride = top().stride();
    for (int s = 0; s < where.count; s++) {
        const Stretches::Stretch& here = where.each[s];
        Real* first = gate_gradient + here.base * stride;
        clear(first - reach * stride, reach * stride);
        if (here.windows > 1)
            clear(first, here.rows * stride);
        else
            clear(first + (here.rows - reach) * stride, reach * stride);
    }
}

// Steps that no gradient reached, in the stretches where nothing was zero yet. Those of a shorter
// history begin later.
inline void Front::clear_dead(const Stretches& where, int dead) const {
    for (int s = 0; s < where.count; s++) {
        const Stretches::Stretch& here = where.each[s];
        int own = most(0, dead - (length - here.rows));
        if (here.windows == 1)
            clear(gate_gradient + here.base * top().stride(), own * top().stride());
    }
}

// The gradient in a layer's input over `rows` of its output, with guards of zeros around them.
inline void Front::step_back(const FrontLayer& l, const Real* gradient, int rows, const Real* mask,
                             std::size_t mask_stride, Real* out) const {
    std::size_t stride = l.stride(), out_stride = std::size_t(l.in_columns()) * VL;
    DenseShape product{rows + l.width - 1, l.width, l.out,     l.in_columns(),
                       stride,             out_stride, stride};
    const Real* from = gradient - (l.width - 1) * stride;
    if (mask)
        dense<false>(product, from, l.back, nullptr, out, [&](V v, int row, int column) {
            return SLICKEN_BUILD::load(mask + row * mask_stride + column * VL) > V{} ? v : V{};
        });
    else
        dense<false>(product, from, l.back, nullptr, out, [](V v, int, int) { return v; });
}

inline void Front::pull_weights(const Real* record, const Stretches& where, Real* gradient,
                                const std::size_t* offset, bool add) const {
    // The bias gradient of the last layer is the recurrent layer's own.
    for (int l = 0; l < computed; l++) {
        const FrontLayer& at = as_computed(l);
        clear(at.kernel_gradient, std::size_t(at.width) * at.in * at.columns);
        if (l < computed - 1) clear(at.bias_gradient, at.columns);
    }
    for (int s = 0; s < where.count; s++) {
        const Stretches::Stretch& here = where.each[s];
        const Real* arriving = gate_gradient + here.base * top().stride();
        int rows = here.rows - reach;
        for (int l = computed - 1; l >= 0; l--) {
            const FrontLayer& at = as_computed(l);
            const Real* in = l ? feature[l - 1] + here.base * layer[l - 1].stride()
                               : record + here.start * shape->drivers;
            std::size_t in_stride = l ? layer[l - 1].stride() : shape->drivers;
            const V* there = reinterpret_cast<const V*>(arriving);
            // Taps that lie one behind the other in the input are one longer tap.
            bool joined = in_stride == std::size_t(at.in);
            int taps = joined ? 1 : at.width, depth = joined ? at.width * at.in : at.in;
            for (int r = 0; r < rows; r += DENSE_ROWS) {
                Walk walk{1, 0, 0, least(DENSE_ROWS, rows - r), in_stride};
                const V* some = there + std::size_t(r) * at.columns;
                for (int tap = 0; tap < taps; tap++)
                    outer<1>(walk, in + (r + tap) * in_stride, depth, some, at.columns,
                             at.kernel_gradient + std::size_t(tap) * at.in * at.columns);
                if (l < computed - 1)
                    for (int i = 0; i < walk.inner * at.columns; i++)
                        at.bias_gradient[i % at.columns] += some[i];
            }
            if (l == 0) break;
            std::size_t stride = layer[l - 1].stride();
            Real* buffer = moved[l % 2];
            int below = rows + at.width - 1;
            clear(buffer, reach * stride);
            clear(buffer + (reach + below) * stride, reach * stride);
            Real* out = buffer + reach * stride;
            step_back(at, arriving, rows, shape->relu ? in : nullptr, stride, out);
            arriving = out;
            rows = below;
        }
    }
    if (composed) take_apart();
    emit(gradient, offset, add);
}

// The gradient in one history; its gate gradients begin at row `base`, the first `dead` are zero.
inline void Front::pull_window(const Stretches& forward_rows, int window, int base, int history,
                               int dead, Real* gradient) const {
    const Real* arriving = gate_gradient + (base + dead) * top().stride();
    int rows = history - reach - dead;
    for (int l = computed - 1; l >= 0; l--) {
        const FrontLayer& at = as_computed(l);
        std::size_t stride = std::size_t(at.in_columns()) * VL;
        Real* buffer = moved[l % 2];
        int below = rows + at.width - 1;
        clear(buffer, reach * stride);
        clear(buffer + (reach + below) * stride, reach * stride);
        Real* out = buffer + reach * stride;
        const Real* mask = nullptr;
        if (shape->relu && l > 0)
            mask = feature[l - 1] + (forward_rows.window_base[window] + dead) * layer[l - 1].stride();
        step_back(at, arriving, rows, mask, stride, out);
        arriving = out;
        rows = below;
    }
    std::size_t stride = std::size_t(as_computed(0).in_columns()) * VL;
    clear(gradient, std::size_t(dead) * shape->drivers);
    for (int t = dead; t < history; t++)
        for (int c = 0; c < shape->drivers; c++)
            gradient[t * shape->drivers + c] = arriving[(t - dead) * stride + c];
}

// Those of the work asked for, padding not counted.
inline std::uint64_t Front::multiply_adds(const Stretches& where, Work work, int windows) const {
    bool weights_too = work == Work::train || work == Work::pull_weights;
    std::uint64_t total = 0;
    int seen = 0;  // samples that a layer's rows lack, from the record on
    for (int l = 0; l < computed; l++) {
        const FrontLayer& at = as_computed(l);
        std::uint64_t of_row = std::uint64_t(at.width) * at.in * at.out, rows = 0;
        seen += at.width - 1;
        for (int s = 0; s < where.count; s++) rows += where.each[s].rows - seen;
        int times = 1 + weights_too + (weights_too && l > 0);
        total += times * rows * of_row;
        if (work == Work::pull_windows) total += of_row * (where.samples - windows * seen);
    }
    return total;
}

// composite l is layer l after composite l - 1; rows of a composite kernel are (tap, driver).
inline void Front::compose() const {
    auto as_is = [](V v, int, int) { return v; };
    int drivers = shape->drivers;
    std::memcpy(static_cast<void*>(composite[0].kernel), layer[0].kernel,
                std::size_t(layer[0].width) * drivers * layer[0].columns * sizeof(V));
    std::memcpy(static_cast<void*>(composite[0].bias), layer[0].bias,
                layer[0].columns * sizeof(V));
    for (int l = 1; l < written; l++) {
        const FrontLayer &below = composite[l - 1], &next = layer[l], &both = composite[l];
        int rows = below.width * drivers;
        clear(both.kernel, std::size_t(both.width) * drivers * both.columns);
        std::memcpy(static_cast<void*>(both.bias), next.bias, next.columns * sizeof(V));
        DenseShape product{rows, 1, next.in, next.columns, below.stride(), both.stride(), 0};
        DenseShape of_bias = product;
        of_bias.rows = 1;
        for (int tap = 0; tap < next.width; tap++) {
            const V* kernel = next.kernel + std::size_t(tap) * next.in * next.columns;
            dense<true>(product, reinterpret_cast<const Real*>(below.kernel), kernel, nullptr,
                        reinterpret_cast<Real*>(both.kernel) + tap * drivers * both.stride(), as_is);
            dense<true>(of_bias, reinterpret_cast<const Real*>(below.bias), kernel, nullptr,
                        reinterpret_cast<Real*>(both.bias), as_is);
        }
    }
}

// From the gradient in the last composite to those in the layers as written.
inline void Front::take_apart() const {
    auto as_is = [](V v, int, int) { return v; };
    int drivers = shape->drivers;
    for (int l = written - 1; l > 0; l--) {
        const FrontLayer &below = composite[l - 1], &next = layer[l], &both = composite[l];
        int rows = below.width * drivers;
        std::memcpy(static_cast<void*>(next.bias_gradient), both.bias_gradient,
                    next.columns * sizeof(V));
        for (int tap = 0; tap < next.width; tap++) {
            V* kernel_gradient = next.kernel_gradient + std::size_t(tap) * next.in * next.columns;
            clear(kernel_gradient, std::size_t(next.in) * next.columns);
            outer<1>(Walk{1, 0, 0, rows, below.stride()},
                     reinterpret_cast<const Real*>(below.kernel), next.in,
                     both.kernel_gradient + std::size_t(tap) * drivers * both.columns,
                     next.columns, kernel_gradient);
            outer<1>(Walk{1, 0, 0, 1, 0}, reinterpret_cast<const Real*>(below.bias), next.in,
                     both.bias_gradient, next.columns, kernel_gradient);
        }
        DenseShape product{rows,          next.width,     next.out,
                           below.columns, both.stride(), below.stride(),
                           drivers * both.stride()};
        dense<false>(product, reinterpret_cast<const Real*>(both.kernel_gradient), next.back,
                     nullptr, reinterpret_cast<Real*>(below.kernel_gradient), as_is);
        product.rows = 1;
        product.tap_stride = 0;
        dense<false>(product, reinterpret_cast<const Real*>(both.bias_gradient), next.back, nullptr,
                     reinterpret_cast<Real*>(below.bias_gradient), as_is);
    }
    const FrontLayer &first = layer[0], &same = composite[0];
    std::memcpy(static_cast<void*>(first.kernel_gradient), same.kernel_gradient,
                std::size_t(first.width) * drivers * first.columns * sizeof(V));
    std::memcpy(static_cast<void*>(first.bias_gradient), same.bias_gradient,
                first.columns * sizeof(V));
}

SLICKEN_INLINE void put(Real& to, Real value, bool add) { to = add ? to + value : value; }

// Gradients of the layers as written to where the network has them. The projection's bias is left
// to the recurrent layer.
inline void Front::emit(Real* gradient, const std::size_t* offset, bool add) const {
    for (int l = 0; l < written; l++) {
        const FrontLayer& at = layer[l];
        bool projection = l == written - 1;
        int units = shape->gru[0].units;
        const Real* kernel = reinterpret_cast<const Real*>(at.kernel_gradient);
        Real* to = gradient + offset[2 * l];
        for (int r = 0; r < at.width * at.in; r++)
            for (int q = 0; q < at.out; q++) {
                int column = projection ? keras_gate(q / units) * units + q % units : q;
                put(to[std::size_t(r) * at.out + column], kernel[r * at.stride() + q], add);
            }
        const Real* bias = reinterpret_cast<const Real*>(at.bias_gradient);
        if (!projection)
            for (int q = 0; q < at.out; q++) put(gradient[offset[2 * l + 1] + q], bias[q], add);
    }
}

}  // namespace slicken::SLICKEN_BUILD
