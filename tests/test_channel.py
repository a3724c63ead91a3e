"""The hand-over between two threads."""

import threading

import pytest

from realtime_nst.channel import Channel


def _in_thread(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_items_come_out_in_order_and_all():
    channel = Channel(2)

    def produce():
        for number in range(100):
            channel.put(number)
        channel.close()

    thread = _in_thread(produce)
    assert list(channel) == list(range(100))
    assert channel.dropped == 0
    thread.join(5)
    assert not thread.is_alive()


def test_a_full_channel_keeps_the_producer_waiting_until_there_is_room():
    channel = Channel(1)
    channel.put("first")
    entered, done = threading.Event(), threading.Event()

    def produce():
        entered.set()
        channel.put("second")
        done.set()

    thread = _in_thread(produce)
    assert entered.wait(5)
    assert not done.wait(0.05)
    assert next(iter(channel)) == "first"
    assert done.wait(5)
    thread.join(5)


@pytest.mark.parametrize("capacity", [1, 3])
def test_newest_wins_drops_the_oldest_and_counts(capacity):
    channel = Channel(capacity, newest_wins=True)
    for number in range(10):
        assert channel.put(number)
    channel.close()
    assert list(channel) == list(range(10 - capacity, 10))
    assert channel.dropped == 10 - capacity


def test_an_error_comes_out_after_the_items_before_it():
    channel = Channel(4)
    channel.put(1)
    channel.close(ValueError("torn"))
    items = iter(channel)
    assert next(items) == 1
    with pytest.raises(ValueError, match="torn"):
        next(items)


def test_cancelling_frees_a_waiting_producer():
    channel = Channel(1)
    channel.put(1)
    answers = []
    thread = _in_thread(lambda: answers.append(channel.put(2)))
    channel.cancel()
    thread.join(5)
    assert answers == [False]
    assert channel.put(3) is False


def test_closing_frees_a_waiting_consumer():
    channel = Channel(1)
    seen = []
    thread = _in_thread(lambda: seen.extend(channel))
    channel.close()
    thread.join(5)
    assert not thread.is_alive()
    assert seen == []
