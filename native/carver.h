// Memory of a task, cut from one block; with no block, how much it would take.
#pragma once

#include "simd.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1  // as GCC says it
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace slicken::SLICKEN_BUILD {

// The same cuts measure and make, so the two cannot disagree.
class Carver {
    static constexpr std::size_t ALIGNED = 64;
    char* block_;
    std::size_t used_ = 0;

  public:
    explicit Carver(void* block) : block_(static_cast<char*>(block)) {}

    std::size_t used() const { return used_; }

    bool measuring() const { return !block_; }

    template <class T>
    T* take(std::size_t count) {
        std::size_t bytes = (count * sizeof(T) + ALIGNED - 1) / ALIGNED * ALIGNED;
        T* cut = reinterpret_cast<T*>(block_ + used_);
        used_ += bytes;
#if defined(__SANITIZE_ADDRESS__)
        // A forbidden strip between the cuts, so that writing beyond one is found.
        if (block_) {
            __asan_unpoison_memory_region(cut, count * sizeof(T));
            __asan_poison_memory_region(reinterpret_cast<char*>(cut) + count * sizeof(T),
                                        bytes - count * sizeof(T) + ALIGNED);
        }
        used_ += ALIGNED;
#endif
        return block_ ? cut : nullptr;
    }
};

template <class T>
SLICKEN_INLINE void clear(T* from, std::size_t count) {
    std::memset(static_cast<void*>(from), 0, count * sizeof(T));
}

}  // namespace slicken::SLICKEN_BUILD
