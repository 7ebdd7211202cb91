// Threads that help a caller with its tasks.
#pragma once

#include <functional>

namespace slicken {

// Run task(0), ..., task(count - 1) on the calling thread and up to `helpers` others; return when
// all are done. Which thread does which task is left to chance. Several callers may call at once.
void in_parallel(int count, int helpers, const std::function<void(int)>& task);

}  // namespace slicken
