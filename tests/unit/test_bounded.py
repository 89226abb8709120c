"""Work of others is ended from outside, whatever it does, and the work beside it goes on."""

import faulthandler
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, cast

import pytest

from pkgaction import bounded as bounded_module
from pkgaction.bounded import Bounded, Ended, Limits
from pkgaction.errors import PackageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_MANY = 1 << 30


def _for_ever(_: str) -> str:
    while True:
        pass


def _sleep(_: str) -> str:
    time.sleep(3600)
    raise AssertionError


def _doze(_: str) -> str:
    time.sleep(0.5)
    return "awake"


def _doze_shortly(item: str) -> str:
    time.sleep(0.15)
    return item


def _stopped(item: str) -> str:
    signal.raise_signal(signal.SIGSTOP)
    return item


def _deaf(item: str) -> str:
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL})
    return _sleep(item)


def _memory(_: str) -> str:
    return str(len(b"x" * _MANY))


def _kill(item: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return item


def _abort(_: str) -> str:
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


def _raise(item: str) -> str:
    raise PackageError(what="no good", where=item, fix="mend it")


def _unpicklable(_: str) -> str:
    raise type("Local", (Exception,), {})


_WORK: dict[str, Callable[[str], str]] = {
    "for_ever": _for_ever,
    "sleep": _sleep,
    "deaf": _deaf,
    "doze": _doze,
    "doze_shortly": _doze_shortly,
    "stopped": _stopped,
    "memory": _memory,
    "kill": _kill,
    "abort": _abort,
    "raise": _raise,
    "unpicklable": _unpicklable,
}


def _do(item: str) -> str:
    return _WORK.get(item, str.upper)(item)


class Maker(Protocol):
    """Makes such processes, which are ended with the test."""

    def __call__(
        self,
        count: int = 1,
        *,
        seconds: float = 60,
        memory: int = _MANY,
        longest: float = 60,
        patience: float = 60,
    ) -> Bounded[str, str]: ...


@pytest.fixture
def bounded() -> Iterator[Maker]:
    made: list[Bounded[str, str]] = []

    def make(
        count: int = 1,
        *,
        seconds: float = 60,
        memory: int = _MANY,
        longest: float = 60,
        patience: float = 60,
    ) -> Bounded[str, str]:
        limits = Limits(seconds=seconds, memory=memory, longest=longest)
        made.append(Bounded(_do, limits, count, patience))
        return made[-1]

    yield make
    for one in made:
        one.close()


def _one(workers: Bounded[str, str], item: str) -> str | Ended:
    workers.begin(item)
    done = workers.next()
    assert done
    assert done.item == item
    return done.result()


def test_what_takes_too_much_processor_time_is_ended(bounded: Maker) -> None:
    workers = bounded(seconds=0.1)

    assert _one(workers, "for_ever") is Ended.TIME
    assert _one(workers, "next") == "NEXT"


@pytest.mark.parametrize("item", ["for_ever", "sleep", "deaf", "stopped"])
def test_what_has_no_end_is_ended_whatever_it_does_and_is_not_blamed(bounded: Maker, item: str) -> None:
    workers = bounded(longest=0.3)
    workers.begin(item)

    done = workers.next()

    assert done
    assert (done.result(), done.was_interrupted) == (Ended.STALLED, True)
    assert _one(workers, "next") == "NEXT"


def test_what_waits_longer_for_the_processor_than_it_may_use_it_is_done(bounded: Maker) -> None:
    assert _one(bounded(seconds=0.1), "doze") == "awake"


def test_what_wants_too_much_memory_gets_none_and_the_next_gets_all_again(bounded: Maker) -> None:
    workers = bounded(memory=_MANY // 2)

    assert _one(workers, "memory") is Ended.MEMORY
    assert _one(workers, "next") == "NEXT"
    assert _one(bounded(memory=4 * _MANY), "memory") == str(_MANY)


def test_a_process_that_is_ended_or_ends_itself_is_told_apart(bounded: Maker) -> None:
    workers = bounded()

    assert _one(workers, "kill") is Ended.KILLED
    assert _one(workers, "abort") is Ended.CRASHED
    assert _one(workers, "next") == "NEXT"


def test_what_the_work_raises_is_raised(bounded: Maker) -> None:
    workers = bounded()

    with pytest.raises(PackageError, match="no good") as caught:
        _one(workers, "raise")
    with pytest.raises(RuntimeError, match="answer"):
        _one(workers, "unpicklable")

    assert caught.value.fix == "mend it"


def test_results_come_in_order_and_what_takes_long_is_overtaken(bounded: Maker) -> None:
    workers = bounded(3)
    for item in ("a", "b", "c"):
        workers.begin(item)
    in_order = [done.item for _ in "abc" if (done := workers.next())]
    impatient = bounded(2, patience=0.1)
    impatient.begin("sleep")
    impatient.begin("b")

    overtaking = impatient.next()

    assert in_order == ["a", "b", "c"]
    assert overtaking
    assert overtaking.item == "b"
    assert list(impatient.running) == ["sleep"]
    assert impatient.next(0.1) is None


def test_the_time_that_each_took_is_that_of_the_processor(bounded: Maker) -> None:
    workers = bounded(longest=0.3)
    workers.begin("doze_shortly")
    dozed = workers.next()
    workers.begin("sleep")
    ended = workers.next()

    assert dozed
    assert ended
    assert dozed.seconds < 0.1
    assert ended.seconds > 0.3


def test_one_process_does_one_after_another(bounded: Maker) -> None:
    workers = bounded()
    workers.begin("a")
    workers.next()
    before = [process.process.pid for process in workers._idle]

    _one(workers, "b")

    assert [process.process.pid for process in workers._idle] == before


def test_a_process_that_ended_while_it_waited_is_replaced(bounded: Maker) -> None:
    workers = bounded()
    _one(workers, "a")
    workers._idle[0].process.kill()
    workers._idle[0].process.join()

    assert _one(workers, "b") == "B"


def test_nothing_is_left_running(bounded: Maker) -> None:
    workers = bounded(2)
    workers.begin("sleep")
    workers.begin("a")
    processes = [one.process.process for one in workers._running]

    workers.close()

    assert not any(process.is_alive() for process in processes)
    assert workers.next() is None


@pytest.mark.parametrize("error", [EOFError, BrokenPipeError, ConnectionResetError])
def test_a_process_whose_parent_is_gone_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(bounded_module, "begin_forked", lambda parent: parent)

    class Line:
        def recv(self) -> str:
            raise error

    line = cast("Connection[object, object]", Line())
    bounded_module._serve(line, [], _do, Limits(seconds=1, memory=_MANY), os.getpid())
