"""What a partner's engineer writes with the generated Python client: typed from end to end.

It is checked by mypy --strict and run against a server: ``python orders.py URL KEY``. It prints what it saw.
"""

import datetime
import json
import sys

from shop_client import AuthenticatedClient
from shop_client.api.customers import create_customer
from shop_client.api.orders import cancel_order, create_order, get_order, list_orders, update_order
from shop_client.models import (
    Customer,
    CustomerCreate,
    Order,
    OrderCreate,
    OrderPage,
    OrderStatus,
    OrderUpdate,
    Problem,
)
from shop_client.types import Response, Unset


def main(url: str, key: str) -> dict[str, object]:
    with AuthenticatedClient(base_url=url, token=key) as client:
        page = list_orders.sync(client=client, page_size=3, order_by="placed_on")
        assert isinstance(page, OrderPage)
        seen: dict[str, object] = {"listed": len(page.orders), "goes on": page.next_page_token != ""}
        seen["unknown"] = sorted({each.status for each in page.orders if not isinstance(each.status, OrderStatus)})

        ann = create_customer.sync(client=client, body=CustomerCreate(name="Ann", email="ann@python.example"))
        assert isinstance(ann, Customer)
        new = OrderCreate(customer=ann.id, placed_on=datetime.date(2026, 11, 22), quantity=2, total_cents=1999)
        created = create_order.sync_detailed(client=client, body=new)
        assert isinstance(created.parsed, Order)
        order, etag = created.parsed, str(created.headers["etag"])
        seen["created"] = [int(created.status_code), str(order.status)]

        unchanged = get_order.sync_detailed(order.id, client=client, if_none_match=etag)
        seen["unchanged"] = int(unchanged.status_code)

        patched = update_order.sync(order.id, client=client, body=OrderUpdate(quantity=3), if_match=etag)
        assert isinstance(patched, Order)
        seen["patched"] = patched.quantity
        stale = update_order.sync_detailed(order.id, client=client, body=OrderUpdate(quantity=4), if_match=etag)
        seen["stale"] = problem(stale)

        cancelled = cancel_order.sync(order.id, client=client)
        assert isinstance(cancelled, Order)
        seen["cancelled"] = cancelled.status is OrderStatus.CANCELLED

        wrong = update_order.sync_detailed(order.id, client=client, body=OrderUpdate(quantity=0))
        seen["wrong"] = problem(wrong)
        return seen


def problem(response: Response[Order | Problem]) -> list[object]:
    """The status, the code and where it is wrong."""
    found = response.parsed
    assert isinstance(found, Problem)
    errors = [] if isinstance(found.errors, Unset) else found.errors
    return [int(response.status_code), str(found.code), [each.pointer for each in errors]]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
