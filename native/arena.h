// Working memory that outlives a call: large blocks, handed out again, and never more than a bound.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

namespace slicken {

// A block for the time of one task.
class Arena {
  public:
    // Waits while other tasks hold so much that this would exceed the bound. Throws std::bad_alloc.
    explicit Arena(std::size_t bytes);
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    void* memory() const { return memory_; }

    // Bytes that all tasks together may hold, half of what the machine has; one task gets what it
    // needs all the same.
    static std::size_t bound();

  private:
    void* memory_;
    std::size_t bytes_;
};

}  // namespace slicken
