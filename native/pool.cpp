#include "pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace slicken {
namespace {

struct Call {
    const std::function<void(int)>& task;
    int count, helpers;
    std::atomic<int> next{0};
    int helping = 0;

    void work() {
        for (int i; (i = next++) < count;) task(i);
    }
};

struct Pool {
    std::mutex lock;
    std::condition_variable called, helped;
    std::list<Call*> calls;
    int threads = 0, wanted = 0;

    void help() {
        std::unique_lock<std::mutex> locked(lock);
        for (;;) {
            Call* call = nullptr;
            called.wait(locked, [&] {
                for (Call* one : calls)
                    if (one->helping < one->helpers && one->next < one->count) {
                        call = one;
                        return true;
                    }
                return false;
            });
            call->helping++;
            locked.unlock();
            call->work();
            locked.lock();
            call->helping--;
            helped.notify_all();
        }
    }

    void run(Call& call) {
        {
            std::lock_guard<std::mutex> locked(lock);
            calls.push_back(&call);
            wanted += call.helpers;
            for (; threads < wanted; threads++) std::thread([this] { help(); }).detach();
        }
        called.notify_all();
        call.work();
        std::unique_lock<std::mutex> locked(lock);
        calls.remove(&call);
        wanted -= call.helpers;
        helped.wait(locked, [&] { return call.helping == 0; });
    }
};

// Never destroyed: threads may still wait when the process ends. A forked child has none of its
// parent's threads, so it starts anew.
Pool& pool() {
    static std::mutex lock;
    static Pool* one = nullptr;
    static long owner = 0;
    std::lock_guard<std::mutex> locked(lock);
#if defined(__unix__) || defined(__APPLE__)
    long self = getpid();
#else
    long self = 1;
#endif
    if (!one || owner != self) {
        one = new Pool;
        owner = self;
    }
    return *one;
}

}  // namespace

void in_parallel(int count, int helpers, const std::function<void(int)>& task) {
    Call call{task, count, std::min(helpers, count - 1)};
    if (call.helpers <= 0)
        call.work();
    else
        pool().run(call);
}

}  // namespace slicken
