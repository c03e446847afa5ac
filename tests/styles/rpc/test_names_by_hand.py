"""Names that are given by hand: what they are in JSON, in masks and in lists, that numbers do not hang on them, and
what is refused.
"""

import dataclasses
import enum
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from dialling import Caller, run

import dragoman as dm
from dragoman.ports.wire import Request

sys.path.insert(0, str(Path(__file__).parent / "clients"))

import booking_server


def surface(folder: Path, *operations: Any) -> dm.Surface:
    lock = folder / "dragoman.lock"
    return dm.rpc(
        "desk",
        "/desk",
        audience="internal",
        auth=dm.anonymous(),
        exposes=operations,
        package="desk.v1",
        lock=lock,
    )


def taking(cls: Any, name: str = "ring") -> Any:
    """An operation that takes such a message."""
    made = dm.Contract(f"{name}s")

    @made.operation(name=name)
    async def ring(asked: cls) -> None: ...

    return ring


def locked(folder: Path, *operations: Any) -> bytes:
    """The lock file of operations that are alone in their applications, one after the other."""
    file = folder / "dragoman.lock"
    for each in operations:
        files: dict[Path, bytes] = {}
        dm.App(surface(folder, each)).surfaces[0].endpoint.lock(files)
        file.write_bytes(files[file])
    return file.read_bytes()


def test_a_resource_by_connect_s_json_and_by_plain_post(tmp_path: Path) -> None:
    """Connect has the names of the file; plain POST those of the contract, as REST has."""
    app = dm.App(*(each.surface for each in booking_server.app.surfaces), database=tmp_path / "booking.db")

    async def plain(operation: str, body: bytes) -> Any:
        headers = {"content-type": "application/json", "authorization": "Bearer ann"}
        return await app.respond(Request("POST", f"/desk/{operation}", "", headers, body))

    async def scenario() -> None:
        call = Caller(app, "legacy.booking", "ann")
        made = (await call("RoomService/CreateRoom", {"room": {"level": 3, "BedCount": "2"}})).json
        assert (made["level"], made["BedCount"]) == ("3", "2")
        room = {"id": made["id"], "Bed_Count": 5, "level": 7}
        # JSON's form of masks begins each word with a capital, and has lost the others.
        for mask, expected in (("BedCount", ("3", "5")), ("Bed_Count,level", ("7", "5"))):
            changed = (await call("RoomService/UpdateRoom", {"room": room, "updateMask": mask})).json
            assert (changed["level"], changed["BedCount"]) == expected
        await call("RoomService/CreateRoom", {"room": {"level": 1}})
        for order in ("-level", "-floor"):
            listed = (await call("RoomService/ListRooms", {"levelGte": 0, "orderBy": order})).json
            assert [each["level"] for each in listed["rooms"]] == ["7", "1"]
        answer = await plain("rooms.list", b'{"floor.gte": 2}')
        assert b'"floor":7,"beds":5' in answer.body
        stay = b'{"guest": "Emma", "kind": "two", "extras": {}, "board": "half", "nights": 1}'
        assert (await plain("rate", stay)).body == b'{"cents":100,"kind":"two","guest":"Emma"}'

    run(app, scenario)


def test_it_changes_no_number(tmp_path: Path) -> None:
    def stay(*, named: bool) -> Any:
        def by_hand(*given: Any, **more: Any) -> Any:
            return dm.ProtoName(*given, **more) if named else lambda cls: cls

        @by_hand("Visit", values={"cash": "IN_CASH"}, zero="NOTHING")
        class Pay(enum.StrEnum):
            CASH = "cash"
            CARD = "card"

        @by_hand("Booking")
        class Stay(dm.Struct):
            nights: Annotated[int, by_hand("totalNights")]
            pays: list[Pay]
            boards: Annotated[list[Literal["half", "full"] | None], by_hand("meals", values={"half": "SUPPER"})]

        return taking(Stay)

    without = locked(tmp_path, stay(named=False))
    assert locked(tmp_path, stay(named=True)) == without
    endpoint = dm.App(surface(tmp_path, stay(named=True))).surfaces[0].endpoint
    endpoint.check()
    text = endpoint.exports()["proto"]().decode()
    for line in ("rpc Ring(Booking)", "int64 totalNights = 1;", "repeated Visit pays = 2;", "SUPPER = 1;"):
        assert line in text
    assert locked(tmp_path, stay(named=True), stay(named=False)) == without


def test_any_class_takes_one(tmp_path: Path) -> None:
    @dm.ProtoName("Visit")
    @dataclasses.dataclass(frozen=True, slots=True)
    class Stay:
        nights: Annotated[int, dm.ProtoName("total")]

    @dataclasses.dataclass(frozen=True)
    class Longer(Stay):
        """What inherits has a name of its own."""

    class Both(dm.Struct):
        stay: Stay
        longer: Longer

    locked(tmp_path, taking(Both))
    text = dm.App(surface(tmp_path, taking(Both))).surfaces[0].endpoint.exports()["proto"]().decode()
    for line in ("Visit stay = 1;", "Longer longer = 2;", "int64 total = 1;"):
        assert line in text


@pytest.mark.parametrize("name", ["a b", "1a", "_a", "a.b", "é", "a-b"])
def test_what_is_no_name(name: str) -> None:
    remedy = r".*no name in protocol buffers.*Give the name that it has in the \.proto file"
    with pytest.raises(dm.DeclarationError, match=r"ProtoName\(name=" + remedy):
        dm.ProtoName(name)
    with pytest.raises(dm.DeclarationError, match=r"ProtoName\(values\['x'\]=" + remedy):
        dm.ProtoName(values={"x": name})


def test_a_type_begins_with_a_capital() -> None:
    with pytest.raises(dm.DeclarationError, match=r"ProtoName\('string'\), Stay: .* Write String"):

        @dm.ProtoName("string")
        class Stay(dm.Struct):
            nights: int


def test_only_enums_have_values() -> None:
    with pytest.raises(dm.DeclarationError, match="ProtoName, Stay: it names values, and the class is no enum"):

        @dm.ProtoName(values={"a": "A"})
        class Stay(dm.Struct):
            nights: int


def test_one_for_each_class() -> None:
    with pytest.raises(dm.DeclarationError, match=r"Stay: ProtoName is given twice. Give it once"):

        @dm.ProtoName("A")
        @dm.ProtoName("B")
        class Stay(dm.Struct):
            nights: int


def test_words_that_begin_statements() -> None:
    with pytest.raises(dm.DeclarationError, match="no value of an enum can have this name"):
        dm.ProtoName(zero="reserved")


class Pay(enum.StrEnum):
    CASH = "cash"
    CARD = "card"


REFUSED: list[tuple[str, Any, str]] = [
    (
        "another field's name",
        {"a": Annotated[int, dm.ProtoName("b")], "b": int},
        r"surface 'desk', Stay: 'b' and 'a', by hand 'b', have one name in protocol buffers. Rename one of them",
    ),
    (
        "another field's name in JSON",
        {"a": Annotated[int, dm.ProtoName("bC")], "b_c": int},
        r"'b_c' and 'a', by hand 'bC', have one name",
    ),
    (
        "names that change places, which a mask could not tell apart",
        {"a": Annotated[int, dm.ProtoName("b")], "b": Annotated[int, dm.ProtoName("a")]},
        r"'b', by hand 'a', and 'a', by hand 'b', have one name",
    ),
    (
        "values where no Literal is",
        {"pay": Annotated[Pay, dm.ProtoName(values={"cash": "CASH"})]},
        r"Stay.pay: its dm.ProtoName names values, and it holds no Literal. .* above the class of the enum",
    ),
    (
        "a value that there is not",
        {"pay": Annotated[Literal["cash"], dm.ProtoName(values={"cahs": "CASH"})]},
        r"surface 'desk', Pay: its dm.ProtoName names 'cahs', which is no value of it. Name those of 'cash'",
    ),
    (
        "another value's name",
        {"pay": Annotated[Literal["cash", "card"], dm.ProtoName(values={"cash": "PAY_CARD"})]},
        r"surface 'desk', Pay: its value 'card' has one name in protocol buffers with 'cash', PAY_CARD",
    ),
    (
        "the name of what is no value",
        {"pay": Annotated[Literal["cash"], dm.ProtoName(zero="CASH")]},
        r"its value 'cash' has one name in protocol buffers with what stands for no value, PAY_CASH",
    ),
]


@pytest.mark.parametrize(("fields", "said"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_what_is_refused(fields: Any, said: str, tmp_path: Path) -> None:
    stay = type("Stay", (dm.Struct,), {"__annotations__": fields, "__module__": __name__})
    with pytest.raises(dm.DeclarationError, match=said):
        dm.App(surface(tmp_path, taking(stay)))


def test_types_have_names_of_their_own(tmp_path: Path) -> None:
    @dm.ProtoName("Stay")
    class Visit(dm.Struct):
        a: int

    class Stay(dm.Struct):
        visit: Visit

    with pytest.raises(dm.DeclarationError, match=r"the package desk\.v1 has another type Stay\. Rename one of"):
        dm.App(surface(tmp_path, taking(Stay)))


def test_classes_of_one_name_have_one_in_the_lock_file(tmp_path: Path) -> None:
    """Two contracts in one package: a name by hand for one of them would leave both with one entry."""

    def one(name: str, *hand: Any) -> Any:
        class Stay(dm.Struct):
            a: int

        for each in hand:
            each(Stay)
        return taking(Stay, name)

    with pytest.raises(dm.DeclarationError, match=r"Visit and Stay have one name in the lock file, Stay, whatever"):
        dm.App(surface(tmp_path, one("a"), one("b", dm.ProtoName("Visit"))))
