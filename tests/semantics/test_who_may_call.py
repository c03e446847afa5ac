"""Who may call, what they may see, and what nobody learns."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any

import pytest
from driving import Answer, Caller, principal, run

import dragoman as dm
from dragoman.auth.api_keys import create_key, revoke_key
from dragoman.ports.wire import Request


class Project(dm.Resource, prefix="prj"):
    """Seen by its owner, and by everybody if it is open."""

    owner: Annotated[str, dm.Filter()]
    open: bool = False


class Task(dm.Resource, prefix="tsk"):
    project: Annotated[dm.Id[Project], dm.Ref(reverse="tasks")]
    title: Annotated[str, dm.Filter("in"), dm.Sort()] = ""
    grade: Annotated[int | None, dm.Only("operator"), dm.Filter(), dm.Sort()] = None


class Note(dm.Resource, prefix="nte", tenant=False):
    """Everybody's."""

    text: str = ""


class Count(dm.Struct):
    projects: int
    tasks: int


work = dm.Contract("work")
projects, tasks, notes = work.resource(Project), work.resource(Task), work.resource(Note)


@projects.visible
def own_or_open(principal: dm.Principal) -> dm.Expression:
    return (projects.field.owner == principal.identity) | (projects.field.open == True)  # noqa: E712


class Move(dm.Struct):
    project: dm.Id[Project]


@tasks.method
async def move(task: Task, input: Move, ctx: dm.Context) -> Task:
    return ctx.save(dm.replace(task, project=(await ctx.get(Project, input.project)).id))


@work.operation(effect="safe")
async def count(ctx: dm.Context) -> Count:
    return Count(projects=len(await ctx.list(Project)), tasks=len(await ctx.list(Task)))


FIXED = {
    "ann": principal("ann", "north", "partner", "internal"),
    "bob": principal("bob", "north", "partner"),
    "sam": principal("sam", "south", "partner"),
    "reader": principal("reader", "north", "partner", scopes=("tasks.list", "projects.*")),
    "nobody": principal("nobody", "north", scopes=("*",)),
    "operator": principal("operator", "north", "operator"),
    "crossing": principal("crossing", "north", "operator", scopes=("*", "tenants.cross")),
    "crossing-reader": principal("auditor", "north", "operator", scopes=("tasks.list", "tenants.cross")),
}


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    keys = dm.api_keys(fixed=FIXED)
    everything = [projects, tasks, notes, count]
    return dm.App(
        dm.rest("partner", "/v1", audience="partner", auth=keys, exposes=everything),
        dm.rest("admin", "/admin", audience="operator", auth=keys, exposes=everything, cross_tenants=True),
        dm.rest("ops", "/ops", audience="operator", auth=keys, exposes=[tasks]),
        dm.rest("web", "/web", audience="frontend", auth=keys, exposes=[tasks]),
        dm.rest("open", "/open", audience="public", auth=dm.anonymous("north"), exposes=[tasks, count]),
        dm.rest("shut", "/shut", audience="public", auth=keys, exposes=[tasks]),
        dm.rpc("inside", "/internal", audience="internal", auth=keys, exposes=[count], lock=None),
        database=tmp_path / "work.db",
    )


SURFACES = ("/v1", "/admin", "/ops", "/web", "/shut", "/internal")
PATHS = (
    "",
    "/",
    "/tasks",
    "/tasks/tsk_00000000000000000000000000",
    "/tasks/x:move",
    "/projects/x/tasks",
    "/nothing/at/all",
    "/count",
    "/tasks/%",
    "/tasks/%ff",
    "/../tasks",
    "//",
    "/openapi.json/more",
)


def v1(app: dm.App, key: str | None, path: str = "/v1") -> Caller:
    """A caller of the partners' surface, or another."""
    return Caller(app, key, path)


async def made(caller: Caller, path: str, **values: Any) -> str:
    """Create something; its id."""
    return str((await caller.post(path, values)).ok(201).json["id"])


# Credentials


@pytest.mark.parametrize("surface", SURFACES)
def test_without_credentials_every_path_is_401(app: dm.App, surface: str) -> None:
    async def scenario() -> None:
        id = await made(v1(app, "ann"), "/projects", owner="ann")
        answers = []
        for path in (*PATHS, f"/projects/{id}"):
            for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS", "BREW"):
                answer = await v1(app, None, surface)(method, path)
                answers.append(answer.refused(401, "UNAUTHENTICATED"))
                assert answer.headers["www-authenticate"].startswith("Bearer")
        told = {each.body.replace(each.json["request_id"].encode(), b"") for each in answers}
        assert len(told) == 1, "nothing is learnt from any of them"

    run(app, scenario)


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YW5uOmFubg==",
        "ann",
        "Bearer ann,bob",
        "Bearer ann bob",
        "Bearer é",
        "Bearer dm_",
    ],
)
def test_wrong_credentials_are_401(app: dm.App, shown: str) -> None:
    async def scenario() -> None:
        (await v1(app, None).get("/tasks", authorization=shown)).refused(401, "UNAUTHENTICATED")

    run(app, scenario)


def test_paths_under_no_surface_are_404(app: dm.App) -> None:
    async def scenario() -> None:
        for path in ("/", "", "/v2/tasks", "/v1tasks", "/V1/tasks", "/healthz/x", "*"):
            Answer(await app.respond(Request("GET", path))).refused(404, "NOT_FOUND")

    run(app, scenario)


def test_the_wrong_surface_is_403(app: dm.App) -> None:
    async def scenario() -> None:
        for key, surface in (
            ("ann", "/admin"),
            ("operator", "/v1"),
            ("bob", "/internal"),
            ("nobody", "/v1"),
            ("ann", "/shut"),
        ):
            for path in PATHS:
                (await v1(app, key, surface).get(path)).refused(403, "PERMISSION_DENIED")

    run(app, scenario)


def test_scopes_are_asked_for_each_operation(app: dm.App) -> None:
    async def scenario() -> None:
        reader = v1(app, "reader")
        project = await made(reader, "/projects", owner="reader")
        (await reader.get("/tasks")).ok()
        (await reader.get(f"/projects/{project}/tasks")).ok()
        for method, path in (
            ("GET", "/tasks/tsk_00000000000000000000000000"),
            ("POST", "/tasks"),
            ("PATCH", "/tasks/tsk_00000000000000000000000000"),
            ("DELETE", "/tasks/tsk_00000000000000000000000000"),
            ("POST", "/tasks/tsk_00000000000000000000000000:move"),
            ("GET", "/count"),
        ):
            # Before the body is looked at: what one may not call, one learns nothing of.
            answer = await reader(method, path, body=b"not json" if method in ("POST", "PATCH") else b"")
            answer.refused(403, "PERMISSION_DENIED")

    run(app, scenario)


def test_stored_keys_are_shown_once_and_revoked_at_once(app: dm.App) -> None:
    async def scenario() -> None:
        key, record = await create_key(app.store, owner="carl", audiences=["partner"], tenant="north")
        other, _ = await create_key(app.store, owner="carl", audiences=["partner"], tenant="north")
        (await v1(app, key).get("/tasks")).ok()
        (await v1(app, key[:-1] + ("A" if key[-1] != "A" else "B")).get("/tasks")).refused(401)
        await revoke_key(app.store, record.prefix)
        answer = (await v1(app, key).get("/tasks")).refused(401, "UNAUTHENTICATED")
        assert key not in answer.body.decode()
        (await v1(app, other).get("/tasks")).ok()

    run(app, scenario)


def test_an_anonymous_surface_lets_everybody_in(app: dm.App) -> None:
    async def scenario() -> None:
        for key in (None, "ann", "no such key"):
            assert (await v1(app, key, "/open").get("/tasks")).ok().json["tasks"] == []
        (await v1(app, None, "/open").get("/nothing")).refused(404)
        project = await made(v1(app, "ann"), "/projects", owner="ann", open=True)
        task = await made(v1(app, None, "/open"), "/tasks", project=project)
        (await v1(app, "bob").get(f"/tasks/{task}")).ok()

    run(app, scenario)


def test_documents_are_open_to_the_outside_only(app: dm.App) -> None:
    async def scenario() -> None:
        for surface in ("/v1", "/open", "/shut"):
            answer = (await v1(app, None, surface).get("/openapi.json")).ok()
            assert answer.json["openapi"].startswith("3.1")
        for surface in ("/admin", "/ops", "/web"):
            (await v1(app, None, surface).get("/openapi.json")).refused(401)
            (await v1(app, "ann", surface).get("/openapi.json")).refused(403)
        document = (await v1(app, "operator", "/admin").get("/openapi.json")).ok().body.decode()
        assert "grade" in document
        assert "grade" not in (await v1(app, None).get("/openapi.json")).body.decode()
        (await v1(app, "ann").post("/openapi.json")).refused(405)

    run(app, scenario)


# Tenants


def test_the_other_tenants_rows_are_not_found(app: dm.App) -> None:
    async def scenario() -> None:
        ann, sam = v1(app, "ann"), v1(app, "sam")
        project = await made(ann, "/projects", owner="ann", open=True)
        task = await made(ann, "/tasks", project=project)
        for method, path in (
            ("GET", f"/tasks/{task}"),
            ("PATCH", f"/tasks/{task}"),
            ("DELETE", f"/tasks/{task}"),
            ("POST", f"/tasks/{task}:move"),
            ("GET", f"/projects/{project}/tasks"),
        ):
            body = b'{"project":"%s"}' % project.encode() if method in ("PATCH", "POST") else b""
            theirs = (await sam(method, path, body=body)).refused(404, "NOT_FOUND")
            nobodys = await sam(
                method, path.replace(task, "tsk_" + "0" * 26).replace(project, "prj_" + "0" * 26), body=body
            )
            # The same words for what is another's and for what never was.
            assert theirs.json["detail"].partition("'")[0] == nobodys.json["detail"].partition("'")[0]
        answer = await sam.post("/tasks", {"project": project})
        answer.refused(409, "FAILED_PRECONDITION", at="#/project")
        assert (await sam.get("/count")).ok().json == {"projects": 0, "tasks": 0}
        assert (await sam.get("/tasks")).ok().json["tasks"] == []

    run(app, scenario)


def test_a_resource_without_tenants_is_everybodys(app: dm.App) -> None:
    async def scenario() -> None:
        note = await made(v1(app, "ann"), "/notes", text="hello")
        assert (await v1(app, "sam").get(f"/notes/{note}")).ok().json["text"] == "hello"

    run(app, scenario)


def test_operators_cross_tenants_aloud(app: dm.App) -> None:
    async def scenario() -> None:
        project = await made(v1(app, "sam"), "/projects", owner="sam", open=True)
        task = await made(v1(app, "sam"), "/tasks", project=project)
        crossing = v1(app, "crossing", "/admin")
        (await crossing.get(f"/tasks/{task}")).refused(404)
        found = (await crossing.get(f"/tasks/{task}", dragoman_tenant="south")).ok()
        assert found.json["project"] == project
        (await crossing.patch(f"/tasks/{task}", {"grade": 3}, dragoman_tenant="south")).ok()
        new = (await crossing.post("/tasks", {"project": project}, dragoman_tenant="south")).ok(201).json["id"]
        (await v1(app, "sam").get(f"/tasks/{new}")).ok()
        (await v1(app, "ann").get(f"/tasks/{new}")).refused(404)
        (await crossing.get("/tasks", dragoman_tenant="north")).ok()
        for wrong in ("", "a\x00b", "x" * 129):
            (await crossing.get("/tasks", dragoman_tenant=wrong)).refused(422, "INVALID_ARGUMENT")

    run(app, scenario)


def test_crossing_needs_the_scope_by_its_name_and_a_surface_that_allows_it(app: dm.App) -> None:
    async def scenario() -> None:
        for key, surface in (("operator", "/admin"), ("crossing", "/ops"), ("ann", "/v1")):
            answer = await v1(app, key, surface).get("/tasks", dragoman_tenant="south")
            answer.refused(403, "PERMISSION_DENIED")
        auditor = v1(app, "crossing-reader", "/admin")
        (await auditor.get("/tasks", dragoman_tenant="south")).ok()
        (await auditor.post("/notes", {}, dragoman_tenant="south")).refused(403)

    run(app, scenario)


# Rules of visibility


def test_what_is_not_visible_is_not_found(app: dm.App) -> None:
    async def scenario() -> None:
        ann, bob = v1(app, "ann"), v1(app, "bob")
        hidden = await made(ann, "/projects", owner="ann")
        shown = await made(ann, "/projects", owner="ann", open=True)
        task = await made(ann, "/tasks", project=hidden)
        await made(ann, "/tasks", project=shown)
        assert [each["id"] for each in await ann.pages("/projects", 1)] == [hidden, shown]
        assert [each["id"] for each in await bob.pages("/projects", 1)] == [shown]
        assert (await bob.get("/projects", query={"owner": "ann"})).ok().json["projects"][0]["id"] == shown
        missing = "prj_" + "0" * 26
        for id in (hidden, missing):
            (await bob.get(f"/projects/{id}")).refused(404, "NOT_FOUND")
            (await bob.patch(f"/projects/{id}", {"open": True})).refused(404, "NOT_FOUND")
            (await bob.delete(f"/projects/{id}")).refused(404, "NOT_FOUND")
            (await bob.get(f"/projects/{id}/tasks")).refused(404, "NOT_FOUND")
            refused = await bob.post("/tasks", {"project": id})
            refused.refused(409, "FAILED_PRECONDITION", at="#/project")
            moved = await bob.patch(f"/tasks/{task}", {"project": id})
            if id == missing:
                moved.refused(409, "FAILED_PRECONDITION", at="#/project")
            (await bob.post(f"/tasks/{task}:move", {"project": id})).refused(404, "NOT_FOUND")
        assert len((await ann.get(f"/projects/{hidden}/tasks")).ok().json["tasks"]) == 1
        assert (await bob.get("/count")).ok().json == {"projects": 1, "tasks": 2}

    run(app, scenario)


def test_a_reference_to_what_is_hidden_reads_as_one_to_nothing(app: dm.App) -> None:
    async def scenario() -> None:
        hidden = await made(v1(app, "ann"), "/projects", owner="ann")
        answers = [
            await v1(app, "bob").post("/tasks", {"project": id}, x_request_id="same")
            for id in (hidden, "prj_" + "0" * 26, "prj_" + "z" * 26)
        ]
        told = {
            each.body.replace(hidden.encode(), b"ID")
            .replace(b"prj_" + b"0" * 26, b"ID")
            .replace(b"prj_" + b"z" * 26, b"ID")
            for each in answers
        }
        assert len(told) == 1, told

    run(app, scenario)


def test_fields_of_other_audiences_do_not_exist(app: dm.App) -> None:
    async def scenario() -> None:
        ann, operator = v1(app, "ann"), v1(app, "operator", "/admin")
        project = await made(ann, "/projects", owner="ann", open=True)
        task = await made(operator, "/tasks", project=project, grade=5)
        assert "grade" not in (await ann.get(f"/tasks/{task}")).json
        assert "grade" not in (await ann.patch(f"/tasks/{task}", {"title": "x"})).ok().json
        assert (await operator.get(f"/tasks/{task}")).json["grade"] == 5
        wrong = (await ann.post("/tasks", {"project": project, "grade": 1, "nope": 1})).refused(422)
        rules = {
            each["pointer"]: (each["rule"], each["detail"].replace("grade", "nope")) for each in wrong.json["errors"]
        }
        assert rules["#/grade"] == rules["#/nope"], "an unknown field and another's read the same"
        (await ann.patch(f"/tasks/{task}", {"grade": 1})).refused(422, at="#/grade")
        (await ann.get("/tasks", query={"grade": 5})).refused(422, at="grade")
        (await ann.get("/tasks", query={"order_by": "grade"})).refused(422, at="order_by")
        (await operator.get("/tasks", query={"grade": 5, "order_by": "-grade"})).ok()

    run(app, scenario)


# Page tokens


async def filled(app: dm.App) -> dict[str, str]:
    """Some tasks, and a token after the first of a list of them."""
    ann = v1(app, "ann")
    project = await made(ann, "/projects", owner="ann", open=True)
    for title in "abcba":
        await made(ann, "/tasks", project=project, title=title)
    query = {"page_size": "2", "order_by": "title", "title.in": "a,b,c"}
    token = (await ann.get("/tasks", query=query)).ok().json["next_page_token"]
    assert token
    return {**query, "page_token": token}


def test_a_token_goes_on_where_it_was_made_for(app: dm.App) -> None:
    async def scenario() -> None:
        query = await filled(app)
        ann = v1(app, "ann")
        assert [each["title"] for each in (await ann.get("/tasks", query=query)).ok().json["tasks"]] == ["b", "b"]
        (await ann.get("/tasks", query={**query, "page_size": "1000"})).ok()
        for change in (
            {"order_by": "-title"},
            {"order_by": "title,id", "title.in": "a,b"},
            {"title.in": "a,b"},
            {"title": "b"},
            {"order_by": ""},
        ):
            changed = {name: value for name, value in {**query, **change}.items() if value}
            (await ann.get("/tasks", query=changed)).refused(422, "INVALID_ARGUMENT", at="page_token")
        for key, surface in (("bob", "/v1"), ("sam", "/v1"), ("crossing", "/admin"), (None, "/open")):
            answer = await v1(app, key, surface).get("/tasks", query=query)
            answer.refused(422, "INVALID_ARGUMENT", at="page_token")
        project = (await ann.get("/projects")).json["projects"][0]["id"]
        (await ann.get(f"/projects/{project}/tasks", query=query)).refused(422, at="page_token")
        only_token = {"page_token": query["page_token"]}
        (await ann.get("/projects", query=only_token)).refused(422, at="page_token")

    run(app, scenario)


def tampered(token: str) -> list[str]:
    """Every bit of it turned, and some that were never tokens."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    turned = []
    for index in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[index // 8] ^= 1 << index % 8
        turned.append(base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode())
    wrong = ["x", "AAAA", "=", "%00", "é", "A" * 5000, token[:-1], token + "A", token[:20], token.swapcase()]
    return [*turned, *wrong]


def test_a_token_that_was_touched_is_refused(app: dm.App) -> None:
    async def scenario() -> None:
        query = await filled(app)
        ann = v1(app, "ann")
        for token in tampered(query["page_token"]):
            answer = await ann.get("/tasks", query={**query, "page_token": token})
            answer.refused(422, "INVALID_ARGUMENT", at="page_token")

    run(app, scenario)
