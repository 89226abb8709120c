"""Two runs serve one queue: neither refuses what the other has published, or is publishing."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgaction.model import layout
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.owners import Owners
from pkgaction.ports import ObjectStore
from tests.fakes.store import Killed, Watching
from tests.unit.test_acceptance import OURS, THEIRS, Port, signature

_OWNERS = Owners({OURS: ("*",), THEIRS: ("*",)})
_FULL_LIST = layout.full_index_name("").rpartition("/")[2]


@dataclass(slots=True)
class Meanwhile:
    """Does something once: before that call of a run, of whichever bucket."""

    number: int
    act: Callable[[], None]
    seen: int = 0
    done: bool = False

    def __call__(self, _: object) -> None:
        self.seen += 1
        is_main = threading.current_thread() is threading.main_thread()
        if self.seen > self.number and is_main and not self.done:
            self.done = True
            self.act()


def run(port: Port, meanwhile: Meanwhile, owners: Owners = _OWNERS) -> Ledger:
    queue, artifacts, index = (
        Watching(store, before=meanwhile) for store in (port.queue, port.artifacts, port.index)
    )
    return port.run(queue=queue, artifacts=artifacts, index=index, owners=owners)


def run_until(port: Port, written: str) -> None:
    """A run that is ended by the first write of what is named so."""

    def stop(name: str) -> None:
        if name.endswith(written):
            raise Killed

    def stopping(store: ObjectStore) -> Watching:
        return Watching(store, after=stop)

    with pytest.raises(Killed):
        port.run(
            queue=stopping(port.queue),
            artifacts=stopping(port.artifacts),
            index=stopping(port.index),
            owners=_OWNERS,
        )


def ports(folder: Path) -> Iterator[tuple[int, Port]]:
    """One after another, each with a version that has been indexed."""
    zips = {name: Port(folder).zipped(name) for name in ("whelk", "crab", "eel")}
    for number in range(1000):
        port = Port(folder / str(number))
        port.submit("whelk-1.0.0.zip", zips["whelk"])
        port.run(owners=_OWNERS)
        port.clock.sleep(60)
        for name in ("crab", "eel"):
            port.submit(f"reef/{name}-1.0.0.zip", zips[name])
        yield number, port


_ALL = [("crab", "1.0.0"), ("eel", "1.0.0"), ("whelk", "1.0.0")]


@pytest.mark.parametrize("begun", [False, True], ids=["fresh", "begun before"])
def test_a_run_that_does_all_in_between_takes_nothing_from_another(
    tmp_path: Path, *, begun: bool
) -> None:
    for number, port in ports(tmp_path):
        if begun:
            run_until(port, "packages/crab-1.0.0.zip")
        inner: list[int] = []
        other = Meanwhile(number, lambda: inner.append(port.run(owners=_OWNERS).exit_status))  # noqa: B023

        ledger = run(port, other)

        told = [(one.name, one.status.value, one.reason) for one in ledger.sorted()]
        assert (ledger.exit_status, told) == (0, [one for one in told if one[1] != "failed"]), number
        assert not list(port.queue.list("refused/")), number
        assert port.indexed() == _ALL, number
        assert not list(port.queue.list("candidates/")), number
        if not other.done:
            assert number > 30
            break
        assert inner == [0], number


@pytest.mark.parametrize("written", ["crab-1.0.0.zip", _FULL_LIST, layout.CURSOR])
def test_what_another_run_is_publishing_is_refused_nobody(tmp_path: Path, written: str) -> None:
    """The other one stands still, and does the rest afterwards."""
    for number, port in ports(tmp_path):
        if number % 4:
            continue
        for folder, key in (("shore/", THEIRS), ("", OURS)):
            data = port.queue.data("candidates/reef/crab-1.0.0.zip")
            port.submit(f"{folder}crab-1.0.0.zip", data, signature(data, key))
        reached = True

        def until() -> None:
            nonlocal reached
            try:
                run_until(port, written)  # noqa: B023
            except pytest.fail.Exception:
                reached = False  # there was nothing left to write

        other = Meanwhile(number, until)

        ledger = run(port, other)

        assert (ledger.exit_status, list(port.queue.list("refused/"))) == (0, []), number
        port.clock.sleep(120)
        assert port.run(owners=_OWNERS).exit_status == 0
        assert (port.indexed(), list(port.queue.list("candidates/"))) == (_ALL, []), number
        if not other.done or not reached:
            assert number > 20
            break


def test_a_copy_waits_until_no_run_can_be_at_its_version_any_more(tmp_path: Path) -> None:
    _, port = next(ports(tmp_path))
    run_until(port, "packages/crab-1.0.0.zip")
    data = port.queue.data("candidates/reef/crab-1.0.0.zip")
    for name in ("candidates/reef/crab-1.0.0.zip", "candidates/reef/crab-1.0.0.zip.sig"):
        stored = port.queue.stat(name)
        assert stored
        port.queue.delete(name, generation=stored.generation)
    port.submit("shore/crab-1.0.0.zip", data)

    ledger = port.run(owners=_OWNERS)

    assert (ledger.exit_status, port.statuses(ledger)) == (0, {"eel": Status.PUBLISHED})
    assert ["stays in the queue" in told for told in ledger.notices] == [True]
    port.clock.sleep(3600)
    port.run(owners=_OWNERS)
    assert port.reason("shore/crab-1.0.0.zip")["code"] == "withdrawn"


def test_what_another_run_has_accepted_meanwhile_is_not_refused_nor_put_aside(tmp_path: Path) -> None:
    """Another one knows more owners, say."""
    refused = 0
    for number, port in ports(tmp_path):

        def accept() -> None:
            port.run(owners=_OWNERS)  # noqa: B023

        other = Meanwhile(number, accept)

        ledger = run(port, other, Owners({OURS: ("eel",)}))

        aside = [one.name.rpartition("/")[2] for one in port.queue.list("refused/")]
        if aside:
            assert aside == ["package.zip", "package.zip.sig", "reason.json"], number
            refused += 1
        else:
            assert (ledger.exit_status, port.indexed()) == (0, _ALL), number
        assert not list(port.queue.list("candidates/")), number
        if not other.done:
            assert 0 < refused < number
            break
