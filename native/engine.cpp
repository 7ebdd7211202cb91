// The engine as JAX calls it: XLA's foreign-function interface, and a few plain functions for ctypes.
#include <algorithm>
#include <new>

#include "ensemble.h"
#include "xla/ffi/api/ffi.h"

namespace slicken {
namespace {

namespace ffi = xla::ffi;

// The arguments in the order in which they come; one that is missing ends the call with words.
class Arguments {
    ffi::RemainingArgs& all_;
    std::size_t next_ = 0;

  public:
    explicit Arguments(ffi::RemainingArgs& all) : all_(all) {}

    std::size_t left() const { return all_.size() - next_; }
    ffi::AnyBuffer take() { return *all_.get<ffi::AnyBuffer>(next_++); }
};

class Results {
    ffi::RemainingRets& all_;
    std::size_t next_ = 0;

  public:
    explicit Results(ffi::RemainingRets& all) : all_(all) {}

    std::size_t left() const { return all_.size() - next_; }
    template <class Real>
    Real* take() {
        return static_cast<Real*>((*all_.get<ffi::AnyBuffer>(next_++))->untyped_data());
    }
};

template <class Real>
const Real* numbers(const ffi::AnyBuffer& buffer) {
    return static_cast<const Real*>(buffer.untyped_data());
}

ffi::Error wrong(const std::string& words) {
    return ffi::Error(ffi::ErrorCode::kInvalidArgument, "slicken engine: " + words);
}

struct Settings {
    Work work;
    int length, conv_layers, relu, threads;
    bool histories;
};

template <class Real>
ffi::Error compute_in(const Settings& asked, ffi::RemainingArgs& args, ffi::RemainingRets& rets) {
    Arguments from(args);
    Results to(rets);
    Ensemble<Real> e{};
    bool training = asked.work == Work::train, pulled = asked.work == Work::pull_weights ||
                                                       asked.work == Work::pull_windows;
    std::size_t ahead = 2 + (asked.histories ? 1 : 0) + (training ? 2 : 0) + (pulled ? 1 : 0);
    if (args.size() < ahead + 2 * asked.conv_layers + 5) return wrong("too few arrays");
    ffi::AnyBuffer record = from.take(), ends = from.take();
    if (record.dimensions().size() != 2 || ends.dimensions().size() != 2)
        return wrong("the record and the ends have two axes");
    e.work = asked.work;
    e.length = asked.length;
    e.threads = asked.threads;
    e.samples = record.dimensions()[0];
    e.shape.drivers = int(record.dimensions()[1]);
    e.shape.relu = asked.relu;
    e.record = numbers<Real>(record);
    e.ends = numbers<std::int32_t>(ends);
    e.runs = int(ends.dimensions()[0]);
    e.windows = int(ends.dimensions()[1]);
    if (asked.histories) {
        ffi::AnyBuffer histories = from.take();
        if (histories.element_type() != ffi::DataType::S32 ||
            histories.element_count() != ends.element_count())
            return wrong("histories are int32, one for each end");
        e.histories = numbers<std::int32_t>(histories);
    }
    if (training) {
        e.targets = numbers<Real>(from.take());
        e.weights = numbers<Real>(from.take());
    }
    if (pulled) e.pull = numbers<Real>(from.take());

    std::vector<ConvShape> conv;
    std::vector<GruShape> gru;
    std::size_t gru_layers = (from.left() - 2 * asked.conv_layers - 2) / 3;
    for (std::size_t a = 0; from.left(); a++) {
        ffi::AnyBuffer array = from.take();
        auto axes = array.dimensions();
        if (array.element_type() != record.element_type()) return wrong("arrays of several types");
        if (axes.size() == 0 || axes[0] != e.runs) return wrong("arrays want a leading axis of runs");
        std::size_t convolutions = 2 * std::size_t(asked.conv_layers);
        if (a < convolutions && a % 2 == 0)
            conv.push_back({int(axes[1]), int(axes[2]), int(axes[3])});
        if (a >= convolutions && a < convolutions + 3 * gru_layers && (a - convolutions) % 3 == 0)
            gru.push_back({int(axes[1]), int(axes[2]) / 3});
        e.arrays.push_back(numbers<Real>(array));
        e.sizes.push_back(e.runs ? array.element_count() / std::size_t(e.runs) : 0);
    }
    e.shape.conv_layers = int(conv.size());
    e.shape.conv = conv.data();
    e.shape.gru_layers = int(gru.size());
    e.shape.gru = gru.data();

    if (training) e.losses = to.take<Real>();
    if (asked.work == Work::predict || asked.work == Work::pull_windows) e.friction = to.take<Real>();
    if (asked.work == Work::pull_windows) e.window_gradients = to.take<Real>();
    if (training || asked.work == Work::pull_weights)
        for (std::size_t a = 0; a < e.arrays.size(); a++) e.gradients.push_back(to.take<Real>());

    try {
        std::string words = compute(e);
        return words.empty() ? ffi::Error::Success() : wrong(words);
    } catch (const std::bad_alloc&) {
        return ffi::Error(ffi::ErrorCode::kResourceExhausted,
                          "slicken engine: no memory left; use smaller networks, shorter windows or "
                          "fewer threads");
    }
}

ffi::Error compute_any(ffi::RemainingArgs args, ffi::RemainingRets rets, std::int64_t work,
                       std::int64_t length, std::int64_t conv_layers, std::int64_t relu,
                       std::int64_t threads, std::int64_t histories) {
    Settings asked{Work(work), int(length), int(conv_layers), int(relu),
                   int(std::max<std::int64_t>(threads, 1)), histories != 0};
    auto record = args.get<ffi::AnyBuffer>(0);
    if (record.has_error()) return wrong("no arrays");
    switch (record->element_type()) {
        case ffi::DataType::F32:
            return compute_in<float>(asked, args, rets);
        case ffi::DataType::F64:
            return compute_in<double>(asked, args, rets);
        default:
            return wrong("numbers are float32 or float64");
    }
}

}  // namespace
}  // namespace slicken

#define SLICKEN_EXPORT extern "C" __attribute__((visibility("default")))

XLA_FFI_DEFINE_HANDLER(slicken_handler, slicken::compute_any,
                       xla::ffi::Ffi::Bind()
                           .RemainingArgs()
                           .RemainingRets()
                           .Attr<std::int64_t>("work")
                           .Attr<std::int64_t>("length")
                           .Attr<std::int64_t>("conv_layers")
                           .Attr<std::int64_t>("relu")
                           .Attr<std::int64_t>("threads")
                           .Attr<std::int64_t>("histories"));

SLICKEN_EXPORT XLA_FFI_Error* slicken_compute(XLA_FFI_CallFrame* frame) {
    return slicken_handler(frame);
}

SLICKEN_EXPORT int slicken_abi() { return 2; }

SLICKEN_EXPORT const char* slicken_instruction_set() { return slicken::instruction_set(); }

SLICKEN_EXPORT int slicken_use_instruction_set(const char* name) {
    return slicken::use_instruction_set(name);
}

SLICKEN_EXPORT std::uint64_t slicken_multiply_adds() { return slicken::multiply_adds(); }
