"""Doing something in many threads at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor


def at_once(work, arguments):
    """Call `work` with each of the arguments, each in a thread of its own, all beginning at the
    same moment; return what came of them, in the order of the arguments.
    """
    arguments = list(arguments)
    ready = threading.Barrier(len(arguments))

    def begin(argument):
        ready.wait()
        return work(argument)

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(begin, arguments))
