"""GitHub's REST API on the loopback: as much of it as pull requests and their comments need.

Where GitHub's own description is there (make github-schemas), every request and every answer is held
against it, and what is not so fails the test at the end of the block.

with LoopbackGitHub(token="secret") as github:
    github.pulls.append(Pull(number=7, title="Bump", commits=("a" * 40,)))
    ...  # a client with base address github.url
    print(github.dump())
"""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from pkgaction.model.json import Json
from tests.fakes import descriptions, github_json
from tests.fakes.descriptions import Exchange
from tests.fakes.github_json import BOT, PERSON, Account, End, Repository

Reply: TypeAlias = tuple[int, Json]
Query: TypeAlias = dict[str, list[str]]
Action: TypeAlias = Callable[[str, str, Query], Reply]  # number or id in the path, body, query

BODY_LIMIT = 65_536  # characters
WRITE = "pull-requests: write"
_NO_HEADERS: Mapping[str, str] = {}
_NEVER = frozenset({418})  # what GitHub never answers


@dataclass(slots=True, kw_only=True)
class Pull:
    """A pull request. Its commits and its merge commit are known to belong to it."""

    number: int
    title: str = "A change"
    merged: bool = True
    merge_commit: str | None = None
    base: str = "main"
    base_repository_id: int | None = None  # None: the fake's own
    base_repository: str | None = None
    commits: tuple[str, ...] = ()  # the last one is its head
    head: str = "work"
    head_repository: Repository | None = None  # None: the fork is gone
    locked: bool = False


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment on a pull request."""

    id: int
    number: int  # of the pull request
    author: Account | None  # None: the account is gone
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next request that matches, once."""

    method: str
    path: str  # a regular expression, searched for in the path below the API's address
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None  # None: an object with the message; bytes go out as they are
    message: str = "Out of order"
    acts: bool = False  # do what was asked, and only then fail
    drops: bool = False  # close the connection instead of answering

    @property
    def nonsense(self) -> bool:
        """Whether it stands for a server that is not GitHub, or a broken one."""
        return self.body not in (None, []) or self.drops or self.status in _NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that came in."""

    method: str
    path: str  # below the API's address, with the query
    status: int  # 0: the connection was dropped
    headers: Mapping[str, str]  # names in lower case


class LoopbackGitHub:
    """A server with one repository, from `with` to its end. Change its attributes at any time."""

    def __init__(
        self,
        *,
        repository: str = "acme/packages",
        repository_id: int = 1001,
        token: str = "a-token-of-the-fake",  # noqa: S107
        user: Account | None = None,
        bot: Account | None = BOT,
        prefix: str = "/api/v3",
    ) -> None:
        """Accept this token; of an integration such as a workflow, unless `user` owns it."""
        self.repository = repository
        self.repository_id = repository_id
        self.token = token
        self.user = user
        self.bot = bot  # None: there is no such account
        self.prefix = prefix
        self.pulls: list[Pull] = []
        self.comments: list[Comment] = []
        self.permissions: set[str] = {"contents: read", WRITE}
        self.faults: deque[Fault] = deque()
        self.requests: list[Call] = []
        self.page_limit = 100  # entries a page, whatever is asked for
        self.stores_crlf = False
        self.lies: list[str] = []  # how requests and answers were not as GitHub describes them
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if error is None and self.lies:
            raise AssertionError("\n".join(self.lies))

    @property
    def url(self) -> str:
        """The API's address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}{self.prefix}"

    def add_comment(self, number: int, body: str, *, author: Account | None = BOT) -> Comment:
        """A comment that somebody wrote before."""
        newest = max((comment.id for comment in self.comments), default=9000)
        made = Comment(id=newest + 1, number=number, author=author, body=body)
        self.comments.append(made)
        return made

    def calls(self, method: str, pattern: str = "") -> list[Call]:
        """Those of the requests with this method whose path has the pattern in it."""
        return [c for c in self.requests if c.method == method and re.search(pattern, c.path)]

    def dump(self) -> str:
        """What there is, for a person to read."""
        calls = [f"{call.method} {call.path} -> {call.status}" for call in self.requests]
        comments = [
            f"#{c.number} ({c.id}, {c.author.login if c.author else 'ghost'})\n{c.body}"
            for c in self.comments
        ]
        return "\n".join([*calls, *comments])

    # --- answering --------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Answer":
        """Do what a request asks; the one way in, taken by one request at a time."""
        with self._lock:
            path = target.removeprefix(self.prefix)
            fault = self._fault(method, path)
            answer = (
                Answer.of(fault)
                if fault and not fault.acts
                else self._regular(method, path, headers, body)
            )
            if fault and fault.acts:
                answer = Answer.of(fault)
            if not (fault and fault.nonsense):
                exchange = Exchange(
                    verb=method, target=path, sent=body, status=answer.status, answered=answer.body
                )
                self.lies += descriptions.lies(exchange)
            status = 0 if answer.drops else answer.status
            self.requests.append(Call(method=method, path=path, status=status, headers=headers))
            return answer

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and re.search(fault.path, path):
                self.faults.remove(fault)
                return fault
        return None

    def _regular(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> "Answer":
        refused = self._refused(method, headers)
        if refused:
            return Answer(*refused)
        split = urlsplit(path)
        for verb, pattern, action in self._routes():
            found = re.fullmatch(pattern, unquote(split.path))
            if found and verb == method:
                query = parse_qs(split.query)
                status, value = action(found[found.re.groups], _text(body), query)
                if isinstance(value, list) and status == HTTPStatus.OK:
                    return self._page(value, split.path, query)
                return Answer(status, value)
        return Answer(*_message(404, "Not Found"))

    def _refused(self, method: str, headers: Mapping[str, str]) -> Reply | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if not token:
            return _message(401, "Requires authentication")
        if kind.lower() not in {"token", "bearer"} or token != self.token:
            return _message(401, "Bad credentials")
        if "user-agent" not in headers:
            return _message(403, "Request forbidden by administrative rules.")
        if method != "GET" and WRITE not in self.permissions:
            return _message(403, "Resource not accessible by integration")
        return None

    def _routes(self) -> list[tuple[str, str, Action]]:
        here = re.escape(f"/repos/{self.repository}")
        return [
            ("GET", "/user", self._get_user),
            ("GET", r"/users/github-actions\[bot\]", self._get_bot),
            ("GET", here, self._get_repository),
            ("GET", here + r"/commits/([0-9a-f]+)/pulls", self._get_commit_pulls),
            ("GET", here + r"/pulls", self._get_pulls),
            ("GET", here + r"/pulls/(\d+)", self._get_pull),
            ("GET", here + r"/issues/(\d+)/comments", self._get_comments),
            ("POST", here + r"/issues/(\d+)/comments", self._create_comment),
            ("PATCH", here + r"/issues/comments/(\d+)", self._edit_comment),
        ]

    def _page(self, items: list[Json], path: str, query: Query) -> "Answer":
        size = min(int(query.get("per_page", ["30"])[0]), self.page_limit)
        page = int(query.get("page", ["1"])[0])
        last = max(1, -(-len(items) // size))
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page <= 1:
            links = {"next": page + 1, "last": last}
        if page >= last:
            links = {rel: number for rel, number in links.items() if rel in {"prev", "first"}}
        address = f"{self.url}{path}"
        told = [
            f'<{address}?{urlencode({"per_page": size, "page": number})}>; rel="{rel}"'
            for rel, number in links.items()
        ]
        headers = {"Link": ", ".join(told)} if told else _NO_HEADERS
        return Answer(200, items[(page - 1) * size : page * size], headers)

    # --- what can be asked ------------------------------------------------------------------------

    def _get_user(self, _path: str, _body: str, _query: Query) -> Reply:
        if self.user is None:
            return _message(403, "Resource not accessible by integration")
        return 200, github_json.profile(self.user, self.url)

    def _get_bot(self, _path: str, _body: str, _query: Query) -> Reply:
        if self.bot is None:
            return _message(404, "Not Found")
        return 200, github_json.profile(self.bot, self.url)

    def _get_repository(self, _path: str, _body: str, _query: Query) -> Reply:
        return 200, github_json.full_repository(self.here, self.url)

    def _get_commit_pulls(self, commit: str, _body: str, _query: Query) -> Reply:
        found = [p for p in self.pulls if commit in (*p.commits, p.merge_commit)]
        return 200, [self._pull_json(pull) for pull in found]

    def _get_pulls(self, _path: str, _body: str, query: Query) -> Reply:
        state, head = query.get("state", ["open"])[0], query.get("head", [""])[0]
        found = [
            pull
            for pull in self.pulls
            if state in {"all", "closed" if pull.merged else "open"}
            and head in {"", f"{self._owner(pull)}:{pull.head}"}
        ]
        return 200, [self._pull_json(pull) for pull in found]

    def _owner(self, pull: Pull) -> str:
        there = pull.head_repository
        return there.owner.login if there else PERSON.login

    def _get_pull(self, number: str, _body: str, _query: Query) -> Reply:
        pull = self._pull(number)
        if pull is None:
            return _message(404, "Not Found")
        state = github_json.merge_state(merged=pull.merged)
        return 200, {**self._pull_json(pull), **state}

    def _get_comments(self, number: str, _body: str, _query: Query) -> Reply:
        if self._pull(number) is None:
            return _message(404, "Not Found")
        mine = sorted((c for c in self.comments if c.number == int(number)), key=lambda c: c.id)
        return 200, [self._comment_json(comment) for comment in mine]

    def _create_comment(self, number: str, body: str, _query: Query) -> Reply:
        pull = self._pull(number)
        if pull is None:
            return _message(404, "Not Found")
        refused = _refused_body(body) or _refused_lock(pull)
        if refused:
            return refused
        author = self.user or self.bot or BOT
        made = self.add_comment(int(number), self._stored(body), author=author)
        return 201, self._comment_json(made)

    def _edit_comment(self, comment_id: str, body: str, _query: Query) -> Reply:
        comment = next((c for c in self.comments if c.id == int(comment_id)), None)
        if comment is None:
            return _message(404, "Not Found")
        refused = _refused_body(body) or _refused_lock(self._pull(str(comment.number)))
        if refused:
            return refused
        comment.body = self._stored(body)
        return 200, self._comment_json(comment)

    def _pull(self, number: str) -> Pull | None:
        return next((pull for pull in self.pulls if pull.number == int(number)), None)

    def _stored(self, body: str) -> str:
        return body.replace("\r\n", "\n").replace("\n", "\r\n") if self.stores_crlf else body

    # --- as GitHub writes it ----------------------------------------------------------------------

    @property
    def here(self) -> Repository:
        """The one repository."""
        return Repository(id=self.repository_id, name=self.repository)

    def _pull_json(self, pull: Pull) -> dict[str, Json]:
        into = Repository(
            id=pull.base_repository_id or self.repository_id,
            name=pull.base_repository or self.repository,
        )
        head = pull.commits[-1] if pull.commits else "0" * 40
        return github_json.pull_request(
            pull.number,
            title=pull.title,
            merged=pull.merged,
            merge_commit=pull.merge_commit,
            head=End(ref=pull.head, sha=head, repository=pull.head_repository),
            base=End(ref=pull.base, sha="0" * 40, repository=into),
            api=self.url,
            locked=pull.locked,
        )

    def _comment_json(self, comment: Comment) -> dict[str, Json]:
        where = (self.url, self.repository)
        return github_json.comment(comment.id, comment.number, comment.author, comment.body, where)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)
    drops: bool = False

    @classmethod
    def of(cls, fault: Fault) -> Self:
        """What a fault says."""
        body = _message(fault.status, fault.message)[1] if fault.body is None else fault.body
        return cls(fault.status, body, fault.headers, fault.drops)


def _message(status: int, text: str, *errors: Json) -> Reply:
    body: dict[str, Json] = {
        "message": text,
        "documentation_url": "https://docs.github.com/rest",
    }
    if status != HTTPStatus.UNPROCESSABLE_ENTITY:
        body["status"] = str(status)
    return status, {**body, "errors": list(errors)} if errors else body


def _refused_body(body: str) -> Reply | None:
    if body and len(body) <= BODY_LIMIT:
        return None
    why = f"body is too long (maximum is {BODY_LIMIT} characters)" if body else "body is missing"
    detail = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": why}
    return _message(422, "Validation Failed", detail)


def _refused_lock(pull: Pull | None) -> Reply | None:
    if pull is None or not pull.locked:
        return None
    return _message(403, "Unable to create comment because issue is locked.")


def _text(body: bytes) -> str:
    """The one field that a write has."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return ""
    text = parsed.get("body") if isinstance(parsed, dict) else None
    return text if isinstance(text, str) else ""


def _handler(github: LoopbackGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer: two would wait for each other's acknowledgement

        def _serve(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = github.answer(self.command, self.path, headers, asked)
            if answer.drops:
                self.close_connection = True
                return
            body = answer.body
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: the log is `LoopbackGitHub.requests`."""

    return Handler
