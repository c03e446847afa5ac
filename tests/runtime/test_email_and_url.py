"""E-mail addresses and URLs are what their formats say they are: RFC 5321 and RFC 3986."""

import json

import pytest

import dragoman as dm
from dragoman.contract.fault import InvalidArgument
from dragoman.contract.reading import read_record
from dragoman.contract.schema import Ref, Types
from dragoman.runtime.codec import JsonDecoder


class Contact(dm.Struct):
    email: dm.Email = "a@b"
    url: dm.Url = "http://a"


TYPES = Types()
read_record(Contact, TYPES, place="a test")
CONTACT = JsonDecoder(Ref("Contact"), TYPES)

EMAILS = ["a@b", "a.b+c@d.example", "o'hara@example.com", f"{'a' * 64}@b.c", "a@xn--mnchen-3ya.de"]
NO_EMAILS = [".a@b", "a.@b", "a..b@c", f"{'a' * 65}@b.c", f"{'a.' * 32}a@b.c", "a@b@c", "a@", "@b", "a@-b", "a b@c"]
URLS = [
    "http://a",
    "https://a:8443/b/c;d?e=f&g=%20#h?i/j",
    "http://u:p@h/",
    "http://[::1]:80/",
    "http://a%41/",
    "http://a//b",
    "http://a?b?c",
]
NO_URLS = ["http://", "http://%4", "http://a#b#c", "http://a/?[", "http://a/%zz", "http://[", "http://a:b", "ftp://a"]


@pytest.mark.parametrize("value", [{"email": each} for each in EMAILS] + [{"url": each} for each in URLS])
def test_they_are_taken(value: dict[str, str]) -> None:
    contact = CONTACT.decode(json.dumps(value).encode())
    assert {name: getattr(contact, name) for name in value} == value


@pytest.mark.parametrize(
    ("name", "value"), [("email", each) for each in NO_EMAILS] + [("url", each) for each in NO_URLS]
)
def test_others_are_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        CONTACT.decode(json.dumps({name: value}).encode())
    assert {each.path for each in caught.value.violations} == {(name,)}
