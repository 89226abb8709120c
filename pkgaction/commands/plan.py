"""plan: what the next merge would publish."""

import contextlib
from pathlib import Path

from pkgaction.adapters.git import GitRepository
from pkgaction.commands.context import Context
from pkgaction.report import outputs, text
from pkgaction.stages import plan as planning


def plan(context: Context) -> int:
    """What the next merge would publish."""
    options = context.options
    repository = GitRepository.open(Path(options.repository), context.scratch, context.environ)
    with contextlib.closing(repository):
        head = repository.commit(options.head)
        base = repository.commit(options.base) if options.base else repository.fork_point(head)
        made = (
            planning.compare(repository, base, head, context.inputs.packages, maintenance=False)
            if base
            else planning.nothing_to_compare(head)
        )
    for line in text.of_plan(made):
        context.watch.say(line)
    if options.json:
        for row in outputs.plan_rows(made):
            context.print(row, "")
    return 1 if made.unreadable else 0
