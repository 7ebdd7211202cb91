"""Threads: how many compute at once."""

from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[object]:
    """One thread for linear algebra: for many small systems, threads that wait take longer."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")
