"""GitHub's REST API on the loopback: as much of it as pull requests and their comments need.

with LoopbackGitHub(token="secret") as github:
    github.pulls.append(Pull(number=7, title="Bump", commits=("a" * 40,)))
    ...  # a client with base address github.url
    print(github.dump())
"""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Reply: TypeAlias = tuple[int, Json]
Action: TypeAlias = Callable[[str, str], Reply]  # number or id in the path, body

BODY_LIMIT = 65_536  # characters
WRITE = "pull-requests: write"
_WHEN = "2026-01-02T03:04:05Z"
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who writes comments."""

    id: int
    login: str
    type: str = "User"


BOT = Account(id=41898282, login="github-actions[bot]", type="Bot")
PERSON = Account(id=501, login="octocat")


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
    commits: tuple[str, ...] = ()
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
                status, value = action(found[found.re.groups], _text(body))
                if isinstance(value, list) and status == HTTPStatus.OK:
                    return self._page(value, split.path, parse_qs(split.query))
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
            ("GET", here + r"/pulls/(\d+)", self._get_pull),
            ("GET", here + r"/issues/(\d+)/comments", self._get_comments),
            ("POST", here + r"/issues/(\d+)/comments", self._create_comment),
            ("PATCH", here + r"/issues/comments/(\d+)", self._edit_comment),
        ]

    def _page(self, items: list[Json], path: str, query: dict[str, list[str]]) -> "Answer":
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

    def _get_user(self, _path: str, _body: str) -> Reply:
        if self.user is None:
            return _message(403, "Resource not accessible by integration")
        return 200, self._account_json(self.user)

    def _get_bot(self, _path: str, _body: str) -> Reply:
        if self.bot is None:
            return _message(404, "Not Found")
        return 200, self._account_json(self.bot)

    def _get_repository(self, _path: str, _body: str) -> Reply:
        return 200, self._repository_json()

    def _get_commit_pulls(self, commit: str, _body: str) -> Reply:
        found = [p for p in self.pulls if commit in (*p.commits, p.merge_commit)]
        return 200, [self._pull_json(pull) for pull in found]

    def _get_pull(self, number: str, _body: str) -> Reply:
        pull = self._pull(number)
        if pull is None:
            return _message(404, "Not Found")
        return 200, {**self._pull_json(pull), "merged": pull.merged}

    def _get_comments(self, number: str, _body: str) -> Reply:
        if self._pull(number) is None:
            return _message(404, "Not Found")
        mine = sorted((c for c in self.comments if c.number == int(number)), key=lambda c: c.id)
        return 200, [self._comment_json(comment) for comment in mine]

    def _create_comment(self, number: str, body: str) -> Reply:
        pull = self._pull(number)
        if pull is None:
            return _message(404, "Not Found")
        refused = _refused_body(body) or _refused_lock(pull)
        if refused:
            return refused
        author = self.user or self.bot or BOT
        made = self.add_comment(int(number), self._stored(body), author=author)
        return 201, self._comment_json(made)

    def _edit_comment(self, comment_id: str, body: str) -> Reply:
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

    def _html(self, path: str) -> str:
        return f"https://github.example/{path}"

    def _account_json(self, account: Account) -> dict[str, Json]:
        return {
            "login": account.login,
            "id": account.id,
            "node_id": f"U_{account.id}",
            "type": account.type,
            "site_admin": False,
            "url": f"{self.url}/users/{account.login}",
            "html_url": self._html(account.login),
        }

    def _repository_json(self, name: str | None = None, number: int | None = None) -> Json:
        full_name = name or self.repository
        owner, _, short = full_name.partition("/")
        return {
            "id": number or self.repository_id,
            "node_id": f"R_{number or self.repository_id}",
            "name": short,
            "full_name": full_name,
            "private": False,
            "fork": False,
            "owner": self._account_json(Account(id=77, login=owner, type="Organization")),
            "default_branch": "main",
            "url": f"{self.url}/repos/{full_name}",
            "html_url": self._html(full_name),
        }

    def _pull_json(self, pull: Pull) -> dict[str, Json]:
        path = f"repos/{self.repository}"
        repository = self._repository_json(pull.base_repository, pull.base_repository_id)
        head = pull.commits[-1] if pull.commits else "0" * 40
        author = self._account_json(PERSON)
        return {
            "id": 100_000 + pull.number,
            "node_id": f"PR_{pull.number}",
            "number": pull.number,
            "title": pull.title,
            "state": "closed" if pull.merged else "open",
            "draft": False,
            "locked": pull.locked,
            "labels": [],
            "user": author,
            "body": None,
            "url": f"{self.url}/{path}/pulls/{pull.number}",
            "issue_url": f"{self.url}/{path}/issues/{pull.number}",
            "html_url": self._html(f"{self.repository}/pull/{pull.number}"),
            "created_at": _WHEN,
            "updated_at": _WHEN,
            "closed_at": _WHEN if pull.merged else None,
            "merged_at": _WHEN if pull.merged else None,
            "merge_commit_sha": pull.merge_commit,
            # The fork may be gone, and then GitHub says null.
            "head": {"label": "x:y", "ref": "y", "sha": head, "user": author, "repo": None},
            "base": {
                "label": f"acme:{pull.base}",
                "ref": pull.base,
                "sha": "0" * 40,
                "user": author,
                "repo": repository,
            },
        }

    def _comment_json(self, comment: Comment) -> dict[str, Json]:
        path = f"repos/{self.repository}/issues"
        page = f"{self.repository}/pull/{comment.number}#issuecomment-{comment.id}"
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": f"{self.url}/{path}/comments/{comment.id}",
            "html_url": self._html(page),
            "issue_url": f"{self.url}/{path}/{comment.number}",
            "user": self._account_json(comment.author) if comment.author else None,
            "author_association": "NONE",
            "performed_via_github_app": None,
            "created_at": _WHEN,
            "updated_at": _WHEN,
            "body": comment.body,
        }


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
        body = {"message": fault.message} if fault.body is None else fault.body
        return cls(fault.status, body, fault.headers, fault.drops)


def _message(status: int, text: str, *errors: Json) -> Reply:
    body: dict[str, Json] = {
        "message": text,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
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
