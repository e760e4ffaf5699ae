"""What tests of races share."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier


def at_once(act, times):
    """Call `act` with 0, 1, 2 … in threads that begin together; return what each call gave."""
    barrier = Barrier(times)

    def begin(number):
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(begin, range(times)))
