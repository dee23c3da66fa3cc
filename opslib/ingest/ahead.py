"""Work done ahead of who uses it, side by side and in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

WORKERS, MOST_WAITING = 2, 4
Item = TypeVar("Item")
Made = TypeVar("Made")


def ahead(work: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Give what `work` makes of each item while it is at the next ones.

    It pays where the work is done without the interpreter's lock, as Arrow's is. What
    fails is raised in its turn; a few items are held at a time.

    Example:
        >>> list(ahead(len, ["a", "bcd"]))
        [1, 3]
    """
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="opslib-ahead") as pool:
        waiting: deque[Future[Made]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) == MOST_WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
