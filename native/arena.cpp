#include "arena.h"

#include <cstdlib>
#include <new>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1  // as GCC says it
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace slicken {
namespace {

struct Block {
    void* memory;
    std::size_t bytes;
};

struct Store {
    std::mutex lock;
    std::condition_variable returned;
    std::vector<Block> idle;
    std::size_t held = 0;
};

// Never destroyed: threads may still run when the process ends.
Store& store() {
    static Store* one = new Store;
    return *one;
}

constexpr std::size_t HUGE_PAGE = std::size_t(2) << 20;

Block allocate(std::size_t bytes) {
    bytes = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void* memory = std::aligned_alloc(HUGE_PAGE, bytes);
    if (!memory) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
    madvise(memory, bytes, MADV_HUGEPAGE);  // a wish; without it everything works, slower
#endif
    return {memory, bytes};
}

void release(Block block) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(block.memory, block.bytes);
#endif
    std::free(block.memory);
}

}  // namespace

std::size_t Arena::bound() {
#if defined(_SC_PHYS_PAGES)
    static const std::size_t half = std::size_t(sysconf(_SC_PHYS_PAGES)) * std::size_t(sysconf(_SC_PAGE_SIZE)) / 2;
    return half;
#else
    return std::size_t(2) << 30;
#endif
}

Arena::Arena(std::size_t bytes) {
    Store& all = store();
    std::unique_lock<std::mutex> locked(all.lock);
    all.returned.wait(locked, [&] { return all.held == 0 || all.held + bytes <= bound(); });
    Block block{nullptr, 0};
    if (!all.idle.empty()) {
        // Blocks are kept smallest first; one that is too small makes room for one that is not.
        std::size_t pick = 0;
        while (pick + 1 < all.idle.size() && all.idle[pick].bytes < bytes) pick++;
        block = all.idle[pick];
        all.idle.erase(all.idle.begin() + std::ptrdiff_t(pick));
        if (block.bytes < bytes) {
            release(block);
            block = {nullptr, 0};
        }
    }
    if (!block.memory) block = allocate(bytes);
    memory_ = block.memory;
    bytes_ = block.bytes;
    all.held += bytes_;
}

Arena::~Arena() {
    Store& all = store();
    {
        std::lock_guard<std::mutex> locked(all.lock);
        std::size_t at = 0;
        while (at < all.idle.size() && all.idle[at].bytes < bytes_) at++;
        all.idle.insert(all.idle.begin() + std::ptrdiff_t(at), {memory_, bytes_});
        all.held -= bytes_;
    }
    all.returned.notify_all();
}

}  // namespace slicken
