"""Which pull requests brought the packages of a run: asked once, while git is still open."""

from collections.abc import Callable
from dataclasses import dataclass

from pkgaction.model import paths
from pkgaction.model.event import Landed, Preview, PullRequest, Relay, Release, Republish
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Candidate
from pkgaction.ports import PullRequests, Repository
from pkgaction.stages.attribute import Attribution, named_by_git, to_tell


@dataclass(slots=True, kw_only=True)
class Discovery:
    """Finds the pull requests of a run, and keeps what it found in the ledger."""

    ledger: Ledger
    api: Callable[[], PullRequests]
    pages: str  # address of the repository's pages
    repository: Repository | None = None  # while it is open
    branches: tuple[str, ...] = ()  # globs of those that publish
    _way: tuple[Landed, ...] | None = None  # that the branch went in this push; None: not read

    def known(self) -> PullRequest | None:
        """The one that the event itself is about."""
        intent = self.ledger.intent
        return intent.pull_request if isinstance(intent, Release | Preview) else None

    def number(self, candidate: Candidate) -> int:
        """The pull request that brought a package, as the event or git's history names it; 0: neither.

        GitHub's API is not asked.
        """
        if known := self.known():
            return known.number
        intent, folder, all_folders = self.ledger.intent, candidate.source.folder, to_tell(self.ledger)
        if isinstance(intent, Release) and self.repository is not None:
            return named_by_git(self._landed(intent), folder, all_folders)
        if isinstance(intent, Republish):
            return named_by_git(self._republished(intent), folder, all_folders)
        return 0

    def ask(self) -> None:
        """Find out who brought which package, unless that is known.

        Raises:
            GitHubError: GitHub did not answer, or refused.
        """
        intent = self.ledger.intent
        if self.ledger.brought_by is not None or self.known():
            return
        if isinstance(intent, Release | Republish) and self.ledger.plan:
            self.ledger.brought_by = {}  # asked, whatever comes of it
            found = self._attribution(intent).of(to_tell(self.ledger))
            self.ledger.brought_by = found
            self._note_unknown()

    def everything(self) -> tuple[PullRequest, ...]:
        """Those that hear of all: the event's own, a preview's, or the head's where there is no plan.

        Raises:
            GitHubError: as `ask`.
        """
        intent = self.ledger.intent
        if known := self.known():
            return (known,)
        if isinstance(intent, Relay):
            return tuple(
                self.api().open_at(
                    intent.head,
                    repository_id=intent.repository_id,
                    owner=intent.owner,
                    branch=intent.branch,
                )
            )
        if isinstance(intent, Release) and self.ledger.plan is None:
            return tuple(self.api().merged_with(intent.head, base=intent.branch))
        return ()

    def _attribution(self, intent: Release | Republish) -> Attribution:
        if isinstance(intent, Republish):  # the changelog alone says who brought a version once
            branch = self._branch(intent)
            return Attribution(api=self.api(), branch=branch, pages=self.pages, landed=())
        landed = self._landed(intent)
        return Attribution(api=self.api(), branch=intent.branch, pages=self.pages, landed=landed)

    def _landed(self, intent: Release) -> tuple[Landed, ...]:
        if self._way is None or self.repository is None:
            self._way = self._read_way(intent)
        return self._way

    def _republished(self, intent: Republish) -> tuple[Landed, ...]:
        """The commit that is published again, if it is known what it changed."""
        plan, repository = self.ledger.plan, self.repository
        base = repository.first_parent(plan.head) if plan and repository else None
        if plan is None or repository is None or base is None:
            return ()
        if self._way is None:
            self._way = tuple(repository.landed(base, plan.head, intent.default_branch))
        return tuple(one for one in self._way if one.paths is not None)

    def _read_way(self, intent: Release) -> tuple[Landed, ...]:
        plan = self.ledger.plan
        base, head = (plan.base, plan.head) if plan else ("", "")
        if self.repository is None:
            return (Landed(commit=head or intent.head, subject="", paths=None),)
        return tuple(self.repository.landed(base, head, intent.branch))

    def _branch(self, intent: Republish) -> str:
        """The publishing branch that a republished commit lies on."""
        plan, repository = self.ledger.plan, self.repository
        if plan is None or repository is None:
            return ""
        prefer = intent.default_branch
        return repository.publishing_branch(plan.head, self.branches, prefer=prefer) or ""

    def _note_unknown(self) -> None:
        brought = self.ledger.brought_by or {}
        lost = sorted(paths.shown(folder) for folder, pulls in brought.items() if not pulls)
        if lost:
            told = f"no pull request is known for {', '.join(lost)}: the summary has the result"
            self.ledger.notices.append(told)
