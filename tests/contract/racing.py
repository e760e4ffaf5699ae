"""What tests of races share."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier


def at_once(act, times):
    """Call `act` with 0, 1, 2 … in threads that begin together; return what each call gave."""
    return each_at_once(act, range(times))


def each_at_once(act, arguments):
    """Call `act` with each of the arguments in threads that begin together; return what each call
    gave.
    """
    barrier = Barrier(len(arguments))

    def begin(argument):
        barrier.wait()
        return act(argument)

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(begin, arguments))
