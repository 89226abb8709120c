"""plan: what the next merge would publish, as the Action would plan it."""

import contextlib
from pathlib import Path

from pkgaction.adapters import next_merge
from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.git import GitRepository
from pkgaction.commands.context import Context
from pkgaction.model import paths
from pkgaction.model.event import Preview
from pkgaction.model.outcome import Problem
from pkgaction.report import outputs, text
from pkgaction.stages import plan as planning


def plan(context: Context) -> int:
    """What the next merge would publish; or, with a base, what came since."""
    options = context.options
    repository = GitRepository.open(Path(options.repository), context.scratch, context.environ)
    notices: list[str] = []
    with contextlib.closing(repository):
        made = planning.between(
            _meant(context, repository),
            repository,
            context.inputs.package_globs,
            today=SystemClock().now().date(),
            notices=notices,
        )
    for line in (*notices, *text.of_plan(made)):
        context.watch.say(line)
    if options.json:
        for row in outputs.plan_rows(made):
            context.print(row, "")
        for broken in made.unreadable:
            where = paths.join(broken.folder, broken.finding.place)
            what, fix = broken.finding.message, "fix the manifest"
            context.problem(Problem(what=what, where=where, fix=fix, path=broken.folder))
    return 1 if made.unreadable else 0


def _meant(context: Context, repository: GitRepository) -> Preview:
    options = context.options
    head = repository.commit(options.head)
    if options.base:
        base, branch = repository.commit(options.base), options.branch
        default = next_merge.default_branch(repository) if branch else ""
        return Preview(head=head, base=base, pull_request=None, branch=branch, default_branch=default)
    foreseen = next_merge.foresee(repository, head, options.branch)
    context.watch.say(foreseen.told)
    return foreseen.preview
