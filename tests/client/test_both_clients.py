"""What every client does over every style: the same answers, faults and precautions."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from calling import Caller, Lossy
from fair import (
    Amount,
    Declined,
    Many,
    Named,
    Number,
    Stall,
    Ticket,
    Why,
    add_up,
    double,
    echo,
    fail,
    flaky,
    flaky_booking,
    ping,
    refund,
    remaining,
    runs,
    stalls,
    tick,
    tickets,
    total,
    use,
)

import dragoman as dm

Make = Callable[..., Caller]
QUICK = dm.Retries(first=0.001, longest=0.01)


def fresh() -> str:
    return uuid.uuid4().hex


def carries_streams(client: Caller, way: str) -> bool:
    """Plain POST does not, and says so."""
    if way != "plain":
        return True
    with pytest.raises(dm.DeclarationError, match="plain POST carries none but unary calls"):
        client.stream(tick, Named(name=fresh()))
    return False


@pytest.fixture
def ticket(client: Caller) -> Any:
    stall = client.on(stalls, "create", Stall(name=fresh()))
    return client.on(tickets, "create", Ticket(stall=stall.id, cents=500, tags={"row": "a", "seat": "b"}))


# Results


def test_operations_give_what_their_handlers_give(client: Caller, way: str) -> None:
    assert client.call(total, Many(values=[1, 2, 3])) == Number(value=6)
    assert client.call(total, Many(values=[1, 2], exact=True)) == Number(value=-3)
    assert client.call(ping) is None
    if way == "rest":
        with pytest.raises(ValueError, match="an empty list, which a query cannot say"):
            client.call(total, Many(values=[]))
    else:
        assert client.call(total, Many(values=[])) == Number(value=0)


def test_a_batch_takes_one_and_gives_one(client: Caller) -> None:
    found = client.together(*((double, Number(value=each)) for each in range(20)))
    assert found == [Number(value=2 * each) for each in range(20)]


def test_a_resource_through_its_life(client: Caller, ticket: Ticket) -> None:
    assert (ticket.cents, ticket.state, ticket.note, ticket.version) == (500, "new", None, 1)
    assert client.on(tickets, "get", ticket.id) == ticket
    changed = client.on(tickets, "update", ticket, note="front row", tags={"row": "c"})
    assert (changed.note, changed.tags, changed.cents, changed.version) == ("front row", {"row": "c"}, 500, 2)
    assert client.on(tickets, "update", changed.id, note=None).note is None
    assert client.call(use, ticket.id).state == "used"
    assert client.call(refund, client.on(tickets, "get", ticket.id), Amount(cents=100)) == Amount(cents=400)
    assert client.on(tickets, "delete", ticket.id) is None
    with pytest.raises(dm.NotFound):
        client.on(tickets, "get", ticket.id)


def test_what_is_merged_on_the_wire_is_replaced(client: Caller, ticket: Ticket, way: str) -> None:
    assert client.on(tickets, "update", ticket, tags={}).tags == {}
    if way == "rest":
        with pytest.raises(ValueError, match="give the resource itself as it was read"):
            client.on(tickets, "update", ticket.id, tags={"a": "b"})
    else:
        assert client.on(tickets, "update", ticket.id, tags={"a": "b"}).tags == {"a": "b"}


def test_lists_are_taken_page_by_page(client: Caller) -> None:
    stall = client.on(stalls, "create", Stall(name=fresh()))
    for cents in (30, 10, 50, 40, 20):
        client.on(tickets, "create", Ticket(stall=stall.id, cents=cents))
    field = tickets.field
    found = client.list(tickets, field.stall == stall.id, order_by="-cents", page_size=2)
    assert [each.cents for each in found] == [50, 40, 30, 20, 10]
    some = client.list(tickets, (field.stall == stall.id) & (field.cents >= 20), order_by="cents", page_size=2, most=3)
    assert [each.cents for each in some] == [20, 30, 40]
    among = client.list(tickets, (field.stall == stall.id) & field.cents.in_([10, 50]) & (field.state == "new"))
    assert sorted(each.cents for each in among) == [10, 50]
    page = client.on(tickets, "page", field.stall == stall.id, page_size=2, count=True)
    assert (len(page.items), page.total_size, page.next_page_token != "") == (2, 5, True)
    ids = [each.id for each in found[:2]]
    assert {each.id for each in client.list(tickets, field.id.in_(ids))} == set(ids)
    with pytest.raises(ValueError, match=r"cannot be filtered by tickets\.note"):
        client.list(tickets, field.note == "x")
    with pytest.raises(ValueError, match="state cannot be compared with 'lost'"):
        client.list(tickets, field.state == "lost")  # which no enum could say, so that nothing would be left out


# Preconditions


def test_who_gives_a_resource_means_it_as_it_was_read(client: Caller, ticket: Ticket) -> None:
    client.on(tickets, "update", ticket, cents=600)
    for stale in (
        lambda: client.on(tickets, "update", ticket, cents=700),
        lambda: client.call(use, ticket),
        lambda: client.on(tickets, "delete", ticket),
    ):
        with pytest.raises(dm.PreconditionFailed) as caught:
            stale()
        assert (caught.value.code, caught.value.reason) == (dm.Code.ABORTED, "VERSION_MISMATCH")
    assert client.on(tickets, "update", ticket.id, cents=700).cents == 700


def test_a_version_that_nobody_told_is_not_made_up(client: Caller, ticket: Ticket, way: str) -> None:
    (listed,) = client.list(tickets, tickets.field.stall == ticket.stall)
    if way == "rest":
        with pytest.raises(ValueError, match=r"the version of .* is not known"):
            client.on(tickets, "update", listed, cents=700)
    else:
        assert client.on(tickets, "update", listed, cents=700).version == 2


# Faults


def test_a_declared_fault_comes_as_its_own_class(client: Caller) -> None:
    with pytest.raises(Declined) as caught:
        client.call(fail, Why(code="declined"))
    fault = caught.value
    assert (fault.message, fault.metadata) == ("the card 4711 was declined", {"card": "4711"})
    assert (fault.code, fault.reason, fault.retryable) == (dm.Code.FAILED_PRECONDITION, "DECLINED", False)
    assert fault.request_id.startswith("req_")


def test_violations_come_with_their_paths(client: Caller) -> None:
    with pytest.raises(dm.InvalidArgument, match="two things are wrong ✓") as caught:
        client.call(fail, Why(code="violations"))
    assert caught.value.violations == (
        dm.Violation(("items", 2, "sku"), "is sold out", "stock"),
        dm.Violation(("cents",), "is low", "invalid"),
    )


def test_what_is_wrong_with_a_filter_is_told_by_the_contract_s_name(client: Caller) -> None:
    """However the filter is called on the wire."""
    with pytest.raises(dm.InvalidArgument) as caught:
        client.list(tickets, tickets.field.id.in_(["tic_1"]) & (tickets.field.cents >= 1))
    assert (("cents.gte",), "combination") in [(each.path, each.rule) for each in caught.value.violations]


def test_what_a_commit_refuses_is_told_of_the_resource(client: Caller) -> None:
    name = fresh()
    client.on(stalls, "create", Stall(name=name))
    with pytest.raises(dm.AlreadyExists) as caught:
        client.on(stalls, "create", Stall(name=name))
    assert [each.path for each in caught.value.violations] == [("name",)]


def test_the_wait_before_a_retry_comes_with_the_fault(client: Caller) -> None:
    with pytest.raises(dm.ResourceExhausted) as caught:
        client.call(fail, Why(code="busy", after=60.5))
    assert caught.value.retry_after == 60.5
    with pytest.raises(dm.Internal) as bug:
        client.call(fail, Why(code="bug"))
    assert "nobody" not in bug.value.message
    assert bug.value.request_id


def test_what_is_wrong_is_told_before_anything_is_sent(make: Make) -> None:
    nowhere = make("http://127.0.0.1:1")
    with pytest.raises(dm.InvalidArgument) as caught:
        nowhere.call(refund, "tic_1", Amount(cents=-1))
    assert [each.path for each in caught.value.violations] == [("cents",)]
    for wrong in (lambda: nowhere.call(total, Number(value=1)), lambda: nowhere.call(total), lambda: nowhere.call(len)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(TypeError, match="has no field 'cent'"):
        nowhere.on(tickets, "update", "tic_1", cent=1)


def test_a_wrong_key_is_unauthenticated(make: Make) -> None:
    with pytest.raises(dm.Unauthenticated):
        make(auth="eve").call(ping)
    assert make(auth=lambda: "ann").call(ping) is None


# Deadlines


def test_a_call_ends_at_its_deadline(client: Caller) -> None:
    start = time.monotonic()
    with pytest.raises(dm.DeadlineExceeded):
        client.call(flaky, Named(name=fresh(), seconds=20), timeout=0.2)
    assert 0.1 < time.monotonic() - start < 5
    assert client.call(ping) is None


def test_the_remaining_time_travels(client: Caller) -> None:
    assert 7 < client.call(remaining, timeout=8).seconds <= 8

    class Handling:
        def remaining(self) -> float:
            return 5.0

    assert 4 < client.using(within=Handling()).call(remaining).seconds <= 5
    assert client.call(remaining, timeout=None).seconds > 20, "the server's own limit"


# Retries


def test_a_safe_call_is_tried_again(make: Make) -> None:
    client = make(retries=QUICK)
    assert client.call(flaky, Named(name=fresh(), fails=2)) == Number(value=3)
    with pytest.raises(dm.Unavailable, match="not now"):
        client.call(flaky, Named(name=fresh(), fails=9))


def test_an_unsafe_call_is_tried_again_by_its_key_alone(make: Make) -> None:
    client, name = make(retries=QUICK), fresh()
    with pytest.raises(dm.Unavailable):
        client.call(flaky_booking, Named(name=name, fails=2), key=None)
    assert client.call(runs, Named(name=name)).value == 1
    assert client.call(flaky_booking, Named(name=name, fails=2)) == Number(value=3)


def test_a_fault_says_itself_whether_a_retry_helps(make: Make) -> None:
    client = make(retries=QUICK)
    assert client.call(flaky, Named(name=f"locked {fresh()}", fails=2)) == Number(value=3)
    with pytest.raises(dm.FailedPrecondition, match="it is locked") as caught:
        client.call(flaky, Named(name=f"locked {fresh()}", fails=9))
    assert caught.value.retryable
    assert caught.value.metadata == {"by": "bob"}
    name = f"gone {fresh()}"
    with pytest.raises(dm.Unavailable, match="not now") as gone:
        client.call(flaky, Named(name=name, fails=1))
    assert not gone.value.retryable
    assert gone.value.metadata == {}
    assert client.call(runs, Named(name=name)).value == 1


def test_what_no_retry_helps_is_asked_once(make: Make, server: str) -> None:
    client = make(retries=dm.Retries(attempts=9, first=1))
    start = time.monotonic()
    for code in ("declined", "violations", "bug", "busy"):
        with pytest.raises(dm.Fault):
            client.call(fail, Why(code=code))
    with pytest.raises(dm.Unavailable):
        client.call(flaky, Named(name=fresh(), fails=9), retries=dm.Retries(first=100, longest=100), timeout=0.3)
    with pytest.raises(dm.ResourceExhausted):
        client.call(fail, Why(code="busy", after=50.0), timeout=2)
    assert time.monotonic() - start < 1, "nobody waits for what comes behind the deadline"


def test_an_answer_that_was_lost_is_replayed(make: Make, losing: Lossy) -> None:
    client, name = make(f"http://127.0.0.1:{losing.port}", retries=QUICK), fresh()
    if client.options.get("http2") or client.options.get("over") == "grpc":
        client.call(ping)  # on HTTP/2 the server greets first
    losing.lose = 1
    assert client.call(flaky_booking, Named(name=name)) == Number(value=1)
    assert losing.lose == 0
    assert client.call(runs, Named(name=name)).value == 1, "it was done once"
    losing.lose = 1
    with pytest.raises(dm.Unavailable):
        client.call(flaky_booking, Named(name=name), key=None)
    losing.lose = 1
    made = client.on(stalls, "create", Stall(name=name))
    losing.lose = 1
    assert client.on(stalls, "update", made, name=name[::-1]).version == 2, "and not refused for its own change"
    losing.lose = 1
    assert client.on(stalls, "delete", made.id) is None


def test_the_key_is_the_same_for_all_attempts(make: Make, losing: Lossy, way: str) -> None:
    if way in ("grpc", "connect-http2"):
        return  # headers are compressed there; that answers are replayed says the same
    client = make(f"http://127.0.0.1:{losing.port}", retries=QUICK)
    losing.lose = 2
    client.call(ping)
    sent = [line for each in losing.asked for line in each.split(b"\r\n") if line.startswith(b"idempotency-key")]
    assert len(sent) == 3
    assert len(set(sent)) == 1
    client.call(ping)
    client.call(ping, key="order-7")
    assert losing.asked[-1].count(b"idempotency-key: order-7\r\n") == 1
    assert sent[0] not in losing.asked[-2]


def test_a_budget_bounds_the_retries_of_all_calls(make: Make) -> None:
    client, name = make(retries=dm.Retries(attempts=2, first=0, budget=0.1, reserve=3)), fresh()
    calls = 25
    for _ in range(calls):
        with pytest.raises(dm.Unavailable):
            client.call(flaky, Named(name=name, fails=10_000))
    retried = client.call(runs, Named(name=name)).value - calls
    assert 3 <= retried <= 6, "three at once, and one for each ten calls"


def test_a_server_that_is_not_there_is_unavailable(make: Make) -> None:
    client = make("http://127.0.0.1:1", retries=QUICK)
    with pytest.raises(dm.Unavailable, match="cannot be reached"):
        client.call(flaky_booking, Named(name="x"), key=None)


# Streams


def test_a_stream_item_by_item(client: Caller, way: str) -> None:
    if not carries_streams(client, way):
        return
    assert [each.value for each in client.stream(tick, Named(name=fresh()))] == list(range(100))


def test_a_stream_ends_with_its_fault(client: Caller, way: str) -> None:
    if not carries_streams(client, way):
        return
    found = []
    with pytest.raises(Declined):
        found = client.stream(tick, Named(name=fresh(), fails=3))
    assert found == []


def test_a_stream_that_is_closed_is_cancelled(client: Caller, way: str) -> None:
    if not carries_streams(client, way):
        return
    name = fresh()
    taken = client.stream(tick, Named(name=name, seconds=0.005), most=3)
    assert [each.value for each in taken] == [0, 1, 2]
    dropped = client.client.stream(tick, Named(name=name, seconds=0.005))
    client._done(dropped.__anext__() if hasattr(dropped, "__anext__") else next(dropped))
    del dropped
    end = time.monotonic() + 5
    while client.call(runs, Named(name=name)).value:
        assert time.monotonic() < end, "the handler still runs"
        time.sleep(0.02)


def test_a_stream_has_the_time_that_it_is_given(client: Caller, way: str) -> None:
    if not carries_streams(client, way):
        return
    with pytest.raises(dm.DeadlineExceeded):
        client.stream(tick, Named(name=fresh(), seconds=0.01), timeout=0.2)


def test_a_stream_is_sent(client: Caller, way: str) -> None:
    if way in ("rest", "plain"):
        with pytest.raises(dm.DeclarationError):
            client.call(add_up, [Number(value=1)])
        return
    assert client.call(add_up, [Number(value=each) for each in range(100)]) == Number(value=4950)
    assert client.call(add_up, []) == Number(value=0)


def test_streams_both_ways(client: Caller, way: str) -> None:
    if way in ("rest", "plain"):
        with pytest.raises(dm.DeclarationError):
            client.stream(echo, [Number(value=1)])
    elif way in ("grpc", "connect-http2"):
        found = client.stream(echo, [Number(value=each) for each in range(100)])
        assert [each.value for each in found] == [-each for each in range(100)]
    else:
        with pytest.raises(TypeError, match=r"HTTP/1\.1 has no room: write http2=True"):
            client.stream(echo, [Number(value=1)])
