from __future__ import annotations

import threading

from editorbot_gui.playback.device_thread import DeviceThread


def test_all_is_done_in_order_and_the_thread_goes() -> None:
    thread = DeviceThread("devices")
    done: list[object] = []
    for number in range(50):
        thread.ask(lambda number=number: done.append(number))  # type: ignore[misc]
    thread.ask(lambda: done.append(threading.current_thread().name))
    thread.join()
    assert done == [*range(50), "devices"]
    assert all(each.name != "devices" for each in threading.enumerate())
    thread.join()  # nothing to wait for


def test_a_failure_keeps_nothing_from_being_done() -> None:
    thread = DeviceThread("devices")
    done: list[int] = []

    def fail() -> None:
        raise RuntimeError("a driver's fault")

    thread.ask(fail)
    thread.ask(lambda: done.append(1))
    thread.join()
    assert done == [1]


def test_one_that_stays_is_the_same_thread_each_time() -> None:
    thread = DeviceThread("devices", stays=True)
    found: list[int] = []
    for _ in range(3):
        thread.ask(lambda: found.append(threading.get_ident()))
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    # A test leaves nothing running.
    thread._stays = False
    thread.join()


def test_one_that_hangs_is_not_waited_for_for_ever() -> None:
    thread, gate = DeviceThread("devices"), threading.Event()
    thread.ask(lambda: gate.wait(20) and None)
    thread.join(timeout_s=0.01)
    gate.set()
    thread.join()
