"""What is said of a path or a method that leads nowhere."""

import pytest

from dragoman.contract.fault import NotFound
from dragoman.runtime.http.problem import MethodNotAllowed
from dragoman.styles.rest.router import Router

ROUTES = [
    ("GET", "/orders"),
    ("POST", "/orders"),
    ("GET", "/orders/{id}"),
    ("PATCH", "/orders/{id}"),
    ("DELETE", "/orders/{id}"),
    ("POST", "/orders/{id}:cancelNow"),
    ("GET", "/customers/{id}/orders"),
    ("POST", "/slowSync"),
    ("GET", "/orderLines"),
]


@pytest.fixture(params=["", "/v1"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def router(base: str) -> Router[str]:
    router: Router[str] = Router("surface 'all'", base)
    for method, template in ROUTES:
        router.add(method, template, f"{method} {template}")
    return router


def missed(router: Router[str], path: str) -> str:
    with pytest.raises(NotFound) as caught:
        router.find("GET", path)
    return caught.value.message


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/orders/", "/orders"),
        ("/orders//", "/orders"),
        ("/order", "/orders"),
        ("/Orders", "/orders"),
        ("/slow_sync", "/slowSync"),
        ("/order-lines", "/orderLines"),
        ("/orders/ord_1/", "/orders/ord_1"),
        ("/orders/ord_1:cancel_now", "/orders/ord_1:cancelNow"),
        ("/customers/cus_1/order", "/customers/cus_1/orders"),
    ],
)
def test_what_was_meant(router: Router[str], base: str, path: str, meant: str) -> None:
    assert missed(router, path) == f"there is no '{base}{path}' on this surface; did you mean {base}{meant}?"


@pytest.mark.parametrize("path", ["/zzz", "/customers", "/customers/cus_1/a/b", "/x" * 1000, "/" + "o" * 9000])
def test_nothing_is_guessed(router: Router[str], base: str, path: str) -> None:
    assert missed(router, path) == f"there is no '{base}{path[:100]}' on this surface"


@pytest.mark.parametrize("path", ["", "/", "//"])
def test_no_path_at_all(router: Router[str], base: str, path: str) -> None:
    said = missed(router, path)
    assert f"{base}/orders, {base}/orders/{{id}}, " in said
    assert said.endswith(f", and 1 more: {base}/openapi.json describes them")


@pytest.mark.parametrize(
    ("path", "offered"),
    [
        ("/slowSync", "OPTIONS and POST are"),
        ("/orders", "GET, HEAD, OPTIONS and POST are"),
        ("/orders/ord_1", "DELETE, GET, HEAD, OPTIONS and PATCH are"),
    ],
)
def test_another_method(router: Router[str], path: str, offered: str) -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        router.find("PUT", path)
    assert caught.value.message == f"PUT is not offered here; {offered}"


def test_what_is_there_is_found(router: Router[str]) -> None:
    assert router.find("POST", "/orders/ord_1:cancelNow") == ("POST /orders/{id}:cancelNow", "ord_1")
    assert router.find("GET", "/orders/ord%5F1") == ("GET /orders/{id}", "ord_1")
