"""What tests of races share."""

import time
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


def until_all_is_there(store):
    """Wait until what other processes have written so far can be followed."""
    end = store.now()
    while store.statements.consistent_through() < end:
        time.sleep(0.01)
